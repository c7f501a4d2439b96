import type { Logger } from 'pino';

import type { OnStepAgain } from '../activities/run-step';

/** Says in one line which step is sent again, and why: expected of the world, so no warning. */
export function stepLog(log: Logger): OnStepAgain {
  return ({ at, ...again }) => log.info({ ...again, next: new Date(at).toISOString() }, 'A step is sent again');
}
