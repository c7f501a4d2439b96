import { Webhook } from 'standardwebhooks';
import { deleteService } from '../../src/store/services/delete-service';
import { replaceEndpoints } from '../../src/store/services/endpoints';
import { addSecret } from '../../src/store/services/service-secrets';
import { eventually } from '../support/eventually';
import { AUTHOR, phase } from '../support/release-store';
import type { ReleaseWorld } from '../support/release-world';
import { testSecretBox } from '../support/test-services';
import { startVersionTarget, type Delivery, type VersionTarget } from '../support/version-target';
import { WITH_SHORT_JOBS, WITH_SHORT_RUNS, workflowBundle } from '../support/workflow-bundle';
import { worldPerTest } from '../support/world-per-test';
import { stopTargets } from '../targets/webhooks/webhook-target';

const HOUR = 3_600_000;
/** Long enough for a new run to begin within it. */
const LIMIT_MS = 15_000;
const baking = [phase('all', { bakeMs: HOUR })];

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

/** The service `payments` in staging; its id. */
const payments = (timeoutMs?: number) =>
  world.putService('payments', { staging: target.urlOf('payments', 'staging') }, timeoutMs);

const released = (version: string, phases = baking) =>
  world.trigger({ phases, flags: [], services: { payments: version }, whenBusy: 'queue' });

const sent = () => target.deliveries.map(({ type, data }) => `${type} ${data.version}`);
const done = () => target.effects.map(({ type, data }) => `${type} ${data.version}`);

/** Lets the target answer nothing until the returned function is called. */
function blocked(): () => void {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  target.meet(() => opened);
  return open;
}

/** Actions that are decided and change nothing that lasts, until the history has become long. */
async function lengthen(release: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await world.act(release, 'pause');
    await world.act(release, 'unpause');
  }
}

const runOf = async (release: string) => (await world.workflow(release).describe()).runId;

/** The same until the workflow has gone on in a new run. */
async function intoNewRun(release: string): Promise<void> {
  const run = await runOf(release);
  await eventually(`${release} goes on in a new run`, async () => {
    await lengthen(release, 1);
    return (await runOf(release)) !== run;
  });
}

const hasSent = (times: number, type: Delivery['type'] = 'service.apply', withinMs?: number) =>
  eventually(
    `the target got ${type} ${times} times`,
    () => target.deliveries.filter((delivery) => delivery.type === type).length >= times,
    withinMs,
  );

describe('a workflow whose history becomes long while a service is on its way', () => {
  it('REL-33: waits for what is under way before it goes on in a new run', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS) });
    await payments(30_000);
    const open = blocked();
    const release = await released('2');
    await hasSent(1);
    const run = await runOf(release);

    await lengthen(release, 4);
    expect(await runOf(release)).toBe(run);
    open();

    await world.bakes(release, 0);
    await world.act(release, 'pause');
    expect(await runOf(release)).not.toBe(run);
    await world.act(release, 'abort');
    await world.reaches(release, 'aborted');
    expect(sent()).toEqual(['service.apply 2', 'service.revert null']);
  });

  it('WHK-3: begins it again under the same key when it has to go on, and it is done once', async () => {
    await world.startWorker({ bundle: await workflowBundle(WITH_SHORT_RUNS, WITH_SHORT_JOBS) });
    await payments(LIMIT_MS);
    const openApply = blocked();
    const release = await released('2');
    await hasSent(1);
    await intoNewRun(release);
    await hasSent(2);
    openApply();
    await world.bakes(release, 0);
    expect(done()).toEqual(['service.apply 2']);

    const openRevert = blocked();
    await world.act(release, 'abort');
    // Of two sends of one key the limit of the earlier one counts, answered or not (WHK-4).
    await hasSent(1, 'service.revert', 2 * LIMIT_MS);
    await intoNewRun(release);
    await hasSent(2, 'service.revert');
    openRevert();

    await world.reaches(release, 'aborted');
    expect(done()).toEqual(['service.apply 2', 'service.revert null']);
    expect(new Set(target.deliveries.map(({ id, data }) => `${id} ${data.sequence}`)).size).toBe(2);
  }, 60_000);
});

describe('an abort while an apply is out', () => {
  beforeEach(() => world.startWorker());

  it('WHK-4: sends the revert once the apply has answered, long before its time limit', async () => {
    await payments(300_000);
    const open = blocked();
    const release = await released('2');
    await hasSent(1);

    expect(await world.act(release, 'abort')).toBe('applied');
    await eventually('the revert has found the apply out', async () => {
      const { raw } = await world.workflow(release).describe();
      return raw.pendingActivities?.some(
        ({ activityType, attempt }) => activityType?.name === 'revertService' && (attempt ?? 0) > 1,
      );
    });
    expect(sent()).toEqual(['service.apply 2']);
    open();

    await world.reaches(release, 'aborted');
    expect(done()).toEqual(['service.apply 2', 'service.revert null']);
    expect(sent()).toEqual(done());
  });

  it('WHK-4: sends the revert once the time limit of an apply that never answers has passed', async () => {
    await payments(1_500);
    target.meet(({ type }) => type === 'service.apply');
    const release = await released('2');
    await hasSent(1);

    await world.act(release, 'abort');
    await world.reaches(release, 'aborted');

    const [apply, revert] = await world.store.read
      .selectFrom('effects')
      .select(['direction', 'startedAt', 'sequence', 'status'])
      .orderBy('sequence')
      .execute();
    expect([apply, revert]).toMatchObject([
      { direction: 'apply', status: 'given-up' },
      { direction: 'revert', status: 'done' },
    ]);
    expect((revert?.startedAt ?? 0) - (apply?.startedAt ?? 0)).toBeGreaterThanOrEqual(1_500);
    expect(sent()).toEqual(['service.apply 2', 'service.revert null']);
  });
});

describe('a worker that stops while a call is out', () => {
  it('INV-5: does not wait for a slow target, and the next worker makes the call again', async () => {
    await world.startWorker();
    await payments(300_000);
    const open = blocked();
    const release = await released('2');
    await hasSent(1);

    await world.stopWorker();
    await world.startWorker();
    await hasSent(2);
    open();

    await world.bakes(release, 0);
    expect(done()).toEqual(['service.apply 2']);
    expect(new Set(target.deliveries.map(({ id, data }) => `${id} ${data.sequence}`)).size).toBe(1);
  });
});

describe('two releases of one service', () => {
  beforeEach(() => world.startWorker());

  it('REL-3: come one after the other, and the second goes back to what the first has left', async () => {
    await payments();
    const first = await released('2');
    await world.bakes(first, 0);
    const second = await released('3');
    expect(await world.shown(second)).toBe('queued');

    await world.act(first, 'skip');
    await world.reaches(first, 'completed');
    await world.bakes(second, 0);
    await world.act(second, 'abort');
    await world.reaches(second, 'aborted');

    expect(done()).toEqual(['service.apply 2', 'service.apply 3', 'service.revert 2']);
    const sequences = target.deliveries.map(({ data }) => data.sequence);
    expect([...sequences].sort((a, b) => a - b)).toEqual(sequences);
  });

  it('REL-32: the second does not start before the first has taken its service back', async () => {
    await payments();
    const first = await released('2');
    await world.bakes(first, 0);
    const second = await released('3');
    const open = blocked();

    await world.act(first, 'abort');
    await hasSent(1, 'service.revert');
    expect(await world.shown(second)).toBe('queued');
    open();

    await world.bakes(second, 0);
    expect(done()).toEqual(['service.apply 2', 'service.revert null', 'service.apply 3']);
    expect(target.effects.at(-1)?.data).toMatchObject({ previousVersion: null, expectedVersion: null });
  });
});

describe('a service that is changed while it is on its way', () => {
  beforeEach(() => world.startWorker());

  it('REL-19: without an endpoint it waits, says so, and comes back when it has one again', async () => {
    const id = await payments();
    const release = await released('2');
    await world.bakes(release, 0);
    await world.store.write((unit) => replaceEndpoints(unit, id, []));

    await world.act(release, 'abort');
    const revert = await eventually('the revert has found no endpoint', () =>
      world.store.read.selectFrom('effects').selectAll().where('direction', '=', 'revert').executeTakeFirst(),
    );
    expect(revert).toMatchObject({ status: 'under-way', detail: 'payments has no endpoint there' });
    expect(revert.nextAttemptAt).not.toBeNull();
    await world.store.write((unit) =>
      replaceEndpoints(unit, id, [
        { environmentId: world.environments['staging'] ?? '', url: target.urlOf('payments', 'staging') },
      ]),
    );

    await world.reaches(release, 'aborted');
    expect(done()).toEqual(['service.apply 2', 'service.revert null']);
  });

  it('REL-32: cannot be deleted before the abort has brought it back', async () => {
    await payments();
    const release = await released('2');
    await world.bakes(release, 0);
    const open = blocked();
    await world.act(release, 'abort');
    const remove = () =>
      world.store.write((unit) =>
        deleteService(unit, {
          ...{ projectId: world.projectId, slug: 'payments', by: AUTHOR, at: Date.now(), judge: () => undefined },
        }),
      );

    expect(await remove()).toEqual({ kind: 'busy', users: [`release ${release}`] });
    open();
    await world.reaches(release, 'aborted');

    expect(await remove()).toEqual({ kind: 'deleted' });
  });

  it('WHK-1: signs the next try with a secret that was made in the meantime, too', async () => {
    const id = await payments();
    const signatures: { id: string; verifies: boolean; secrets: number }[] = [];
    let secret = '';
    target.meet((delivery, response) => {
      const { id: key, ...body } = delivery;
      const headers = response.req.headers as Record<string, string>;
      signatures.push({
        id: key,
        verifies: secret !== '' && isSignedWith(secret, JSON.stringify(body), headers),
        secrets: String(headers['webhook-signature']).split(' ').length,
      });
      if (signatures.length === 1) {
        response.writeHead(503).end();
        return true;
      }
      return undefined;
    });
    const release = await released('2');
    await hasSent(1);

    secret = await world.store.write((unit) =>
      addSecret(unit, {
        ...{ projectId: world.projectId, service: { id, slug: 'payments' }, secretBox: testSecretBox },
        ...{ by: AUTHOR, at: Date.now() },
      }),
    );
    await world.bakes(release, 0);
    await world.act(release, 'abort');
    await world.reaches(release, 'aborted');

    expect(signatures.map(({ verifies, secrets }) => ({ verifies, secrets }))).toEqual([
      { verifies: false, secrets: 1 },
      { verifies: true, secrets: 2 },
      { verifies: true, secrets: 2 },
    ]);
    expect(signatures[1]?.id).toBe(signatures[0]?.id);
  });
});

function isSignedWith(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
