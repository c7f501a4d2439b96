import type { ReleaseState } from './release';
import { phaseAt } from './release';
import { planAt, type ReleasePlan } from './release-plan';

/**
 * The phases that an environment has still to go through, in order: they name it, come after the last one that has
 * succeeded there, and have not ended. One that was skipped has, also where a full roll-out takes it up for another
 * environment.
 */
export function phasesToCome(plan: ReleasePlan, state: ReleaseState, environment: string): number[] {
  const last = lastSuccess(state, environment);
  return state.phases.flatMap(({ endedAt }, phase) =>
    phase > last && endedAt === null && planAt(plan, phase).environments.includes(environment) ? [phase] : [],
  );
}

/** Index of the last phase that has a success there; -1: none has. */
export function lastSuccess(state: ReleaseState, environment: string): number {
  return state.phases.findLastIndex((_, phase) => hasSucceeded(state, phase, environment));
}

/** Whether a deployment of that phase has succeeded there. */
export function hasSucceeded(state: ReleaseState, phase: number, environment: string): boolean {
  return phaseAt(state, phase).deployments.some(
    (each) => each.environment === environment && each.state === 'succeeded',
  );
}
