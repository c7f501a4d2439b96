import type { Fault } from './fault';
import type { ProcessStep } from './pipeline';
import { quoted } from './quoted';

/** Nobody may leave it out, nor ignore its failure (PRO-4, INT-10): it says so, or people are responsible for it. */
export function isRequired(step: ProcessStep): boolean {
  return step.required || (step.kind === 'manual' && step.teams.length > 0);
}

/**
 * Judges the steps that a trigger wants to leave out (PRO-4), by their names, ignoring case. The roll-out is not among
 * those that can be: a phase would be released without anything in it.
 */
export function checkSkipSteps(process: readonly ProcessStep[], skipSteps: readonly string[]): Fault[] {
  return skipSteps.flatMap((name, index) => {
    const message = faultOf(process, name);
    return message === null ? [] : [{ path: `skipSteps[${index}]`, message }];
  });
}

function faultOf(process: readonly ProcessStep[], name: string): string | null {
  const step = process.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (!step) {
    return `names the step ${quoted(name)}, which the pipeline does not have`;
  }
  if (step.kind === 'roll-out') {
    return `names ${quoted(step.name)}, which is the roll-out: without it nothing would be released`;
  }
  if (isRequired(step)) {
    const why = step.required ? 'is required' : 'has responsible teams and is required';
    return `names the step ${quoted(step.name)}, which ${why}`;
  }
  return null;
}
