import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';
import { claimReleaseActivity } from './claim-release';
import { recordStepActivity, type OnDivergence } from './record-step';
import { revertServiceActivity } from './revert-service';
import { rollOutActivity } from './roll-out';

/** What activities work with. */
export interface ActivityOptions {
  store: Store;
  /** How services are reached. */
  services: ServiceTarget;
  /** How long the revert of a service waits for the one before it (`SLUICE_REVERT_WAIT`, REL-19). */
  revertWaitMs: number;
  /** Told of every divergence. */
  onDivergence?: OnDivergence;
}

/** Everything that a release workflow can do to the world. */
export type ReleaseActivities = ReturnType<typeof createActivities>;

/** The activities over a store and the targets of services. */
export function createActivities({ store, services, revertWaitMs, onDivergence = () => undefined }: ActivityOptions) {
  const since = Date.now();
  return {
    claimRelease: claimReleaseActivity(store, since, revertWaitMs),
    recordStep: recordStepActivity(store, since, onDivergence),
    rollOut: rollOutActivity(store, services),
    revertService: revertServiceActivity(store, services),
  };
}
