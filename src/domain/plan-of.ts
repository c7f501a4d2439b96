import type { Change } from './change';
import { isServiceChange } from './change';
import { environmentsOf, unconditionalIn, type Pipeline } from './pipeline';
import { processPlan } from './process-plan';
import type { UserId } from './release';
import { REVERT_WAIT_MS, type PlanItem, type ReleasePlan } from './release-plan';

/** What the rules need of a pinned pipeline, its change set and its authors; `skipSteps`: steps to be left out (PRO-4). */
export function planOf(
  pipeline: Pipeline,
  changes: readonly Change[],
  authors: UserId[],
  triggeredWithOwnToken: UserId | null,
  skipSteps: readonly string[] = [],
): ReleasePlan {
  return {
    phases: pipeline.phases.map((phase) => ({
      name: phase.name,
      bakeMs: phase.bakeMs,
      review: phase.requiredReview,
      environments: environmentsOf(phase),
      unconditional: unconditionalIn(phase),
    })),
    items: itemsOf(changes),
    process: processPlan(pipeline, skipSteps),
    guidedFailure: pipeline.guidedFailure,
    revertWaitMs: REVERT_WAIT_MS,
    onFailure: pipeline.onFailure,
    reasonRequired: pipeline.reasonRequired,
    authors,
    triggeredWithOwnToken,
  };
}

function itemsOf(changes: readonly Change[]): PlanItem[] {
  const lastFlag = changes.findLastIndex((change) => !isServiceChange(change));
  return changes.flatMap((change, index): PlanItem[] => {
    if (isServiceChange(change)) {
      return [{ kind: 'service', service: change.service, environments: change.environments }];
    }
    return index === lastFlag ? [{ kind: 'flags' }] : [];
  });
}
