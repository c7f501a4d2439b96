import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

import type { FloorActivities } from './temporal-floor';

export const actSignal = defineSignal('act');

const { record } = proxyActivities<FloorActivities>({ startToCloseTimeout: '10 seconds' });

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
