import type { ReleaseState } from './release';
import { REVERT_WAIT_MS, type PhasePlan, type ReleasePlan } from './release-plan';

/*
 * Plans and positions as they were stored, or answered to a workflow, by earlier versions: what they do not have yet is
 * what they meant (REL-27). A field that is added to either gets its line here.
 */

type WithOptional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** A plan of any version. */
export type AnyPlan = Omit<
  WithOptional<ReleasePlan, 'items' | 'process' | 'guidedFailure' | 'revertWaitMs'>,
  'phases'
> & {
  phases: WithOptional<PhasePlan, 'unconditional'>[];
};

/** A position of any version. */
export type AnyState = WithOptional<ReleaseState, 'touched' | 'flagsReverted'>;

/** Before there were services a plan held flags alone, and before there were processes no steps. */
export function completePlan(plan: AnyPlan): ReleasePlan {
  return {
    ...plan,
    items: plan.items ?? [{ kind: 'flags' }],
    process: plan.process ?? [],
    guidedFailure: plan.guidedFailure ?? false,
    revertWaitMs: plan.revertWaitMs ?? REVERT_WAIT_MS,
    phases: plan.phases.map((phase) => ({ ...phase, unconditional: phase.unconditional ?? [] })),
  };
}

/** Before there were services a release touched none. */
export function completeState(state: AnyState): ReleaseState {
  return { ...state, touched: state.touched ?? [], flagsReverted: state.flagsReverted ?? false };
}
