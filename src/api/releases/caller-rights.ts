import type { ActionRights } from '../../domain/accepted-action';
import { isAdministrator, mayApprove } from '../../domain/permission';
import type { ActionVerb } from '../../domain/pipeline';
import type { ReleasePlan } from '../../domain/release-plan';
import type { Caller } from '../caller';

/** What the rules ask about the caller: judged now and kept with the action (REL-10, SEC-4, SEC-5). */
export function actionRights(caller: Caller, projectId: string, plan: ReleasePlan, hasReason: boolean): ActionRights {
  return {
    mayApprove: plan.phases.filter((phase) => mayApprove(caller, phase.review, projectId)).map((phase) => phase.name),
    administrator: isAdministrator(caller.rights, projectId),
    hasReason,
    tokenMaker: caller.madeBy,
  };
}

/** Whether the caller may use the verb at all; what it needs beyond that depends on the release's state (SEC-4, SEC-5). */
export function mayAct(
  verb: ActionVerb,
  caller: Caller,
  projectId: string,
  plan: ReleasePlan,
  rights: ActionRights,
): boolean {
  switch (verb) {
    case 'approve':
      // Holders of the permission outside of a review's teams lack no permission: the rules tell them so (SEC-4).
      return rights.mayApprove.length > 0 || caller.may('ReleaseApprove', projectId);
    case 'abort':
      return caller.may('ReleaseControl', projectId) || plan.authors.includes(caller.userId);
    default:
      return caller.may('ReleaseControl', projectId);
  }
}

/**
 * Whether the caller may see the release: the project's viewers, and members of a team that is to review it (SEC-4). The
 * plan is asked for only where it decides: reading it costs as much as all the rest.
 */
export function maySeeRelease(caller: Caller, projectId: string, planOf: () => ReleasePlan): boolean {
  return (
    caller.may('ProjectView', projectId) ||
    // A token that was narrowed to less passes the membership on no further than for approving.
    planOf().phases.some(({ review }) => review && review.teams.length > 0 && mayApprove(caller, review, projectId))
  );
}
