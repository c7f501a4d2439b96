import { Registry } from 'prom-client';

import type { EngineRun, EngineView } from '../../../src/api/dispatch/engine-view';
import { EngineWatch } from '../../../src/api/dispatch/engine-watch';
import { Reconciler } from '../../../src/api/dispatch/reconciler';
import { repairCounters } from '../../../src/api/dispatch/repair-counters';
import { createLog } from '../../../src/api/log';
import { decideAll, enterFirstPhase, RUN } from '../../store/releases/release-steps';
import { eventually } from '../../support/eventually';
import { newParts, phase, ReleaseStore } from '../../support/release-store';

const baking = [phase('all', { bakeMs: 3_600_000 })];
const RUNNING: EngineRun = {
  runId: RUN.runId,
  epoch: 1,
  isRunning: true,
  status: 'RUNNING',
  historyLength: 100,
  attempt: null,
  isRecording: false,
};

let world: ReleaseStore;
let release: string;
let watch: EngineWatch;
let registry: Registry;
let reconciler: Reconciler | undefined;
let looks: number;
/** What Temporal shows of the release. */
let shown: () => Promise<EngineRun | null>;
/** What its workflow says. */
let seq: number | null;

const view: EngineView = {
  describe: async () => {
    const run = await shown();
    looks += 1;
    return run;
  },
  positionOf: () => Promise.resolve({ epoch: 1, seq }),
  lastFailure: () => Promise.resolve({ since: 1, message: 'The code is at fault' }),
};

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
  release = await world.trigger({ phases: baking });
  await enterFirstPhase(world, release);
  watch = new EngineWatch({ now: Date.now, temporal: () => Promise.resolve() });
  registry = new Registry();
  looks = 0;
  shown = () => Promise.resolve(RUNNING);
  seq = 1;
});
afterEach(async () => {
  await reconciler?.stop();
  watch.stop();
  await world.close();
});

function start(times: { quickMs?: number; sweepMs?: number } = {}): void {
  reconciler = new Reconciler({
    store: world.store,
    view,
    watch,
    counters: repairCounters(registry),
    log: createLog('silent'),
    now: Date.now,
    times: { quickMs: 20, sweepMs: 20, ...times },
  });
}

const repairs = async () =>
  (await world.events(release)).filter(({ type }) => type === 'release-repaired').map(({ data }) => data['why']);

const lookedAt = (times: number) =>
  eventually(`it was looked at ${times} times`, () => Promise.resolve(looks >= times));

describe('the reconciler', () => {
  it('REL-33: repairs what it finds once, says so in the audit, and counts it', async () => {
    shown = () => Promise.resolve(null);

    start();

    await eventually('it is repaired', async () => (await repairs()).length > 0);
    await reconciler?.stop();
    expect(await repairs()).toEqual(['missing']);
    expect(await registry.metrics()).toContain('sluice_release_repairs_total{why="missing"} 1');
  });

  it('INV-9: does nothing while Temporal does not answer, and what is to be done when it does', async () => {
    let asked = 0;
    shown = () => {
      asked += 1;
      return asked < 5 ? Promise.reject(new Error('Temporal is away')) : Promise.resolve(null);
    };

    start({ sweepMs: 3_600_000 });

    await eventually('it was tried', () => Promise.resolve(asked > 2));
    expect(await repairs()).toEqual([]);
    await eventually('it is repaired', async () => (await repairs()).length > 0);
  });

  it('REL-33: leaves alone what ends while it looks', async () => {
    shown = async () => {
      if ((await world.shown(release)) !== 'aborted') {
        await world.accept(release, 'abort');
        await decideAll(world, release);
      }
      return { ...RUNNING, isRunning: false, status: 'COMPLETED' };
    };

    start();

    await lookedAt(1);
    await reconciler?.stop();
    expect(await repairs()).toEqual([]);
    expect(await world.shown(release)).toBe('aborted');
  });

  it('REL-33: asks one that should have moved, and repairs it when it does not hear twice in a row', async () => {
    await world.accept(release, 'pause');
    seq = 0;

    start({ sweepMs: 3_600_000 });

    await eventually('it is repaired', async () => (await repairs()).length > 0);
    await reconciler?.stop();
    expect(looks).toBeGreaterThan(1);
    expect(await repairs()).toEqual(['temporal-behind']);
  });

  it('REL-33: leaves one alone that should have moved, however often it finds nothing wrong', async () => {
    await world.accept(release, 'pause', { at: 1 });
    start({ quickMs: 5, sweepMs: 3_600_000 });

    await lookedAt(5);

    expect(await repairs()).toEqual([]);
    expect(watch.troubleOf(release)).toBeNull();
  });

  it('REL-26: tells of one that fails, without a repair, until it does not', async () => {
    shown = () => Promise.resolve({ ...RUNNING, attempt: 3 });
    start();
    await eventually('it is told', () => Promise.resolve(watch.troubleOf(release) !== null));

    expect(watch.troubleOf(release)).toEqual({ trouble: 'workflow-failing', since: 1, detail: 'The code is at fault' });
    shown = () => Promise.resolve({ ...RUNNING, attempt: 1 });
    await eventually('it is not told any more', () => Promise.resolve(watch.troubleOf(release) === null));
    expect(await repairs()).toEqual([]);
  });

  it('REL-33: looks at once at one that it is told of', async () => {
    start({ quickMs: 3_600_000, sweepMs: 3_600_000 });
    await lookedAt(1);
    shown = () => Promise.resolve({ ...RUNNING, isRunning: false, status: 'TERMINATED' });

    reconciler?.lookAt(release);

    await eventually('it is repaired', async () => (await repairs()).length > 0);
    expect(await repairs()).toEqual(['closed']);
  });
});
