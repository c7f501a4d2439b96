import type { ManualDeadline, ManualStep, Pipeline, StepKind } from './pipeline';
import type { ManualPlan, StepPlan } from './release-plan';
import { isRequired } from './skip-steps';

/** Name of the roll-out that a process has without listing it; another where a step has that name (PRO-7). */
const IMPLIED_NAMES = ['Roll out', 'Roll out the change set'];

/**
 * What the rules need to know of a process: a roll-out is in it, first where none is listed (PRO-7). Empty for a
 * pipeline without one, whose deployments are roll-outs and nothing else, unless a person is to be asked when one fails
 * (INT-10).
 */
export function processPlan(
  { process, guidedFailure }: Pick<Pipeline, 'process' | 'guidedFailure'>,
  skipSteps: readonly string[],
): StepPlan[] {
  if (process.length === 0 && !guidedFailure) {
    return [];
  }
  const left = new Set(skipSteps.map((name) => name.toLowerCase()));
  const listed = process.map((step): StepPlan => {
    const { name, kind, environments, notEnvironments, phases, runWhen, start } = step;
    // A roll-out is what a deployment is for: it is not left out, nor its failure ignored.
    const required = isRequired(step) || kind === 'roll-out';
    return {
      ...{ name, kind, environments, notEnvironments, phases, start, required },
      runWhen: typeof runWhen === 'string' ? runWhen : 'expression',
      skipped: !required && left.has(name.toLowerCase()),
      ...(step.kind === 'manual' && { manual: manualPlan(step) }),
    };
  });
  if (listed.some(({ kind }) => kind === 'roll-out')) {
    return listed;
  }
  // The first one listed starts with nothing: least of all with what has to come before it.
  return [impliedRollOut(listed), ...listed.map((step, index) => (index === 0 ? afterPrevious(step) : step))];
}

function afterPrevious(step: StepPlan): StepPlan {
  return { ...step, start: 'after-previous' };
}

function impliedRollOut(listed: readonly StepPlan[]): StepPlan {
  const taken = new Set(listed.map(({ name }) => name.toLowerCase()));
  const name = IMPLIED_NAMES.find((each) => !taken.has(each.toLowerCase())) ?? 'Roll out (implied)';
  return {
    name,
    kind: 'roll-out',
    environments: [],
    notEnvironments: [],
    phases: [],
    runWhen: 'success',
    start: 'after-previous',
    required: true,
    skipped: false,
  };
}

function manualPlan({ approvals, notesRequired, authorMaySubmit, deadline }: ManualStep): ManualPlan {
  return { approvals, notesRequired, authorMaySubmit, deadline: deadline && deadlinePlan(deadline) };
}

function deadlinePlan({ afterMs, outcome }: ManualDeadline): ManualPlan['deadline'] {
  return { afterMs, outcome };
}

/** The kinds of a plan's steps, in order: what a deployment begins with. */
export function kindsOf(process: readonly StepPlan[]): StepKind[] {
  return process.map(({ kind }) => kind);
}
