import { Client, Connection } from '@temporalio/client';

import { temporalEngine } from '../../src/api/dispatch/engine';
import { isTerminal } from '../../src/domain/release';
import { freePort } from '../../src/main/temporal/free-port';
import { FlagImage } from '../../src/targets/flags/flag-image';
import { loadServedFlags } from '../../src/store/flags/load-served-flags';
import { HOLDS_CHANGED_SIGNAL } from '../../src/workflows/messages';
import { eventually } from '../support/eventually';
import { AUTHOR, phase, review } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { WITH_SHORT_RUNS, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';

const HOUR = 3_600_000;

let world: ReleaseWorld;

worldPerTest((opened) => {
  world = opened;
});

const once = (types: readonly string[], type: string): number => types.filter((other) => other === type).length;

/** The clock of this machine has gone past that instant. */
const past = (instant: number) => eventually('the time has come', () => Date.now() > instant);

async function isOn(flag: string, environment = 'staging'): Promise<boolean> {
  const environmentId = world.environments[environment] ?? '';
  const served = await loadServedFlags(world.store, environmentId);
  const image = new FlagImage();
  image.replace(environmentId, served?.revision ?? 0, served?.flags ?? new Map());
  const answer = image.evaluate(environmentId, flag, { targetingKey: 'someone' });
  return answer !== undefined && 'value' in answer && answer.value === true;
}

describe('a trigger', () => {
  it('REL-2: accepted while there is neither Temporal nor a worker, runs exactly once when both are there', async () => {
    const nowhere = Connection.lazy({ address: `127.0.0.1:${await freePort()}` });
    world.startDispatcher(temporalEngine(new Client({ connection: nowhere }), world.store.installationId));
    const release = await world.trigger({ phases: [phase('all')] });
    await nowhere.close();
    await world.stopDispatchers();
    expect(await world.eventTypes(release)).toEqual(['release-triggered']);
    expect(await world.shown(release)).toBe('queued');

    world.startDispatcher();
    await world.startWorker();

    await world.reaches(release, 'completed');
    expect(await world.eventTypes(release)).toEqual([
      'release-triggered',
      'release-started',
      'phase-started',
      'deployment-succeeded',
      'bake-started',
      'bake-ended',
      'release-completed',
    ]);
    expect(await isOn('new-checkout', 'production')).toBe(true);
  });

  it('REL-2: runs once, however many dispatchers bring it and however often it is started', async () => {
    const release = await world.trigger({ phases: [phase('all', { bakeMs: 300 })] });

    world.startDispatcher();
    world.startDispatcher();
    await Promise.all(Array.from({ length: 5 }, () => world.engine.start({ release, epoch: 1 })));
    await world.startWorker();
    await world.reaches(release, 'completed');

    const types = await world.eventTypes(release);
    expect(once(types, 'release-started')).toBe(1);
    expect(once(types, 'phase-started')).toBe(1);
    expect(once(types, 'release-completed')).toBe(1);
  });
});

describe('an action', () => {
  it('REL-25: is answered with its outcome as soon as that is recorded, and the next read shows it', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    const paused = await world.outcomes.wait(await world.accept(release, 'pause'), 20_000);
    expect(paused).toMatchObject({ status: 'applied', refusal: null });
    expect(await world.shown(release)).toBe('paused');

    const again = await world.outcomes.wait(await world.accept(release, 'pause'), 20_000);
    expect(again).toMatchObject({ status: 'refused', refusal: { refused: 'bake.already-paused' } });
    expect(again?.refusal?.allowed).toContain('unpause');
  });

  it('REL-25: is undecided while no worker is there, and applied once one is', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);
    await world.rests(release);
    await world.stopWorker();

    const action = await world.accept(release, 'pause');
    expect(await world.outcomes.wait(action, 100)).toMatchObject({ status: 'undecided', decidedAt: null });

    await world.startWorker();
    expect(await world.outcomeOf(action)).toBe('applied');
  });

  it('REL-25: whose own time is over before anyone decides it is refused', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);
    await world.rests(release);
    await world.stopWorker();

    const action = await world.accept(release, 'pause', { expiresAfterMs: 10 });
    await past(Date.now() + 10);
    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('action.expired');
    expect(await world.shown(release)).toBe('baking');
  });

  it('REL-28: is one of 200 at once: all get consecutive numbers, and each is decided once, in that order', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    const accepted = await Promise.all(
      Array.from({ length: 200 }, (_, index) => world.accept(release, index % 2 === 0 ? 'pause' : 'unpause')),
    );
    await Promise.all(accepted.map((action) => world.outcomeOf(action)));

    const numbers = await Promise.all(accepted.map(async (action) => (await world.action(action)).number));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const decided = (await world.events(release)).filter(({ type }) => /^action-/.test(type));
    expect(decided.map(({ data }) => data['number'])).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect((await world.position(release)).decided).toBe(200);
  });

  it('REL-25: signalled while the last recording is under way is answered: refused when the release is reverted', async () => {
    let late: string | undefined;
    world.startDispatcher();
    await world.startWorker({
      activities: (real) => ({
        ...real,
        recordStep: async (input) => {
          if (input.step.reach?.kind === 'revert') {
            late = await world.accept(input.release, 'pause');
            await world.told(late);
          }
          return real.recordStep(input);
        },
      }),
    });
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    expect(await world.act(release, 'abort')).toBe('applied');
    await world.workflowEnds(release);

    expect(await world.outcomeOf(late ?? '')).toBe('release.ended');
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-30: an abort signalled while the completion is being recorded wins against it', async () => {
    let late: string | undefined;
    world.startDispatcher();
    await world.startWorker({
      activities: (real) => ({
        ...real,
        recordStep: async (input) => {
          if (input.step.reach?.kind === 'completion' && late === undefined) {
            late = await world.accept(input.release, 'abort');
            await world.told(late);
          }
          return real.recordStep(input);
        },
      }),
    });
    const release = await world.trigger({ phases: [phase('all', { bakeMs: 50 })] });

    await world.reaches(release, 'aborted');
    await world.workflowEnds(release);

    expect(await world.outcomeOf(late ?? '')).toBe('applied');
    expect(await world.eventTypes(release)).not.toContain('release-completed');
    expect(await isOn('new-checkout')).toBe(false);
  });
});

describe('actions and timers', () => {
  const twoPhases = [phase('few', { bakeMs: 2_000 }), phase('all', { bakeMs: HOUR })];

  /** A release whose first bake ends while no worker is there; that end. */
  async function bakeEndsUnseen(): Promise<{ release: string; endsAt: number }> {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: twoPhases });
    const endsAt = await world.bakes(release, 0);
    await world.rests(release);
    await world.stopWorker();
    await past(endsAt);
    return { release, endsAt };
  }

  it('REL-29: a pause accepted before the end of the bake wins, though it is decided after it', async () => {
    const { release, endsAt } = await bakeEndsUnseen();
    const action = await world.accept(release, 'pause', { at: endsAt - 7 });

    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('applied');
    expect((await world.position(release)).phases[0]?.progress).toMatchObject({ status: 'paused', remainingMs: 7 });
  });

  it('REL-29: a pause accepted at the end of the bake loses against it, and is stale in the next phase', async () => {
    const { release, endsAt } = await bakeEndsUnseen();
    const action = await world.accept(release, 'pause', { at: endsAt });

    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('release.stale-phase');
    await world.bakes(release, 1);
  });

  it('REL-30: an abort accepted while nobody is there wins against a bake that ends meanwhile', async () => {
    const { release, endsAt } = await bakeEndsUnseen();
    const action = await world.accept(release, 'abort', { at: endsAt - 1 });

    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('applied');
    await world.reaches(release, 'aborted');
    const types = await world.eventTypes(release);
    expect(types).not.toContain('bake-ended');
    expect(once(types, 'phase-started')).toBe(1);
    expect(await isOn('new-checkout')).toBe(false);
  });

  it('REL-30: an abort after the end of the bake still comes before the next phase', async () => {
    const { release, endsAt } = await bakeEndsUnseen();
    const action = await world.accept(release, 'abort', { at: endsAt + 1 });

    await world.startWorker();

    expect(await world.outcomeOf(action)).toBe('applied');
    await world.reaches(release, 'aborted');
    const types = (await world.eventTypes(release)).filter((type) => type !== 'action-applied');
    expect(types.slice(types.indexOf('bake-started'))).toEqual([
      'bake-started',
      'bake-ended',
      'release-aborting',
      'release-aborted',
    ]);
  });

  it('REL-30: a timer does not win over an action that its workflow was never told of', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: twoPhases });
    const endsAt = await world.bakes(release, 0);
    await world.stopDispatchers();

    const action = await world.accept(release, 'pause', { at: endsAt - 5 });

    expect(await world.outcomeOf(action)).toBe('applied');
    expect((await world.position(release)).phases[0]?.progress).toMatchObject({ status: 'paused', remainingMs: 5 });
  });

  it('REL-12: unpause goes on with what was left, however often it is repeated', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    const endsAt = await world.bakes(release, 0);

    const left: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await world.act(release, 'pause');
      const { progress } = (await world.position(release)).phases[0] ?? {};
      left.push(progress?.status === 'paused' ? progress.remainingMs : -1);
      await world.act(release, 'unpause');
    }

    expect(left[0]).toBeLessThanOrEqual(HOUR);
    expect([...left].sort((a, b) => b - a)).toEqual(left);
    expect(await world.bakes(release, 0)).toBeGreaterThanOrEqual(endsAt);
  });

  it('REL-10: a deadline outcome comes at its time, without anyone asking', async () => {
    world.startDispatcher();
    await world.startWorker();
    const deadline = (outcome: 'abort' | 'proceed' | 'keep-waiting') => [
      phase('all', { bakeMs: HOUR, requiredReview: review({ deadline: { afterMs: 100, outcome } }) }),
    ];
    const [aborts, proceeds, waits] = [
      await world.trigger({ phases: deadline('abort'), flags: ['a'] }),
      await world.trigger({ phases: deadline('proceed'), flags: ['b'] }),
      await world.trigger({ phases: deadline('keep-waiting'), flags: ['c'] }),
    ];

    await world.reaches(aborts, 'aborted');
    await world.bakes(proceeds, 0);
    await eventually('the deadline is recorded', async () =>
      (await world.eventTypes(waits)).includes('review-deadline-passed'),
    );
    expect(await world.shown(waits)).toBe('waiting-for-review');
    expect(await world.act(waits, 'approve')).toBe('applied');
    await world.bakes(waits, 0);

    for (const release of [aborts, proceeds, waits]) {
      const events = await world.events(release);
      const opened = events.find(({ type }) => type === 'review-opened');
      const passed = events.find(({ type }) => /review-passed|release-aborting|review-deadline-passed/.test(type));
      expect(passed?.at).toBe((opened?.at ?? 0) + 100);
    }
  });
});

describe('armed intents and abort', () => {
  /** Accepts actions that the workflow decides all at once, when the release waits for its review. */
  async function allAtOnce(release: string, ...verbs: Parameters<ReleaseWorld['accept']>[1][]): Promise<string[]> {
    await world.reaches(release, 'waiting-for-review');
    await world.rests(release);
    await world.stopWorker();
    const accepted: string[] = [];
    for (const verb of verbs) {
      accepted.push(await world.accept(release, verb));
    }
    await world.startWorker();
    return Promise.all(accepted.map((action) => world.outcomeOf(action)));
  }

  const reviewed = [phase('few', { bakeMs: HOUR, requiredReview: review() }), phase('all', { bakeMs: HOUR })];

  beforeEach(async () => {
    world.startDispatcher();
    await world.startWorker();
  });

  it('REL-13: a pause armed during the roll-out makes the bake begin paused, with its full time', async () => {
    const release = await world.trigger({ phases: reviewed });

    expect(await allAtOnce(release, 'approve', 'pause')).toEqual(['applied', 'applied']);

    const { phases } = await world.reaches(release, 'paused', 0);
    expect(phases[0]?.progress).toMatchObject({ remainingMs: HOUR });
  });

  it('REL-31: a higher intent replaces a lower one, an equal or lower one is refused', async () => {
    const release = await world.trigger({ phases: reviewed });

    expect(await allAtOnce(release, 'approve', 'pause', 'skip', 'skip', 'pause')).toEqual([
      'applied',
      'applied',
      'applied',
      'release.intent-armed',
      'release.intent-armed',
    ]);

    await world.bakes(release, 1);
    expect(await world.eventTypes(release)).not.toContain('bake-paused');
  });

  it('REL-31: an armed full roll-out fires when the roll-out has ended', async () => {
    const release = await world.trigger({ phases: reviewed });

    expect(await allAtOnce(release, 'approve', 'pause', 'full-rollout')).toEqual(['applied', 'applied', 'applied']);

    await world.reaches(release, 'completed');
    expect(await isOn('new-checkout', 'production')).toBe(true);
  });

  it('REL-32: targets stay locked until the release is aborted, and are free then', async () => {
    const release = await world.trigger({ phases: reviewed });
    await world.reaches(release, 'waiting-for-review');
    await world.act(release, 'approve');
    await world.bakes(release, 0);
    expect(await world.tryToTrigger({ phases: reviewed })).toMatchObject({ kind: 'busy', active: [release] });

    await world.act(release, 'abort');
    await world.reaches(release, 'aborted');

    expect(await isOn('new-checkout')).toBe(false);
    expect(await world.tryToTrigger({ phases: reviewed })).toMatchObject({ kind: 'release' });
    expect(await world.act(release, 'unpause')).toBe('release.ended');
  });
});

describe('the workflow of a release', () => {
  it('REL-33: goes on in a new run from the store, long before its history is too long', async () => {
    world.startDispatcher();
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);
    const { runId: first } = await world.workflow(release).describe();

    for (let round = 0; round < 6; round += 1) {
      expect(await world.act(release, 'pause')).toBe('applied');
      expect(await world.act(release, 'unpause')).toBe('applied');
    }

    const { runId: last, historyLength } = await world.workflow(release).describe();
    expect(last).not.toBe(first);
    expect(historyLength).toBeLessThan(100);
    expect(once(await world.eventTypes(release), 'release-started')).toBe(1);
    expect(await world.act(release, 'abort')).toBe('applied');
    await world.workflowEnds(release);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-33: loses no action that comes while it changes runs', async () => {
    world.startDispatcher();
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    const outcomes: string[] = [];
    for (let burst = 0; burst < 12; burst += 1) {
      const accepted = await Promise.all([world.accept(release, 'pause'), world.accept(release, 'unpause')]);
      outcomes.push(...(await Promise.all(accepted.map((action) => world.outcomeOf(action)))));
    }

    expect(outcomes).toHaveLength(24);
    expect((await world.position(release)).decided).toBe(24);
    const decided = (await world.events(release)).filter(({ type }) => /^action-/.test(type));
    expect(decided).toHaveLength(24);
  });

  it('REL-33: started a second time beside the first, does nothing', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);
    const before = await world.events(release);

    await world.startAgain(release, 'second');

    expect(await world.events(release)).toEqual(before);
    expect(await world.act(release, 'pause')).toBe('applied');
  });

  it('REL-33: started for a release that has ended or that nobody knows, does nothing', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all')] });
    await world.workflowEnds(release);
    const before = await world.events(release);

    await world.startAgain(release, 'second');
    await world.startAgain('no-such-release', 'third');

    expect(await world.events(release)).toEqual(before);
  });

  it('REL-33: never runs again under its id once it has ended', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all')] });
    await world.workflowEnds(release);
    const { runId } = await world.workflow(release).describe();

    await world.engine.start({ release, epoch: 1 });

    expect((await world.workflow(release).describe()).runId).toBe(runId);
    expect(await world.engine.tellActions(release, [])).toBe(false);
    expect(await world.engine.tellHoldsChanged(release)).toBe(false);
  });

  it('REL-33: records no more once the release is started anew from the store', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    await world.store.write(({ sql }) =>
      sql.updateTable('releases').set({ epoch: 2, claimedBy: null }).where('id', '=', release).execute(),
    );
    const action = await world.accept(release, 'pause');
    await world.workflowEnds(release);

    expect((await world.action(action)).status).toBe('undecided');
    expect(await world.eventTypes(release)).not.toContain('bake-paused');
  });

  it('REL-33: takes what was recorded before for its own when the answer was lost', async () => {
    const lost = new Set<number>();
    world.startDispatcher();
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
    const release = await world.trigger({ phases: [phase('few', { bakeMs: 50 }), phase('all', { bakeMs: 50 })] });

    await world.workflowEnds(release);

    // The second phase and the end; the first phase came with the claim.
    expect(lost.size).toBe(2);
    const types = await world.eventTypes(release);
    expect(once(types, 'phase-started')).toBe(2);
    expect(once(types, 'bake-ended')).toBe(2);
    expect(once(types, 'release-completed')).toBe(1);
  });

  it('REL-33: comes to the same when every step is replayed from the start of its history', async () => {
    world.startDispatcher();
    await world.startWorker({ maxCachedWorkflows: 0 });
    const release = await world.trigger({
      phases: [phase('few', { bakeMs: HOUR }), phase('all', { bakeMs: 50, requiredReview: review({ approvals: 2 }) })],
    });
    await world.bakes(release, 0);

    expect(await world.act(release, 'pause')).toBe('applied');
    expect(await world.act(release, 'unpause')).toBe('applied');
    expect(await world.act(release, 'skip')).toBe('applied');
    expect(await world.act(release, 'approve', { by: AUTHOR })).toBe('review.author');
    expect(await world.act(release, 'approve')).toBe('applied');
    expect(await world.act(release, 'approve', { by: 'rita' })).toBe('applied');

    await world.workflowEnds(release);
    expect(isTerminal(await world.position(release))).toBe(true);
  });

  it('goes on when it is woken for nothing', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await world.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
    await world.bakes(release, 0);

    await world.engine.tellHoldsChanged(release);

    expect(await world.act(release, 'pause')).toBe('applied');
    await world.workflow(release).signal(HOLDS_CHANGED_SIGNAL);
    expect(await world.act(release, 'abort')).toBe('applied');
    await world.workflowEnds(release);
  });
});
