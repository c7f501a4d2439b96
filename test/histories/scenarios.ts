import fc from 'fast-check';

import type { Phase, Pipeline, ProcessStep, ReleaseAction } from '../../src/domain/pipeline';
import { isTerminal } from '../../src/domain/release';
import { flagEtag } from '../../src/store/flags/flag-etag';
import { http, manual, rollOut } from '../domain/process-fixture';
import { answer, asked } from '../support/answering';
import { eventually } from '../support/eventually';
import { startHttpEndpoint, type EndpointAnswer, type HttpEndpoint } from '../support/http-endpoint';
import type { ReleaseWorld } from '../support/release-world';
import { AUTHOR, phase, review } from '../support/release-store';
import { startVersionTarget, type VersionTarget } from '../support/version-target';

/** Something that releases go through, in a world of its own with dispatcher and worker running. */
export interface Scenario {
  /** Name of the file with its histories. */
  name: string;
  /** Needs a server that suggests a new run early. */
  shortRuns?: boolean;
  /** Returns the ids of the workflows that are recorded. */
  run: (world: ReleaseWorld) => Promise<string[]>;
}

const HOUR = 3_600_000;
const twoPhases = [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR })];
const reviewed = [phase('few', { bakeMs: HOUR, requiredReview: review() }), phase('all', { bakeMs: HOUR })];

const past = (instant: number) => eventually('the time has come', () => Date.now() > instant);

/** One release; its history is the scenario's. */
const one =
  (phases: Phase[], go: (world: ReleaseWorld, release: string) => Promise<unknown>): Scenario['run'] =>
  async (world) => {
    const release = await world.trigger({ phases });
    await go(world, release);
    return idsOf(world, release);
  };

const idsOf = (world: ReleaseWorld, ...releases: string[]): string[] =>
  releases.map((release) => world.workflow(release).workflowId);

async function completes(world: ReleaseWorld, release: string): Promise<void> {
  await world.reaches(release, 'completed');
  await world.workflowEnds(release);
}

async function aborts(world: ReleaseWorld, release: string): Promise<void> {
  await world.act(release, 'abort');
  await world.workflowEnds(release);
}

/** Actions that the workflow finds all together when its worker comes back. */
async function allAtOnce(world: ReleaseWorld, release: string, ...verbs: ReleaseAction[]): Promise<void> {
  await world.rests(release);
  await world.stopWorker();
  const accepted: string[] = [];
  for (const verb of verbs) {
    accepted.push(await world.accept(release, verb));
  }
  await world.startWorker();
  for (const action of accepted) {
    await world.outcomeOf(action);
  }
}

const deadline = (outcome: 'abort' | 'proceed' | 'keep-waiting') => [
  phase('all', { bakeMs: 100, requiredReview: review({ deadline: { afterMs: 500, outcome } }) }),
];

const SCENARIOS: Scenario[] = [
  {
    name: 'three-phases',
    run: one(
      ['staff', 'beta', 'all'].map((name) => phase(name, { bakeMs: 1_000 })),
      completes,
    ),
  },
  { name: 'no-bakes', run: one([phase('few'), phase('all')], completes) },
  {
    name: 'review-with-quorum',
    run: one([phase('all', { requiredReview: review({ approvals: 2 }) })], async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await world.act(release, 'approve', { by: AUTHOR });
      await world.act(release, 'approve');
      await world.act(release, 'approve');
      await world.act(release, 'approve', { by: 'rita' });
      await completes(world, release);
    }),
  },
  {
    name: 'reviews-of-later-phases',
    run: one(
      [phase('few', { bakeMs: 500 }), phase('all', { bakeMs: 500, requiredReview: review() })],
      async (world, release) => {
        await world.reaches(release, 'waiting-for-review', 1);
        await world.act(release, 'approve');
        await completes(world, release);
      },
    ),
  },
  { name: 'deadline-aborts', run: one(deadline('abort'), (world, release) => world.workflowEnds(release)) },
  { name: 'deadline-proceeds', run: one(deadline('proceed'), completes) },
  {
    name: 'deadline-keeps-waiting',
    run: one(deadline('keep-waiting'), async (world, release) => {
      await eventually('the deadline has passed', async () =>
        (await world.eventTypes(release)).includes('review-deadline-passed'),
      );
      await world.act(release, 'approve');
      await completes(world, release);
    }),
  },
  {
    name: 'pause-and-unpause',
    run: one([phase('all', { bakeMs: 1_000 })], async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'pause');
      await world.act(release, 'unpause');
      await world.act(release, 'pause');
      await world.act(release, 'unpause');
      await completes(world, release);
    }),
  },
  {
    name: 'pause-armed',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await allAtOnce(world, release, 'approve', 'pause');
      await world.reaches(release, 'paused', 0);
      await aborts(world, release);
    }),
  },
  {
    name: 'pause-disarmed',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await allAtOnce(world, release, 'approve', 'pause', 'unpause');
      await world.bakes(release, 0);
      await aborts(world, release);
    }),
  },
  {
    name: 'skip-armed',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await allAtOnce(world, release, 'approve', 'pause', 'skip', 'pause');
      await world.bakes(release, 1);
      await aborts(world, release);
    }),
  },
  {
    name: 'full-rollout-armed',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await allAtOnce(world, release, 'approve', 'skip', 'full-rollout');
      await completes(world, release);
    }),
  },
  {
    name: 'skip-everything',
    run: one([...reviewed, phase('rest', { bakeMs: HOUR })], async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await world.act(release, 'skip');
      await world.bakes(release, 1);
      await world.act(release, 'skip');
      await world.bakes(release, 2);
      await world.act(release, 'pause');
      await world.act(release, 'skip');
      await completes(world, release);
    }),
  },
  {
    name: 'full-rollout-while-waiting-for-review',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await world.act(release, 'full-rollout');
      await completes(world, release);
    }),
  },
  {
    name: 'full-rollout-while-baking',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'full-rollout');
      await completes(world, release);
    }),
  },
  {
    name: 'full-rollout-while-paused',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'pause');
      await world.act(release, 'full-rollout');
      await completes(world, release);
    }),
  },
  {
    name: 'abort-before-the-start',
    run: async (world) => {
      await world.stopWorker();
      const release = await world.trigger({ phases: twoPhases });
      await world.accept(release, 'abort');
      await world.startWorker();
      await world.workflowEnds(release);
      return idsOf(world, release);
    },
  },
  {
    name: 'abort-while-waiting-for-review',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await aborts(world, release);
    }),
  },
  {
    name: 'abort-while-rolling-out',
    run: one(reviewed, async (world, release) => {
      await world.reaches(release, 'waiting-for-review');
      await allAtOnce(world, release, 'approve', 'abort', 'pause');
      await world.workflowEnds(release);
    }),
  },
  {
    name: 'abort-while-baking',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'skip');
      await world.bakes(release, 1);
      await aborts(world, release);
    }),
  },
  {
    name: 'abort-while-paused',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'pause');
      await aborts(world, release);
    }),
  },
  {
    name: 'queue',
    run: async (world) => {
      const flags = ['a'];
      const first = await world.trigger({ phases: twoPhases, flags });
      await world.bakes(first, 0);
      const second = await world.trigger({ phases: twoPhases, flags, whenBusy: 'queue' });
      const third = await world.trigger({ phases: twoPhases, flags, whenBusy: 'queue' });
      await world.act(second, 'pause');
      await world.act(third, 'abort');
      await world.act(first, 'full-rollout');
      await world.bakes(second, 0);
      await aborts(world, second);
      await world.workflowEnds(third);
      return idsOf(world, first, second, third);
    },
  },
  {
    name: 'queue-with-outdated-base',
    run: async (world) => {
      await world.putFlag('a');
      const flag = await world.findFlag('a');
      const triggered = { phases: twoPhases, flags: ['a'], base: flag ? flagEtag(flag) : '' };
      const first = await world.trigger(triggered);
      await world.bakes(first, 0);
      const second = await world.trigger({ ...triggered, whenBusy: 'queue' });
      await world.rests(second);
      await world.act(first, 'full-rollout');
      await world.workflowEnds(second);
      return idsOf(world, second);
    },
  },
  {
    name: 'still-queued',
    run: async (world) => {
      const first = await world.trigger({ phases: twoPhases, flags: ['a'] });
      await world.bakes(first, 0);
      const second = await world.trigger({ phases: twoPhases, flags: ['a'], whenBusy: 'queue' });
      await world.rests(second);
      return idsOf(world, second);
    },
  },
  {
    name: 'still-baking',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'pause');
      await world.act(release, 'unpause');
      await world.rests(release);
    }),
  },
  {
    name: 'continue-as-new',
    shortRuns: true,
    run: one([phase('all', { bakeMs: 10_000 })], async (world, release) => {
      await world.bakes(release, 0);
      for (let round = 0; round < 4; round += 1) {
        await world.act(release, 'pause');
        await world.act(release, 'unpause');
      }
      await completes(world, release);
    }),
  },
  {
    name: 'refused-actions',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'approve');
      await world.act(release, 'unpause');
      await world.act(release, 'retry');
      await world.act(release, 'pause', { phase: 'all' });
      await world.act(release, 'skip', { phase: 'few', attempt: 2 });
      await aborts(world, release);
    }),
  },
  {
    name: 'expired-action',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.rests(release);
      await world.stopWorker();
      const action = await world.accept(release, 'pause', { expiresAfterMs: 10 });
      await past(Date.now() + 10);
      await world.startWorker();
      await world.outcomeOf(action);
      await aborts(world, release);
    }),
  },
  {
    name: 'pause-decided-after-the-bake-it-stops',
    run: one([phase('all', { bakeMs: 400 })], async (world, release) => {
      const endsAt = await world.bakes(release, 0);
      await world.rests(release);
      await world.stopWorker();
      await past(endsAt);
      const action = await world.accept(release, 'pause', { at: endsAt - 7 });
      await world.startWorker();
      await world.outcomeOf(action);
      await world.act(release, 'unpause');
      await completes(world, release);
    }),
  },
  {
    name: 'action-found-by-a-timer',
    run: one([phase('few', { bakeMs: 400 }), phase('all', { bakeMs: HOUR })], async (world, release) => {
      const endsAt = await world.bakes(release, 0);
      await world.stopDispatchers();
      const action = await world.accept(release, 'abort', { at: endsAt - 5 });
      await world.outcomeOf(action);
      await world.workflowEnds(release);
    }),
  },
  {
    name: 'action-during-the-last-recording',
    run: async (world) => {
      let late: string | undefined;
      await world.stopWorker();
      await world.startWorker({
        activities: (real) => ({
          ...real,
          recordStep: async (input) => {
            if (input.step.reach?.kind === 'revert' && late === undefined) {
              late = await world.accept(input.release, 'pause');
              await world.told(late);
            }
            return real.recordStep(input);
          },
        }),
      });
      return one(twoPhases, async (_, release) => {
        await world.bakes(release, 0);
        await aborts(world, release);
      })(world);
    },
  },
  {
    name: 'answers-lost',
    run: async (world) => {
      const lost = new Set<number>();
      await world.stopWorker();
      await world.startWorker({
        activities: (real) => ({
          ...real,
          recordStep: async (input) => {
            const recorded = await real.recordStep(input);
            if (!lost.has(input.seq)) {
              lost.add(input.seq);
              throw new Error('The answer is lost');
            }
            return recorded;
          },
        }),
      });
      return one([phase('few', { bakeMs: 1_000 }), phase('all', { bakeMs: 1_000 })], completes)(world);
    },
  },
  {
    name: 'woken-for-nothing',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.rests(release);
      await world.engine.tellHoldsChanged(release);
      await world.act(release, 'pause');
      await world.engine.tellHoldsChanged(release);
      await aborts(world, release);
    }),
  },
  {
    name: 'started-twice',
    run: async (world) => {
      const release = await world.trigger({ phases: twoPhases });
      await world.bakes(release, 0);
      const second = await world.startAgain(release, 'second');
      await aborts(world, release);
      const third = await world.startAgain(release, 'third');
      return [...idsOf(world, release), second, third];
    },
  },
  {
    name: 'older-epoch',
    run: one(twoPhases, async (world, release) => {
      await world.bakes(release, 0);
      await world.store.write(({ sql }) =>
        sql.updateTable('releases').set({ epoch: 2 }).where('id', '=', release).execute(),
      );
      await world.accept(release, 'pause');
      await world.workflowEnds(release);
    }),
  },
];

/** Two services in two environments, and a target that answers for all of them; whoever records ends it. */
const withServices =
  (go: (world: ReleaseWorld, release: string, target: VersionTarget) => Promise<unknown>): Scenario['run'] =>
  async (world) => {
    const target = await startVersionTarget();
    for (const service of ['payments', 'stock']) {
      await world.putService(service, {
        staging: target.urlOf(service, 'staging'),
        production: target.urlOf(service, 'production'),
      });
    }
    const release = await world.trigger({
      phases: [
        phase('few', { bakeMs: HOUR }),
        phase('all', { bakeMs: HOUR, rules: [{ environments: ['staging', 'production'], conditions: [] }] }),
      ],
      services: { payments: '1.4.2', stock: '7' },
    });
    await go(world, release, target);
    return idsOf(world, release);
  };

/** What a target answers to one service in one environment. */
const answering = (service: string, environment: string, status: number): Parameters<VersionTarget['meet']>[0] =>
  function answer({ data }, response) {
    const isMeant = data.service === service && data.environment === environment;
    if (isMeant) {
      response.writeHead(status).end();
    }
    return isMeant;
  };

/** A release that its target answers later: once not in time, and once by a callback. */
const calledBack: Scenario['run'] = async (world) => {
  const target = await startVersionTarget();
  const payments = await world.putService('payments', { staging: target.urlOf('payments', 'staging') });
  await world.letCallBack(payments, 1_500);
  target.meet((_, response) => {
    response.writeHead(202).end();
    return true;
  });
  const release = await world.trigger({
    phases: [phase('all', { bakeMs: HOUR })],
    services: { payments: '1.4.2' },
    beforeFlags: ['payments'],
  });
  await world.reaches(release, 'failed');
  await world.letCallBack(payments, HOUR);
  await world.act(release, 'retry');
  const { id } = await eventually('the target was asked again', () => target.deliveries[1]);
  await world.rests(release);
  await world.outcomeOf(await world.callBack(id));
  await world.bakes(release, 0);
  target.meet(null);
  await aborts(world, release);
  return idsOf(world, release);
};

const SERVICE_SCENARIOS: Scenario[] = [
  {
    name: 'services',
    run: withServices(async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'skip');
      await world.bakes(release, 1);
      await world.act(release, 'skip');
      await completes(world, release);
    }),
  },
  {
    name: 'services-aborted',
    run: withServices(async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'skip');
      await world.bakes(release, 1);
      await aborts(world, release);
    }),
  },
  {
    name: 'services-failed-and-retried',
    run: withServices(async (world, release, target) => {
      await world.bakes(release, 0);
      target.meet(answering('stock', 'production', 400));
      await world.act(release, 'skip');
      await world.reaches(release, 'failed');
      target.meet(null);
      await world.act(release, 'retry');
      await world.bakes(release, 1);
      await aborts(world, release);
    }),
  },
  {
    name: 'services-rolled-out-fully',
    run: withServices(async (world, release) => {
      await world.bakes(release, 0);
      await world.act(release, 'full-rollout');
      await completes(world, release);
    }),
  },
  {
    name: 'services-given-up',
    run: withServices(async (world, release, target) => {
      await world.bakes(release, 0);
      target.meet(answering('stock', 'staging', 503));
      await world.act(release, 'abort');
      await world.act(release, 'accept-drift', { item: { service: 'stock', environment: null } });
      await world.workflowEnds(release);
    }),
  },
  {
    name: 'aborted-in-the-middle-of-a-service',
    run: withServices(async (world, release, target) => {
      await world.bakes(release, 0);
      target.meet(answering('payments', 'production', 503));
      await world.act(release, 'skip');
      await world.reaches(release, 'rolling-out', 1);
      target.meet(null);
      await aborts(world, release);
    }),
  },
  { name: 'services-called-back', run: calledBack },
];

/** One release of a pipeline with a process, in two phases; an endpoint answers its steps and ends with it. */
const withProcess =
  (
    process: (url: string) => ProcessStep[],
    go: (world: ReleaseWorld, release: string, endpoint: HttpEndpoint) => Promise<unknown>,
    { answers = [], ...more }: Partial<Pipeline> & { answers?: EndpointAnswer[] } = {},
  ): Scenario['run'] =>
  async (world) => {
    const endpoint = await startHttpEndpoint();
    endpoint.answer(...answers, { status: 200 });
    const everywhere = [{ environments: ['staging', 'production'], conditions: [] }];
    try {
      const release = await world.trigger({
        phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: HOUR, rules: everywhere })],
        process: process(endpoint.url),
        ...more,
      });
      await go(world, release, endpoint);
      return idsOf(world, release);
    } finally {
      await endpoint.stop();
    }
  };

const PROCESS_SCENARIOS: Scenario[] = [
  {
    name: 'process-answered',
    run: withProcess(
      () => [manual({ approvals: 2 }), rollOut()],
      async (world, release) => {
        const bothProceed = async () => {
          await answer(world, release, 'proceed');
          await answer(world, release, 'proceed', 'rita');
        };
        await bothProceed();
        await world.bakes(release, 0);
        await world.act(release, 'skip');
        // In each environment of the phase.
        await bothProceed();
        await bothProceed();
        await world.bakes(release, 1);
        await aborts(world, release);
      },
    ),
  },
  {
    name: 'process-aborted-by-a-person-and-retried',
    run: withProcess(
      () => [manual()],
      async (world, release) => {
        await answer(world, release, 'abort');
        await world.reaches(release, 'failed');
        await world.act(release, 'retry');
        await answer(world, release, 'proceed');
        await world.bakes(release, 0);
        await aborts(world, release);
      },
    ),
  },
  {
    name: 'process-deadline',
    run: withProcess(
      () => [manual({ deadline: { afterMs: 400, outcome: 'proceed' } })],
      async (world, release) => {
        await world.bakes(release, 0);
        await aborts(world, release);
      },
    ),
  },
  {
    name: 'process-guided-failure',
    run: withProcess(
      (url) => [http({ url })],
      async (world, release, endpoint) => {
        await eventually('it has failed', async () => (await asked(world, release)).kind === 'failure');
        endpoint.answer({ status: 200 });
        await answer(world, release, 'retry');
        await world.bakes(release, 0);
        await aborts(world, release);
      },
      { guidedFailure: true, answers: [{ status: 400 }] },
    ),
  },
  {
    name: 'process-conditions',
    run: withProcess(
      (url) => [
        http({ url, name: 'Ask', outputs: { go: 'go' } }),
        manual({ name: 'Left out', runWhen: { expression: 'vars["Action[Ask].Output.go"] == "no"' } }),
        http({ url, name: 'Call', runWhen: { expression: 'vars["Action[Ask].Output.go"] == "yes"' } }),
        http({ url, name: 'Beside', start: 'with-previous' }),
      ],
      async (world, release) => {
        await world.bakes(release, 0);
        await aborts(world, release);
      },
      { answers: [{ status: 200, body: '{"go":"yes"}' }] },
    ),
  },
  {
    name: 'process-calls-twice',
    run: withProcess(
      (url) => [http({ url })],
      async (world, release) => {
        await world.bakes(release, 0);
        await aborts(world, release);
      },
      { answers: [{ status: 503 }] },
    ),
  },
  {
    name: 'process-rolled-out-fully',
    run: withProcess(
      () => [manual()],
      async (world, release) => {
        await answer(world, release, 'proceed');
        await world.bakes(release, 0);
        await world.act(release, 'full-rollout');
        await answer(world, release, 'proceed');
        await completes(world, release);
      },
    ),
  },
  {
    name: 'process-aborted-while-waiting',
    run: withProcess(
      () => [manual(), manual({ name: 'Beside', start: 'with-previous' })],
      async (world, release) => {
        await asked(world, release);
        await aborts(world, release);
      },
    ),
  },
  {
    name: 'process-in-short-runs',
    shortRuns: true,
    run: withProcess(
      () => [manual({ deadline: { afterMs: HOUR, outcome: 'abort' } })],
      async (world, release) => {
        await asked(world, release);
        for (let round = 0; round < 4; round += 1) {
          await world.act(release, 'pause');
          await world.act(release, 'unpause');
        }
        await answer(world, release, 'proceed');
        await world.bakes(release, 0);
        await aborts(world, release);
      },
    ),
  },
];

const RANDOM_RUNS = 20;

const anyPhase = fc.record({
  bakeMs: fc.constantFrom(0, 50, 150, 400, HOUR),
  needed: fc.constantFrom(0, 0, 0, 1, 2),
  deadline: fc.constantFrom(null, null, 'abort' as const, 'proceed' as const, 'keep-waiting' as const),
});

const anyMove = fc.record({
  verb: fc.constantFrom<ReleaseAction>(
    'approve',
    'approve',
    'approve',
    'pause',
    'pause',
    'unpause',
    'unpause',
    'skip',
    'full-rollout',
    'retry',
    'abort',
  ),
  by: fc.constantFrom('olga', 'rita', AUTHOR),
  expiresAfterMs: fc.constantFrom(undefined, undefined, undefined, 1),
  thenWaitMs: fc.constantFrom(0, 0, 0, 20, 100, 300),
  /** The worker goes before this action and comes back behind it. */
  unseen: fc.constantFrom(false, false, false, true),
});

const anyRun = fc.record({
  phases: fc.array(anyPhase, { minLength: 1, maxLength: 4 }),
  moves: fc.array(anyMove, { minLength: 3, maxLength: 9 }),
});

function randomScenario(seed: number): Scenario {
  const [chosen] = fc.sample(anyRun, { seed, numRuns: 1 });
  if (!chosen) {
    throw new Error(`Seed ${seed} gives no run`);
  }
  const phases = chosen.phases.map(({ bakeMs, needed, deadline: outcome }, index) =>
    phase(`phase-${index + 1}`, {
      bakeMs,
      requiredReview:
        needed === 0
          ? null
          : review({ approvals: needed, deadline: outcome === null ? null : { afterMs: 300, outcome } }),
    }),
  );
  return {
    name: `random-${String(seed).padStart(2, '0')}`,
    run: one(phases, async (world, release) => {
      for (const { verb, by, expiresAfterMs, thenWaitMs, unseen } of chosen.moves) {
        if (unseen) {
          await world.stopWorker();
        }
        await world.accept(release, verb, { by, ...(expiresAfterMs === undefined ? {} : { expiresAfterMs }) });
        await past(Date.now() + thenWaitMs);
        if (unseen) {
          await world.startWorker();
        }
      }
      if (!isTerminal(await world.position(release))) {
        await world.act(release, 'abort');
      }
      await world.workflowEnds(release);
    }),
  };
}

/** What is recorded: each path through the workflow, and action sequences that nobody thought of. */
export const scenarios: readonly Scenario[] = [
  ...SCENARIOS,
  ...SERVICE_SCENARIOS,
  ...PROCESS_SCENARIOS,
  ...Array.from({ length: RANDOM_RUNS }, (_, index) => randomScenario(index + 1)),
];
