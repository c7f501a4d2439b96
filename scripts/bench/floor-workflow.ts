import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

import type { FloorActivities } from './temporal-floor';

export const actSignal = defineSignal('act');

const { record } = proxyActivities<FloorActivities>({ startToCloseTimeout: '10 seconds' });

/** How many rows a release of three phases has below it: claim, one per phase, completion. */
export const RELEASE_ROWS = 5;

/** What a release of three phases without bake and review comes to, without its rules. */
export async function floorReleaseWorkflow(id: string): Promise<void> {
  for (let row = 0; row < RELEASE_ROWS; row += 1) {
    await record(id, row);
  }
}

/**
 * What a release waits for, without its rules: something is recorded at the start; then every signal stops the timer
 * that runs, or starts one, and is recorded, too.
 */
export async function floorWorkflow(id: string): Promise<void> {
  let told = 0;
  setHandler(actSignal, () => {
    told += 1;
  });
  await record(id, 0);
  for (let done = 0; ; done += 1) {
    const isTold = () => told > done;
    await (done % 2 === 0 ? condition(isTold, '1 hour') : condition(isTold));
    await record(id, done + 1);
  }
}
