import type { AcceptedAction } from './accepted-action';
import type { Instant } from './instant';
import { refuse, type Refusal } from './refusal';
import type { ReleaseState } from './release';
import { currentPhase } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt, type ReleasePlan } from './release-plan';
import type { Decision, Situation } from './situation';

/** Consent to start the phase; kept when a hold stands, given once by each person (REL-8, REL-10, REL-11). */
export function approve({ state, plan }: Situation, action: AcceptedAction, at: Instant): Decision {
  const phase = currentPhase(state);
  const { review, name } = planAt(plan, state.current);
  if (phase.progress.status !== 'waiting-for-review' || state.fullRollout || !review) {
    return refuse('review.not-open', `No review of phase ${name} is open`);
  }
  const refusal = mayNotPass(plan, state, state.current, action);
  if (refusal) {
    return refusal;
  }
  if (phase.approvals.some((approval) => approval.by === action.by)) {
    return refuse('review.already-approved', `This person has approved phase ${name} already`);
  }

  const given: ReleaseEvent = {
    type: 'approval-given',
    at,
    phase: state.current,
    by: action.by,
    tokenMaker: action.rights.tokenMaker,
    action: action.id,
  };
  const enough = phase.approvals.length + 1 >= review.approvals;
  return {
    events: enough ? [given, { type: 'review-passed', at, phase: state.current, how: 'approvals' }] : [given],
  };
}

/** Phases not begun that ask for a review, the open one included: what a full roll-out passes. */
export function pendingReviews(state: ReleaseState, plan: ReleasePlan): number[] {
  return plan.phases.flatMap((phase, index) => {
    const status = state.phases[index]?.progress.status;
    return phase.review && (status === 'pending' || status === 'waiting-for-review') ? [index] : [];
  });
}

/** Whether this person may give that phase's review (SEC-4), author and token rules included (REL-10, SEC-3). */
export function mayNotPass(
  plan: ReleasePlan,
  state: ReleaseState,
  index: number,
  action: AcceptedAction,
): Refusal | null {
  const { name, review } = planAt(plan, index);
  if (!action.rights.mayApprove.includes(name)) {
    return refuse('review.not-allowed', `Phase ${name} is for others to approve`, { phase: name });
  }
  if (review && !review.authorMayApprove && plan.authors.includes(action.by)) {
    return refuse('review.author', 'An author of the release cannot approve it', { phase: name });
  }
  const maker = action.rights.tokenMaker;
  const approvals = state.phases[index]?.approvals ?? [];
  const makerApproved = approvals.some((approval) => approval.by === maker && approval.tokenMaker === null);
  if (review && maker !== null && (plan.triggeredWithOwnToken === maker || makerApproved)) {
    return refuse('review.token-maker', 'The token was made by someone who triggered or approved this already', {
      phase: name,
    });
  }
  return null;
}

/** Passing a review instead of giving it: all other approvals are there, or an administrator gives a reason (SEC-5). */
export function mayNotPassOver(
  plan: ReleasePlan,
  state: ReleaseState,
  index: number,
  action: AcceptedAction,
): Refusal | null {
  const refusal = mayNotPass(plan, state, index, action);
  if (refusal) {
    return refusal;
  }
  const { name, review } = planAt(plan, index);
  const others = (state.phases[index]?.approvals ?? []).filter((approval) => approval.by !== action.by).length;
  const missing = (review?.approvals ?? 1) - 1 - others;
  if (missing <= 0 || (action.rights.administrator && action.rights.hasReason)) {
    return null;
  }
  return refuse(
    'review.approvals-missing',
    `Phase ${name} needs ${missing} more ${missing === 1 ? 'approval' : 'approvals'} by others before its review can be ` +
      'passed; an administrator who may give it passes it with a reason',
    { phase: name, missing },
  );
}
