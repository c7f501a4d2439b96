import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';

import { atOnce } from './at-once';
import type { Service } from './service';

const POLL_MS = 200;

/** What the open workflows of a service have under way there, all together. */
export interface HeldInTemporal {
  activities: number;
  timers: number;
}

/** Asks Temporal of each of its open workflows, once it lists as many as there are. */
export async function heldInTemporal(service: Service, workflows: number): Promise<HeldInTemporal> {
  const connection = await Connection.connect({ address: service.temporalAddress() });
  try {
    const client = new Client({ connection });
    const held: HeldInTemporal = { activities: 0, timers: 0 };
    await atOnce(await listOpen(client, workflows), async (id) => {
      const workflow = client.workflow.getHandle(id);
      const { raw } = await workflow.describe();
      held.activities += raw.pendingActivities?.length ?? 0;
      const { events } = await workflow.fetchHistory();
      for (const event of events ?? []) {
        if (event.timerStartedEventAttributes) {
          held.timers += 1;
        } else if (event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes) {
          held.timers -= 1;
        }
      }
    });
    return held;
  } finally {
    await connection.close();
  }
}

/** The list lags behind a little. */
async function listOpen(client: Client, expected: number): Promise<string[]> {
  for (;;) {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      ids.push(workflowId);
    }
    if (ids.length === expected) {
      return ids;
    }
    await sleep(POLL_MS);
  }
}
