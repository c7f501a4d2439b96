import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';

import { proceed, take } from './asking';
import { REST_MS, type Line } from './figures';
import { act, trigger, type PipelineName } from './project';
import type { Service } from './service';

interface Scenario {
  what: string;
  pipeline: PipelineName;
  flag: string;
  /** Done as soon as the release is in that state. */
  action: { state: string; perform: (service: Service, release: string) => Promise<void> } | null;
  /** The least that this can be done with, as docs/benchmark.md adds it up. */
  minimum: number;
}

const asksFor =
  (...verbs: string[]) =>
  async (service: Service, release: string): Promise<void> => {
    for (const verb of verbs) {
      await act(service, release, verb);
      await sleep(REST_MS);
    }
  };

const SCENARIOS: Scenario[] = [
  { what: 'three phases', pipeline: 'plain', flag: 'gate-02', action: null, minimum: 50 },
  {
    what: 'with a review',
    pipeline: 'reviewed',
    flag: 'gate-03',
    action: { state: 'waiting-for-review', perform: asksFor('approve') },
    minimum: 60,
  },
  {
    what: 'with pause and unpause',
    pipeline: 'plain',
    flag: 'gate-04',
    action: { state: 'baking', perform: asksFor('pause', 'unpause') },
    minimum: 72,
  },
  {
    what: 'one phase with a manual step',
    pipeline: 'asked',
    flag: 'gate-06',
    action: {
      state: 'waiting-for-intervention',
      perform: async (service, release) => proceed(service, await take(service, release)),
    },
    minimum: 38,
  },
];

const POLL_MS = 50;

/** Runs one release of each kind to its end and counts the events of its workflow's history. */
export async function countHistory(service: Service): Promise<Line[]> {
  const connection = await Connection.connect({ address: service.temporalAddress() });
  const client = new Client({ connection });
  try {
    const counted = await Promise.all(SCENARIOS.map((scenario) => run(service, client, scenario)));
    return SCENARIOS.map(({ what, minimum }, index) => {
      const ours = counted[index] ?? Number.NaN;
      return {
        what: `History of a release: ${what}`,
        unit: 'events',
        ours,
        floor: minimum,
        ratio: ours / minimum,
        goal: { is: 'most', ratio: 1.1 },
      };
    });
  } finally {
    await connection.close();
  }
}

async function run(service: Service, client: Client, { pipeline, flag, action }: Scenario): Promise<number> {
  const release = await trigger(service, pipeline, flag);
  if (action) {
    await untilState(service, release, action.state);
    await action.perform(service, release);
  }
  await untilState(service, release, 'completed');

  // The list lags behind a little, and the workflow ends a little after its release.
  for (;;) {
    for await (const { workflowId, historyLength, status } of client.workflow.list()) {
      if (workflowId.endsWith(`/release/${release}`) && status.name === 'COMPLETED') {
        return historyLength;
      }
    }
    await sleep(POLL_MS);
  }
}

export async function untilState(service: Service, release: string, state: string): Promise<void> {
  for (;;) {
    const now = await service.expect<{ state: string }>(200, 'GET', `/v1/releases/${release}`);
    if (now.state === state) {
      return;
    }
    await sleep(POLL_MS);
  }
}
