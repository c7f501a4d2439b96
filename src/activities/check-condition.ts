import { evaluateExpression } from '../expressions/evaluate-expression';
import { findCondition, type StepRun } from '../store/process/begin-step';
import type { SecretBox } from '../store/secret-box';
import type { Store } from '../store/store';
import { openVariable } from '../store/variables/variable-value';
import type { JobEnd } from './roll-out';

/**
 * Evaluates the condition of a step (PRO-3). What it answers is recorded with what follows from it, so that a replay does
 * not ask again; variables of earlier steps do not change any more, so a repetition answers the same.
 */
export const checkConditionActivity =
  (store: Store, secretBox: SecretBox) =>
  async (run: StepRun): Promise<JobEnd> => {
    const found = await store.write((unit) => findCondition(unit, run));
    if ('kind' in found) {
      return { finished: null, actions: found.actions };
    }
    const { job } = run;
    const at = Date.now();
    const failed = (detail: string): JobEnd => ({
      finished: { job, at, outcome: 'failed', detail, errored: false },
      actions: [],
    });
    const values = new Map<string, string>();
    for (const { name, value, sensitive, variableId } of found.variables) {
      try {
        values.set(name, openVariable(secretBox, { id: variableId ?? '', value, sensitive }));
      } catch {
        return failed(`The variable ${name} does not open with this SLUICE_SECRET_KEY`);
      }
    }
    const answer = evaluateExpression(found.expression, values);
    return answer.kind === 'failed'
      ? failed(`Its condition cannot be evaluated: ${answer.detail}`)
      : { finished: { job, at, outcome: 'answered', answer: answer.value }, actions: [] };
  };
