import type { Instant } from './instant';
import type { ReleaseState } from './release';
import type { ReleaseEvent } from './release-event';
import type { Situation } from './situation';
import { withWhatFollows } from './what-follows';

/** The start of a release whose targets are free: it reaches its first phase (REL-7, REL-8). */
export function startRelease(situation: Situation, at: Instant): ReleaseEvent[] {
  return withWhatFollows(situation, [{ type: 'release-started', at: Math.max(at, situation.state.lastAt) }], at, true);
}

/** The end of a release whose change set no longer holds when its turn comes: nothing was touched (REL-3). */
export function refuseStart(state: ReleaseState, detail: string, now: Instant): ReleaseEvent[] {
  const at = Math.max(now, state.lastAt);
  return [
    { type: 'release-aborting', at, by: null, action: null, cause: 'change-set-outdated', detail },
    { type: 'release-aborted', at },
  ];
}
