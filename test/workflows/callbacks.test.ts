import type { JobEnd } from '../../src/activities/roll-out';
import type { ProcessStep } from '../../src/domain/pipeline';
import { manual, rollOut } from '../domain/process-fixture';
import { eventually } from '../support/eventually';
import { phase } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { startVersionTarget, type VersionTarget } from '../support/version-target';
import { WITH_SHORT_RUNS, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';
import { stopTargets } from '../targets/webhooks/webhook-target';

const HOUR = 3_600_000;

let world: ReleaseWorld;
let target: VersionTarget;

worldPerTest((opened) => {
  world = opened;
});
beforeEach(async () => {
  target = await startVersionTarget();
  world.startDispatcher();
});
afterEach(() => stopTargets());

/** A release of `payments`, which promises to call back within that time; its id. */
async function released(callbackTimeoutMs = HOUR, process: ProcessStep[] = []): Promise<string> {
  const id = await world.putService('payments', { staging: target.urlOf('payments', 'staging') });
  await world.letCallBack(id, callbackTimeoutMs);
  const phases = [phase('all', { bakeMs: HOUR })];
  return world.trigger({ phases, process, flags: [], services: { payments: '2' } });
}

/** The target takes every apply and says that it will call back, as soon as that promise is kept. */
function promises(after = Promise.resolve()): void {
  target.meet(({ type }, response) => {
    if (type === 'service.apply') {
      void after.then(() => response.writeHead(202).end());
      return true;
    }
    return undefined;
  });
}

const keyOfFirst = () => eventually('the target was asked', () => target.deliveries[0]?.id ?? false);

const callBack = async () => world.callBack(await keyOfFirst());

/** A worker whose deployments keep to themselves that they have stopped, until they are let go. */
async function startReticentWorker(): Promise<{ hasStopped: Promise<JobEnd>; letGo: () => void }> {
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let tell: (end: JobEnd) => void = () => undefined;
  const hasStopped = new Promise<JobEnd>((resolve) => {
    tell = resolve;
  });
  await world.startWorker({
    activities: (real) => ({
      rollOut: async (rollOut) => {
        const end = await real.rollOut(rollOut);
        if (!end.finished) {
          tell(end);
          await gone;
        }
        return end;
      },
    }),
  });
  return { hasStopped, letGo: () => letGo() };
}

it('PRO-6: a deployment goes on when the callback was decided while its word that it waits was on its way', async () => {
  promises();
  const { hasStopped, letGo } = await startReticentWorker();
  const release = await released();
  const end = await hasStopped;

  const outcome = await world.outcomeOf(await callBack());
  letGo();

  await world.bakes(release, 0);
  expect([outcome, typeof end.awaitedUntil]).toEqual(['applied', 'number']);
  expect(target.deliveries).toHaveLength(1);
});

it('PRO-6: so it does when the callback came before the 202, and what stopped it is decided before it says so', async () => {
  let answer = (): void => undefined;
  promises(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  const { hasStopped, letGo } = await startReticentWorker();
  const release = await released();
  await keyOfFirst();
  await world.stopDispatchers();
  const action = await callBack();
  answer();
  const end = await hasStopped;

  world.startDispatcher();
  const outcome = await world.outcomeOf(action);
  letGo();

  await world.bakes(release, 0);
  expect(outcome).toBe('applied');
  expect(end).toMatchObject({ finished: null, actions: [{ id: action }] });
  expect(end).not.toHaveProperty('awaitedUntil');
});

it('REL-33: a callback is awaited across runs, and nothing is sent again', async () => {
  promises();
  await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
  const release = await released();
  await awaited(release);
  const run = async () => (await world.workflow(release).describe()).runId;
  const first = await run();

  await eventually('another run goes on', async () => {
    await world.act(release, 'pause');
    await world.act(release, 'unpause');
    return (await run()) !== first;
  });
  await world.outcomeOf(await callBack());

  await world.bakes(release, 0);
  expect(target.deliveries).toHaveLength(1);
});

it('PRO-6: a roll-out that is a step waits for its callback, and for nobody who is asked meanwhile', async () => {
  promises();
  await world.startWorker();
  const release = await released(HOUR, [manual(), rollOut({ start: 'with-previous' })]);
  await awaited(release);
  await world.reaches(release, 'waiting-for-intervention');

  const outcome = await world.outcomeOf(await callBack());
  await eventually('the step has ended', async () => (await world.eventTypes(release)).includes('step-succeeded'));
  const answer = { interruption: 1, result: 'proceed', hasNotes: false } as const;
  await world.act(release, 'submit', { answer });

  await world.bakes(release, 0);
  expect(outcome).toBe('applied');
  expect(target.deliveries).toHaveLength(1);
});

it('PRO-6: time for a callback passes without a worker, and the deployment fails when there is one again', async () => {
  promises();
  await world.startWorker();
  const release = await released(1_500);
  await awaited(release);
  await world.rests(release);
  await world.stopWorker();
  await eventually('the time has passed', async () => Date.now() > (await awaited(release)));

  await world.startWorker();

  await world.reaches(release, 'failed');
  expect(target.deliveries).toHaveLength(1);
  expect((await world.events(release)).find(({ type }) => type === 'service-apply-failed')?.data).toMatchObject({
    detail: 'The target did not call back in time',
  });
});

/** Waits until the 202 is recorded; until when the callback is awaited. */
const awaited = (releaseId: string) =>
  eventually('a callback is awaited', async () => {
    const row = await world.store.read
      .selectFrom('effects')
      .select('awaitedUntil')
      .where('releaseId', '=', releaseId)
      .executeTakeFirst();
    return row?.awaitedUntil ?? false;
  });
