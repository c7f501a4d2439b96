import { activityInfo } from '@temporalio/activity';

import { SECOND } from '../domain/instant';

/** A store that fails once, or is busy, is asked again well within this time. */
const LATE_MS = 2 * SECOND;

/**
 * Whether the running activity comes so long after it was asked for that the workflow's times in it are of the past:
 * the store was away, or nobody was there to take it. `since`: when this process began to take any.
 *
 * Within one attempt both instants are Temporal's. Only what was asked for before this process was there is compared
 * with the clock of this machine: one that is wrong delays releases for as long as it is wrong, and never stops them.
 */
export function isLate(since: number): boolean {
  const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  return currentAttemptScheduledTimestampMs - scheduledTimestampMs > LATE_MS || since - scheduledTimestampMs > LATE_MS;
}
