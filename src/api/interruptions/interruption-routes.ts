import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { getInterruption } from './get-interruption';
import { reassignInterruption, releaseInterruption, takeInterruption } from './hold-interruption';
import { listInterruptionsRoute } from './list-interruptions';
import { submitInterruption, submitInterruptions } from './submit-interruption';

/** What runs ask people. */
export function interruptionRoutes(deps: Deps): Route[] {
  return [
    listInterruptionsRoute(deps),
    submitInterruptions(deps),
    getInterruption(deps),
    takeInterruption(deps),
    releaseInterruption(deps),
    reassignInterruption(deps),
    submitInterruption(deps),
  ];
}
