import type { ServerResponse } from 'node:http';

import type { Pipeline, ProcessStep } from '../../src/domain/pipeline';
import type { ReleaseEvent } from '../../src/domain/release-event';
import { http, manual } from '../domain/process-fixture';
import { hold, interruptionsIn } from '../store/interruptions/interruption-steps';
import { answer, answerAccepted, asked } from '../support/answering';
import { eventually } from '../support/eventually';
import { startHttpEndpoint, type HttpEndpoint } from '../support/http-endpoint';
import { phase } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { WITH_SHORT_JOBS, WITH_SHORT_RUNS, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';

const HOUR = 3_600_000;

let world: ReleaseWorld;
let endpoint: HttpEndpoint;

worldPerTest((opened) => {
  world = opened;
});
beforeEach(async () => {
  endpoint = await startHttpEndpoint();
  world.startDispatcher();
});
afterEach(() => endpoint.stop());

const released = (process: ProcessStep[], more: Partial<Pipeline> = {}) =>
  world.trigger({ phases: [phase('all', { bakeMs: HOUR })], process, ...more });

/** A release that waits for a person, its workflow at rest. */
async function waiting(): Promise<{ release: string; id: string }> {
  const release = await released([manual()]);
  const { id } = await asked(world, release);
  await world.rests(release);
  return { release, id };
}

const runOf = async (release: string) => (await world.workflow(release).describe()).runId;

/** Actions that are decided and change nothing that lasts, until the workflow has gone on in a new run. */
async function intoNewRun(release: string): Promise<void> {
  const run = await runOf(release);
  await eventually(`${release} goes on in a new run`, async () => {
    await world.act(release, 'pause');
    await world.act(release, 'unpause');
    return (await runOf(release)) !== run;
  });
}

/** It asks this once, and nothing else. */
async function expectAskedOnce(release: string, id: string): Promise<void> {
  expect((await interruptionsIn(world, release)).map((each) => each.id)).toEqual([id]);
  expect((await world.eventTypes(release)).filter((type) => type === 'interruption-raised')).toHaveLength(1);
}

/** Answered with success, it bakes. */
async function expectItGoesOn(release: string, id: string): Promise<void> {
  expect(await answer(world, release, 'proceed')).toBe('applied');
  await world.bakes(release, 0);
  await expectAskedOnce(release, id);
}

describe('a release that waits for a person', () => {
  it('INV-5: is asked on by the next worker, which also decides what was answered meanwhile', async () => {
    await world.startWorker();
    const { release, id } = await waiting();
    await world.stopWorker();
    const action = await answerAccepted(world, release, 'proceed');

    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('applied');
    await world.bakes(release, 0);
    await expectAskedOnce(release, id);
  });

  it.each([
    ['with its start', []],
    ['behind another step', [http({ name: 'Build' })]],
  ])('INV-5: %s, asks once, though the worker dies before that is recorded, and behind it', async (_, before) => {
    const died: string[] = [];
    const dies = (when: string) => {
      if (!died.includes(when)) {
        died.push(when);
        throw new Error(`The worker died ${when} the recording`);
      }
    };
    const isQuestion = ({ type }: ReleaseEvent) => type === 'interruption-raised';
    await world.startWorker({
      activities: (real) => ({
        claimRelease: async (input) => {
          const isMeant = before.length === 0;
          if (isMeant) dies('before');
          const claim = await real.claimRelease(input);
          if (isMeant) dies('behind');
          return claim;
        },
        recordStep: async (input) => {
          const isMeant = [...input.step.events, ...(input.step.reach?.events ?? [])].some(isQuestion);
          if (isMeant) dies('before');
          const recorded = await real.recordStep(input);
          if (isMeant) dies('behind');
          return recorded;
        },
      }),
    });

    const release = await released([...before.map((step) => ({ ...step, url: endpoint.url })), manual()]);
    const { id } = await asked(world, release);

    await expectItGoesOn(release, id);
    expect(died).toEqual(['before', 'behind']);
  });

  it('REL-33: goes on in a new run, and is still asked the same', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const { release, id } = await waiting();

    await intoNewRun(release);
    await intoNewRun(release);

    await expectItGoesOn(release, id);
  });

  it('REL-33: keeps its deadline in a new run, and it passes at its own instant', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const release = await released([manual({ deadline: { afterMs: 4_000, outcome: 'proceed' } })]);
    const { id, deadlineAt } = await asked(world, release);

    await intoNewRun(release);

    await world.bakes(release, 0);
    const [interruption] = await interruptionsIn(world, release);
    expect(interruption).toMatchObject({ id, state: 'submitted', result: 'proceed', endedAt: deadlineAt });
    await expectAskedOnce(release, id);
  });

  it('REL-33: is repaired when Temporal has lost it: whoever took it answers, and nothing is asked again', async () => {
    await world.startWorker();
    const { release, id } = await waiting();
    await hold(world, { id, verb: 'take', by: 'olga' });

    await world.workflow(release).terminate('lost');
    world.startReconciler();
    await eventually('it is repaired', async () => (await world.repairs(release)).length > 0);

    const [interruption] = await interruptionsIn(world, release);
    expect(interruption).toMatchObject({ id, state: 'taken', responsibleUserId: 'olga' });
    await hold(world, { id, verb: 'release', by: 'olga' });
    await expectItGoesOn(release, id);
  });

  it('REL-33: has an answer decided that was accepted when its workflow was gone', async () => {
    await world.startWorker();
    const { release, id } = await waiting();
    await world.workflow(release).terminate('lost');

    const action = await answerAccepted(world, release, 'proceed');
    world.startReconciler();

    expect(await world.outcomeOf(action)).toBe('applied');
    await world.bakes(release, 0);
    await expectAskedOnce(release, id);
  });

  it('INT-1: is not moved by a thousand wake-ups, nor by people who take it and give it back', async () => {
    await world.startWorker({ stickyTimeoutMs: 10_000 });
    const { release, id } = await waiting();
    const { seq } = await world.row(release);
    const length = async () => (await world.workflow(release).describe()).historyLength;
    const before = await length();
    for (let round = 0; round < 100; round += 1) {
      await hold(world, { id, verb: 'take', by: 'olga' });
      await hold(world, { id, verb: 'release', by: 'olga' });
    }
    await world.rests(release);
    expect(await length()).toBe(before);

    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 50 }, () => world.engine.tellHoldsChanged(release)));
    }
    await world.rests(release);

    const { events } = await world.workflow(release).fetchHistory();
    const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes) ?? [];
    const activities = events?.slice(before).filter((event) => event.activityTaskScheduledEventAttributes) ?? [];
    expect(signals).toHaveLength(1_000);
    expect(activities).toEqual([]);
    expect((await world.row(release)).seq).toBe(seq);
    await expectItGoesOn(release, id);
  }, 60_000);
});

describe('an http step that is under way', () => {
  it('REL-33: holds up a new run until it has ended, beside a question', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const open = blocked();
    const release = await released([http({ url: endpoint.url }), manual({ start: 'with-previous' })]);
    await eventually('the endpoint is asked', () => endpoint.requests.length > 0);
    const { id } = await asked(world, release);
    const run = await runOf(release);
    for (let round = 0; round < 4; round += 1) {
      await world.act(release, 'pause');
      await world.act(release, 'unpause');
    }
    expect(await runOf(release)).toBe(run);

    open();
    await intoNewRun(release);

    await expectItGoesOn(release, id);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('WHK-3: is begun again under the same key when a new run cannot wait for it', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS, WITH_SHORT_JOBS) });
    const open = blocked();
    const release = await released([http({ url: endpoint.url })]);
    await eventually('the endpoint is asked', () => endpoint.requests.length > 0);

    await intoNewRun(release);
    await eventually('the endpoint is asked again', () => endpoint.requests.length > 1);
    open();

    await world.bakes(release, 0);
    expect(new Set(endpoint.requests.map(({ key }) => key)).size).toBe(1);
    expect((await world.eventTypes(release)).filter((type) => type === 'step-succeeded')).toHaveLength(2);
  });

  it('REL-32: is told to nobody any more when the release is aborted meanwhile', async () => {
    await world.startWorker();
    const open = blocked();
    const release = await released([http({ url: endpoint.url }), manual()]);
    await eventually('the endpoint is asked', () => endpoint.requests.length > 0);

    expect(await world.act(release, 'abort')).toBe('applied');
    await world.reaches(release, 'aborted');
    open();
    await world.workflowEnds(release);

    expect(await interruptionsIn(world, release)).toEqual([]);
    const types = await world.eventTypes(release);
    expect(types.slice(types.indexOf('release-aborted') + 1).filter((type) => type.startsWith('step-'))).toEqual([]);
  });
});

/** Lets the endpoint answer nothing until the returned function is called. */
function blocked(): () => void {
  const kept: ServerResponse[] = [];
  endpoint.answer((response) => void kept.push(response));
  return () => {
    endpoint.answer({ status: 200 });
    kept.forEach((response) => response.writeHead(200).end());
  };
}
