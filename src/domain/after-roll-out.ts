import { startFullRollout } from './decide';
import type { Instant } from './instant';
import { currentPhase } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt } from './release-plan';
import type { Situation } from './situation';

/**
 * What comes when no deployment of the phase runs or waits any more: failure, an armed intent, or the bake (REL-13,
 * REL-17, REL-22, REL-31). Nothing while one is still under way, unless the first failure aborts the release.
 */
export function afterRollOut(situation: Situation, at: Instant): ReleaseEvent[] {
  const { state, plan, holds } = situation;
  const phase = state.current;
  const { bakeMs } = planAt(plan, phase);
  const { deployments, attempt } = currentPhase(state);
  const latest = deployments.filter((deployment) => deployment.attempt === attempt);
  const isUnderWay = latest.some((deployment) => deployment.state === 'running' || deployment.state === 'waiting');
  const hasFailed = latest.some((deployment) => deployment.state === 'failed');
  if (isUnderWay && !(hasFailed && plan.onFailure === 'abort')) {
    return [];
  }
  const { armed } = state;
  if (hasFailed) {
    const failed: ReleaseEvent[] = [{ type: 'phase-failed', at, phase }];
    if (armed && armed.intent !== 'pause') {
      failed.push({ type: 'intent-dropped', at, phase, intent: armed.intent, why: 'failed' });
    }
    return plan.onFailure === 'abort'
      ? [...failed, { type: 'release-aborting', at, by: null, action: null, cause: 'phase-failed' }]
      : failed;
  }

  const bake: ReleaseEvent = { type: 'bake-started', at, phase, endsAt: at + bakeMs };
  if (!armed) {
    return [bake];
  }
  const { by, action, intent } = armed;
  switch (intent) {
    case 'pause':
      return [{ type: 'bake-paused', at, phase, remainingMs: bakeMs, by, action }];
    case 'skip':
      return [{ type: 'bake-ended', at, phase, how: 'skipped', by, action }];
    case 'full-rollout':
      return holds.length === 0
        ? [startFullRollout(situation, armed, at)]
        : [{ type: 'intent-dropped', at, phase, intent, why: 'held' }, bake];
  }
}

/** Nothing while a deployment of a full roll-out is under way; where one has failed, its phase has (REL-20, REL-22). */
export function afterFullRollout({ state, plan }: Situation, at: Instant): ReleaseEvent[] {
  const failed = state.phases.flatMap(({ progress, attempt, deployments }, phase) =>
    progress.status === 'rolling-out' &&
    deployments.some((deployment) => deployment.attempt === attempt && deployment.state === 'failed')
      ? [phase]
      : [],
  );
  const isUnderWay = state.phases.some(({ deployments }) =>
    deployments.some((deployment) => deployment.state === 'running' || deployment.state === 'waiting'),
  );
  if (failed.length === 0 || (isUnderWay && plan.onFailure !== 'abort')) {
    return [];
  }
  const events = failed.map((phase): ReleaseEvent => ({ type: 'phase-failed', at, phase }));
  return plan.onFailure === 'abort'
    ? [...events, { type: 'release-aborting', at, by: null, action: null, cause: 'phase-failed' }]
    : events;
}
