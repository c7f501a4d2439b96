import type { StepToRecord } from '../../src/store/releases/record-step';
import { repairRelease } from '../../src/store/releases/repair-release';
import type { ReleaseRow } from '../../src/store/releases/stored-release';
import { eventually } from '../support/eventually';
import { phase, review } from '../support/release-store';
import { ReleaseWorld, type TemporalConnections } from '../support/release-world';
import { WITH_A_FAULT, WITH_SHORT_RUNS, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';

const HOUR = 3_600_000;

let temporal: TemporalConnections;
let world: ReleaseWorld;

worldPerTest((opened, connections) => {
  world = opened;
  temporal = connections;
});

/** A release in the bake of its first phase, whose workflow rests. */
async function baking(bakeMs = HOUR): Promise<string> {
  const release = await world.trigger({ phases: [phase('few', { bakeMs }), phase('all')] });
  await world.bakes(release, 0);
  await world.rests(release);
  return release;
}

const repairByHand = (release: string) =>
  world.store.write((unit) =>
    repairRelease(unit, {
      releaseId: release,
      epoch: null,
      why: 'asked',
      detail: null,
      by: 'olga',
      reason: null,
      at: Date.now(),
    }),
  );

/** The store as it was when that row was read: what was recorded of the release since is gone. */
async function restore(before: ReleaseRow): Promise<void> {
  const { id, position, state, seq, epoch, claimedBy, lastAction, runId, historyLength, dueAt } = before;
  await world.store.write(async ({ sql }) => {
    await sql.deleteFrom('releaseSteps').where('releaseId', '=', id).where('seq', '>', seq).execute();
    await sql.deleteFrom('actions').where('releaseId', '=', id).where('number', '>', lastAction).execute();
    await sql
      .updateTable('releases')
      .set({ position, state, seq, epoch, claimedBy, lastAction, runId, historyLength, dueAt })
      .where('id', '=', id)
      .execute();
  });
}

describe('a release whose workflow is gone', () => {
  it('REL-33: terminated in the middle of a bake, ends it at its own time', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking(3_000);
    const endsAt = (await world.row(release)).dueAt;

    await world.workflow(release).terminate('by hand');
    world.startReconciler();

    await world.reaches(release, 'completed');
    expect(await world.repairs(release)).toEqual(['closed']);
    const events = await world.events(release);
    expect(events.find(({ type }) => type === 'bake-ended')?.at).toBe(endsAt);
    expect(events.filter(({ type }) => type === 'phase-started')).toHaveLength(2);
  });

  it('REL-33: is found by the action that cannot be told, which is then decided once', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    world.startReconciler({ quickMs: 60_000 });
    await eventually('all was looked at', async () => (await world.view.describe(release))?.isRunning);

    await world.workflow(release).terminate('by hand');

    expect(await world.act(release, 'pause')).toBe('applied');
    expect(await world.repairs(release)).toEqual(['closed']);
    expect((await world.eventTypes(release)).filter((type) => type === 'bake-paused')).toHaveLength(1);
  });

  it('REL-33: that Temporal never had although it said so, is started', async () => {
    const release = await world.trigger({ phases: [phase('all')] });
    await world.store.write(({ sql }) =>
      sql.updateTable('releases').set({ startDeliveredAt: 1 }).where('id', '=', release).execute(),
    );
    world.startDispatcher();
    await world.startWorker();
    expect(await world.shown(release)).toBe('queued');

    world.startReconciler();

    await world.reaches(release, 'completed');
    expect(await world.repairs(release)).toEqual(['missing']);
  });

  it('REL-33: is repaired once, however many look', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    await world.workflow(release).terminate('by hand');

    world.startReconciler();
    world.startReconciler();
    world.startReconciler();

    expect(await world.act(release, 'abort')).toBe('applied');
    await world.reaches(release, 'aborted');
    expect(await world.repairs(release)).toEqual(['closed']);
  });
});

describe('a release that needs no repair', () => {
  it('REL-33: is left alone: it bakes, waits for its review, waits for its turn, or for a worker', async () => {
    world.startDispatcher();
    await world.startWorker();
    const bakes = await baking();
    const next = await world.trigger({ phases: [phase('all')], whenBusy: 'queue' });
    const waits = await world.trigger({ phases: [phase('all', { requiredReview: review() })], flags: ['other'] });
    await world.reaches(waits, 'waiting-for-review');
    await eventually('the queued one is claimed', async () => (await world.row(next)).claimedBy !== null);
    await world.stopWorker();
    const unclaimed = await world.trigger({ phases: [phase('all')], flags: ['third'] });
    await world.accept(bakes, 'pause');

    let described = 0;
    const { describe } = world.view;
    world.view.describe = (release) => {
      described += 1;
      return describe(release);
    };
    world.startReconciler({ sweepMs: 1 });
    await eventually('everything was looked at more than once', () => described > 8, 25_000);
    await world.stopReconcilers();

    for (const release of [bakes, next, waits, unclaimed]) {
      expect(await world.repairs(release)).toEqual([]);
    }
    await world.startWorker();
    await world.reaches(unclaimed, 'completed');
  });

  it('REL-33: is known by its epoch also after it went on in a new run', async () => {
    world.startDispatcher();
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    const release = await baking();
    await repairByHand(release);
    await eventually('the second epoch has claimed it', async () => (await world.row(release)).claimedBy !== null);
    const first = (await world.row(release)).runId;
    world.startReconciler({ sweepMs: 1 });

    for (let round = 0; round < 6; round += 1) {
      expect(await world.act(release, 'pause')).toBe('applied');
      expect(await world.act(release, 'unpause')).toBe('applied');
    }

    await world.rests(release);
    const run = await world.view.describe(release);
    expect(run).toMatchObject({ epoch: 2, isRunning: true, runId: (await world.row(release)).runId });
    expect(run?.runId).not.toBe(first);
    expect(await world.view.positionOf(release, run?.runId ?? '')).toEqual({
      epoch: 2,
      seq: (await world.row(release)).seq,
    });
    expect(await world.repairs(release)).toEqual(['asked']);
  });

  it('REL-33: of another installation on the same Temporal, is left alone', async () => {
    const other = await ReleaseWorld.open(temporal);
    try {
      for (const each of [world, other]) {
        each.startDispatcher();
        await each.startWorker();
      }
      const release = await baking();
      const beside = await other.trigger({ phases: [phase('all', { bakeMs: HOUR })] });
      await other.bakes(beside, 0);
      const before = await other.workflow(beside).describe();
      await world.workflow(release).terminate('by hand');

      world.startReconciler();
      other.startReconciler();

      expect(await world.act(release, 'pause')).toBe('applied');
      expect(await world.repairs(release)).toEqual(['closed']);
      expect(await other.repairs(beside)).toEqual([]);
      expect((await other.workflow(beside).describe()).runId).toBe(before.runId);
    } finally {
      await other.close();
    }
  });
});

describe('an older copy', () => {
  it('REL-33: of a workflow is known by its shorter history, and another one goes on', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    const { runId } = await world.workflow(release).describe();
    // As after many more steps that the copy of Temporal's data does not hold.
    await world.store.write(({ sql }) =>
      sql.updateTable('releases').set({ historyLength: 1_000 }).where('id', '=', release).execute(),
    );

    world.startReconciler();

    await eventually('the next epoch has claimed it', async () => {
      const row = await world.row(release);
      return row.epoch === 2 && row.claimedBy !== null;
    });
    expect(await world.repairs(release)).toEqual(['temporal-behind']);
    expect(
      (await temporal.client.workflow.getHandle(world.workflow(release).workflowId, runId).describe()).status.name,
    ).toBe('TERMINATED');
    expect(await world.act(release, 'pause')).toBe('applied');
  });

  it('REL-33: of the store is known by what its workflow says when it does not decide', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    const backup = await world.row(release);
    for (const verb of ['pause', 'unpause', 'pause'] as const) {
      expect(await world.act(release, verb)).toBe('applied');
    }
    await world.rests(release);

    await restore(backup);
    world.startReconciler();

    expect(await world.shown(release)).toBe('baking');
    expect(await world.act(release, 'pause')).toBe('applied');
    expect(await world.repairs(release)).toEqual(['store-behind']);
    expect(await world.shown(release)).toBe('paused');
  });

  it('REL-33: of the store, whose workflow is of an epoch that it does not know, is known from outside', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    const backup = await world.row(release);
    await repairByHand(release);
    await eventually('the second epoch has claimed it', async () => (await world.row(release)).claimedBy !== null);
    await world.rests(release);

    await restore(backup);
    world.startReconciler();

    await eventually('a third epoch goes on', async () => (await world.row(release)).epoch === 3);
    expect(await world.repairs(release)).toEqual(['asked', 'store-behind']);
    expect(await world.act(release, 'abort')).toBe('applied');
  });
});

describe('a divergence', () => {
  it('REL-33: is told of, ends the workflow that diverged, and the release goes on from the store', async () => {
    const diverged: StepToRecord[] = [];
    world.startDispatcher();
    await world.startWorker({ onDivergence: (_, step) => void diverged.push(step) });
    const release = await baking();
    const backup = await world.row(release);
    expect(await world.act(release, 'pause')).toBe('applied');
    await world.rests(release);
    await restore(backup);

    // The workflow has decided one of number 1 already, and decides number 2 at a step that the store is not at.
    const actions = [await world.accept(release, 'pause'), await world.accept(release, 'skip')];

    expect(await Promise.all(actions.map((action) => world.outcomeOf(action)))).toEqual(['applied', 'applied']);
    expect(diverged).toMatchObject([{ release, epoch: 1, seq: backup.seq + 2 }]);
    expect(await world.repairs(release)).toEqual(['diverged']);
    await world.reaches(release, 'completed');
  });

  it('REL-33: under the number of a step that was recorded with other contents, ends the same way', async () => {
    let diverged = 0;
    world.startDispatcher();
    await world.startWorker({
      onDivergence: () => (diverged += 1),
      activities: (real) => ({
        ...real,
        recordStep: async (input) => {
          if (input.epoch === 1) {
            await real.recordStep({ ...input, step: { ...input.step, reach: null } });
          }
          return real.recordStep(input);
        },
      }),
    });
    const release = await baking();

    const paused = await world.act(release, 'skip');

    expect(paused).toBe('applied');
    await world.reaches(release, 'completed');
    expect(diverged).toBe(1);
    expect(await world.repairs(release)).toEqual(['diverged']);
  });
});

describe('a workflow whose code throws', () => {
  it('REL-26: is told of with its fault and not repaired; with code that does not, a repair lets it go on at once', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking();
    await world.stopWorker();
    await world.startWorker({ bundle: await workflowBundle(WITH_A_FAULT) });
    const action = await world.accept(release, 'pause');
    world.startReconciler();

    const trouble = await eventually('the fault is known', () => world.watch.troubleOf(release) ?? undefined, 25_000);

    expect(trouble).toMatchObject({ trouble: 'workflow-failing', detail: 'The code is at fault' });
    expect(trouble.since).toBeLessThanOrEqual(Date.now());
    await world.stopWorker();
    await world.startWorker();
    await repairByHand(release);
    expect(await world.outcomeOf(action)).toBe('applied');
    await eventually('the fault is forgotten', () => world.watch.troubleOf(release) === null);
    expect(await world.repairs(release)).toEqual(['asked']);
  }, 60_000);
});

describe('a repair by hand', () => {
  it('REL-33: ends the workflow that runs, and a second one at the same time ends the first one’s', async () => {
    world.startDispatcher();
    await world.startWorker();
    const release = await baking(2_000);
    const endsAt = (await world.row(release)).dueAt;

    expect(await Promise.all([repairByHand(release), repairByHand(release)])).toEqual(['repaired', 'repaired']);

    await world.reaches(release, 'completed');
    const events = await world.events(release);
    expect(events.find(({ type }) => type === 'bake-ended')?.at).toBe(endsAt);
    expect(events.filter(({ type }) => type === 'phase-started')).toHaveLength(2);
    expect((await world.row(release)).epoch).toBe(3);
  });
});
