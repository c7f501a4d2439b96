import type { Fault } from './fault';
import type { Pipeline, ProcessStep } from './pipeline';
import { quoted } from './quoted';
import { whereItRuns } from './step-limits';
import { parseTemplate, referencesIn } from './template';
import { textsIn } from './variable-uses';

/**
 * Steps that name a variable of the project where it has no value (VAR-6): there it is empty (VAR-8), which may be meant.
 *
 * @param valuesIn of variables that have their value in some environments alone, these
 */
export function warnOfEmptyVariables(
  { phases, process }: Pick<Pipeline, 'phases' | 'process'>,
  valuesIn: ReadonlyMap<string, readonly string[]>,
): Fault[] {
  if (valuesIn.size === 0) {
    return [];
  }
  return process.flatMap((step, index) => {
    const environments = whereItRuns(step, phases);
    return namesIn(step).flatMap((name): Fault[] => {
      const known = valuesIn.get(name);
      const without = known ? environments.filter((environment) => !known.includes(environment)) : [];
      if (without.length === 0) {
        return [];
      }
      const message = `names the variable ${quoted(name)}, which has no value in ${without.join(', ')}: it is empty there`;
      return [{ path: `process[${index}]`, message }];
    });
  });
}

/** Names of variables in the texts of a step, each once, in their order. */
function namesIn({ runWhen, ...step }: ProcessStep): string[] {
  const inTemplates = textsIn(step).flatMap((text) => referencesIn(parseTemplate(text)).map(({ name }) => name));
  const inCondition =
    typeof runWhen === 'string'
      ? []
      : [...runWhen.expression.matchAll(/\bvars\s*\[\s*(["'])(.*?)\1\s*\]/g)].map(([, , name = '']) => name);
  return [...new Set([...inCondition, ...inTemplates])];
}
