import type { Store } from '../store/store';
import { claimReleaseActivity } from './claim-release';
import { recordStepActivity } from './record-step';

/** Everything that a release workflow can do to the world. */
export type ReleaseActivities = ReturnType<typeof createActivities>;

/** The activities over a store. */
export function createActivities(store: Store) {
  const since = Date.now();
  return { claimRelease: claimReleaseActivity(store, since), recordStep: recordStepActivity(store, since) };
}
