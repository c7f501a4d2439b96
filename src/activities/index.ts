import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';
import { checkConditionActivity } from './check-condition';
import { claimReleaseActivity } from './claim-release';
import { recordStepActivity, type OnDivergence } from './record-step';
import { revertServiceActivity } from './revert-service';
import { rollOutActivity } from './roll-out';
import { runStepActivity, type OnStepAgain, type StepSurroundings } from './run-step';

/** What activities work with. */
export interface ActivityOptions {
  store: Store;
  /** How services are reached. */
  services: ServiceTarget;
  /** How steps reach endpoints, mail servers and chats. */
  steps: StepSurroundings;
  /** How long the revert of a service waits for the one before it (`SLUICE_REVERT_WAIT`, REL-19). */
  revertWaitMs: number;
  /** Told of every divergence. */
  onDivergence?: OnDivergence;
  /** Told of every step that is sent again. */
  onStepAgain?: OnStepAgain;
}

/** Everything that a release workflow can do to the world. */
export type ReleaseActivities = ReturnType<typeof createActivities>;

/** The activities over a store and the targets of services. */
export function createActivities({
  store,
  services,
  steps,
  revertWaitMs,
  onDivergence = () => undefined,
  onStepAgain = () => undefined,
}: ActivityOptions) {
  const since = Date.now();
  return {
    claimRelease: claimReleaseActivity(store, since, revertWaitMs),
    recordStep: recordStepActivity(store, since, onDivergence),
    rollOut: rollOutActivity(store, services),
    revertService: revertServiceActivity(store, services),
    runStep: runStepActivity(store, steps, onStepAgain),
    checkCondition: checkConditionActivity(store, steps.secretBox),
  };
}
