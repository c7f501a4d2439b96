import { DAY } from '../../../src/domain/instant';
import type { ManualStep } from '../../../src/domain/pipeline';
import type { AnyReleaseEvent } from '../../../src/domain/notifications-of';
import { newId } from '../../../src/store/new-id';
import { queueNotifications } from '../../../src/store/notifications/queue-notifications';
import { planOfRow } from '../../../src/store/releases/stored-release';
import type { Notice } from '../../../src/store/notices';
import { addSubscription, addUser } from '../../support/notification-store';
import { newParts, phase, ReleaseStore, review, type ReleaseToTrigger } from '../../support/release-store';
import { insertProject, NOON } from '../../support/store-fixtures';
import { openTestStore } from '../../support/test-store';
import { claim, decideAll, enterFirstPhase, goOn, record, stepOf, undecided } from '../releases/release-steps';

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

const notifications = () => world.store.read.selectFrom('notifications').selectAll().orderBy('id').execute();
const deliveries = () => world.store.read.selectFrom('deliveries').selectAll().orderBy('id').execute();
const recipients = async () => (await deliveries()).map(({ recipient }) => recipient).sort();

/** A phase behind a review of these teams. */
const reviewed = (teams: string[] = [], more: Parameters<typeof review>[0] = {}): ReleaseToTrigger => ({
  phases: [phase('staff', { requiredReview: review({ teams, ...more }) })],
});

/** What is recorded of a release, told as `recordEvents` tells it. */
async function tell(release: string, ...events: AnyReleaseEvent[]): Promise<void> {
  await world.store.write(async (unit) => {
    const row = await unit.sql.selectFrom('releases').selectAll().where('id', '=', release).executeTakeFirstOrThrow();
    await queueNotifications(unit, row, planOfRow(row), events, (action) => `reason of ${action}`);
  });
}

async function addDeployment(
  release: string,
  more: { state: 'failed' | 'succeeded'; attempt: number; error?: string },
) {
  const id = newId();
  await world.store.write(({ sql }) =>
    sql
      .insertInto('deployments')
      .values({
        ...{ id, releaseId: release, phase: 'staff', environmentId: world.environments['staging'] ?? '' },
        ...{
          errored: 1 as const,
          createdAt: NOON,
          startedAt: NOON,
          endedAt: NOON,
          error: null,
          endedBy: null,
          endedNotes: null,
        },
        ...more,
      })
      .execute(),
  );
  return id;
}

/** A deployment's steps, each in this state. */
async function addSteps(deploymentId: string, steps: Record<string, 'succeeded' | 'failed'>) {
  const rows = Object.entries(steps).map(([name, state], position) => ({
    ...{ deploymentId, position, name, kind: 'http' as const, state, try: 1, startedAt: NOON, endedAt: NOON },
    ...{ detail: null, error: null, errored: 0 as const },
  }));
  await world.store.write(({ sql }) => sql.insertInto('deploymentSteps').values(rows).execute());
}

async function addInterruption(release: string, teams: string[], notes: string | null = null): Promise<string> {
  const [id, deploymentId] = [newId(), newId()];
  const environmentId = world.environments['staging'] ?? '';
  await world.store.write(async ({ sql }) => {
    await sql
      .insertInto('deployments')
      .values({
        ...{ id: deploymentId, releaseId: release, phase: 'staff', environmentId, attempt: 1, state: 'waiting' },
        ...{
          errored: 0,
          createdAt: NOON,
          startedAt: NOON,
          endedAt: null,
          error: null,
          endedBy: null,
          endedNotes: null,
        },
      })
      .execute();
    await sql
      .insertInto('deploymentSteps')
      .values({
        ...{ deploymentId, position: 0, name: 'Check dashboards', kind: 'manual', state: 'waiting', try: 1 },
        ...{ startedAt: NOON, endedAt: null, detail: null, error: null, errored: 0 },
      })
      .execute();
    await sql
      .insertInto('interruptions')
      .values({
        ...{ id, releaseId: release, number: 1, projectId: world.projectId, environmentId, deploymentId, position: 0 },
        ...{ kind: 'manual', state: 'pending', title: 'Check dashboards', instructions: 'Look at errors.' },
        ...{ teams: JSON.stringify(teams), results: '["proceed","abort"]', notesRequired: 0, approvals: 1 },
        ...{ authorMaySubmit: 1, blockConcurrent: 0, proceeds: '[]', responsibleUserId: null, submitAction: null },
        ...{ result: null, notes, submittedBy: null, closedBy: null, closedWhy: null, deadlineAt: null },
        ...{ raisedAt: NOON, endedAt: null },
      })
      .execute();
  });
  return id;
}

const place = { at: NOON, phase: 0, environment: 'staging', attempt: 1, step: 0, interruption: 1 };
const raised: AnyReleaseEvent = { type: 'interruption-raised', kind: 'manual', deadlineAt: null, ...place };

/** Asks members of `operations`, before anything is rolled out. */
const manual: ManualStep = {
  ...{ kind: 'manual', name: 'Check dashboards', instructions: 'Look at errors.', teams: ['operations'] },
  ...{ environments: [], notEnvironments: [], phases: [], tenants: [], runWhen: 'success', start: 'after-previous' },
  ...{ required: true, notesRequired: false, approvals: 1, authorMaySubmit: true, deadline: null },
  blockConcurrent: false,
};

describe('a review that is opened', () => {
  it('NOT-1: is told to the members of its teams, once, with what they are to decide', async () => {
    await addUser(world.store, { name: 'grace', teams: ['reviewers', 'owners'] });
    await addUser(world.store, { name: 'joan', role: 'administrator' });
    const release = await world.trigger(
      reviewed(['reviewers', 'owners'], { deadline: { afterMs: DAY, outcome: 'abort' } }),
    );

    await claim(world, release);

    const [told] = await notifications();
    expect(told).toMatchObject({ projectId: world.projectId, releaseId: release, type: 'review-due' });
    expect(JSON.parse(told?.data ?? '')).toMatchObject({
      ...{ release, phase: 'staff', environments: ['staging'], changes: ['flag new-checkout'], triggeredBy: 'ada' },
      ...{ teams: ['reviewers', 'owners'], deadlineOutcome: 'abort' },
    });
    expect(await deliveries()).toMatchObject([
      {
        ...{ notificationId: told?.id, channel: 'email', recipient: 'grace@example.com', userId: 'grace' },
        ...{ subscriptionId: null, status: 'pending', tries: 0, nextAttemptAt: told?.createdAt, endedAt: null },
      },
    ]);
  });

  it('NOT-1: without teams is told to holders of ReleaseApprove in the project and not to its author', async () => {
    const { store, projectId } = world;
    await store.write(({ sql }) =>
      sql.updateTable('users').set({ email: 'ada@example.com' }).where('id', '=', 'ada').execute(),
    );
    await addUser(store, { name: 'everywhere', role: 'release-manager' });
    await addUser(store, { name: 'here', role: 'release-manager', projectId });
    await addUser(store, {
      name: 'elsewhere',
      role: 'release-manager',
      projectId: (await insertProject(store)).projectId,
    });
    await addUser(store, { name: 'developer', role: 'developer' });
    await addUser(store, { name: 'deleted', role: 'release-manager', deleted: true });
    await addUser(store, { name: 'silent', role: 'release-manager', email: null });

    await claim(world, await world.trigger(reviewed()));

    expect(await recipients()).toEqual(['everywhere@example.com', 'here@example.com']);
  });

  it('NOT-1: is told once to an address that several people, or a subscription, have', async () => {
    await addUser(world.store, { name: 'grace', email: 'Team@example.com', teams: ['reviewers'] });
    await addUser(world.store, { name: 'joan', email: 'team@example.com', teams: ['reviewers'] });
    await addSubscription(world.store, { projectId: world.projectId, name: 'team', email: 'team@EXAMPLE.com' });

    await claim(world, await world.trigger(reviewed(['reviewers'])));

    expect(await recipients()).toEqual(['Team@example.com']);
  });

  it('NOT-1: is written down also where there is nobody to tell', async () => {
    await addUser(world.store, { name: 'grace', email: null, teams: ['reviewers'] });

    await claim(world, await world.trigger(reviewed(['reviewers'])));

    expect(await notifications()).toMatchObject([{ type: 'review-due' }]);
    expect(await deliveries()).toEqual([]);
  });

  it('NOT-1: is told to hundreds of people with a few statements', async () => {
    const statements: string[] = [];
    const storage = await openTestStore({ beforeStatement: (text) => void statements.push(text) });
    await world.close();
    world = new ReleaseStore(await newParts(storage));
    for (let index = 0; index < 200; index += 1) {
      await addUser(world.store, { name: `reviewer-${index}`, teams: ['reviewers'] });
    }
    const release = await world.trigger(reviewed(['reviewers']));
    statements.length = 0;

    await claim(world, release);

    expect(new Set(await recipients()).size).toBe(200);
    expect(statements.filter((text) => /insert into "deliveries"/.test(text))).toHaveLength(1);
  });
});

describe('recording', () => {
  it('NOT-1: tells nobody twice when a step is recorded again', async () => {
    await addUser(world.store, { name: 'grace', teams: ['reviewers'] });
    const release = await world.trigger({
      phases: [phase('first'), phase('second', { requiredReview: review({ teams: ['reviewers'] }) })],
    });
    await claim(world, release);
    for (let types: string[] = []; !types.includes('review-opened'); types = await world.eventTypes(release)) {
      const step = await stepOf(world, release);
      await record(world, step);
      await Promise.all([record(world, step), record(world, step)]);
    }

    expect(await notifications()).toMatchObject([{ type: 'review-due' }]);
    expect(await recipients()).toEqual(['grace@example.com']);
  });

  it('NOT-1: tells nobody of what is not recorded', async () => {
    await addSubscription(world.store, { projectId: world.projectId, name: 'all', email: 'all@example.com' });
    const release = await world.trigger({ phases: [phase('one')] });
    const told: Notice[] = [];
    world.store.notices.on((notice) => void told.push(notice));

    const written = world.store.write(async (unit) => {
      const row = await unit.sql.selectFrom('releases').selectAll().where('id', '=', release).executeTakeFirstOrThrow();
      await queueNotifications(unit, row, planOfRow(row), [{ type: 'release-completed', at: NOON }], () => null);
      throw new Error('The disk is full');
    });

    await expect(written).rejects.toThrow('The disk is full');
    expect(await notifications()).toEqual([]);
    expect(await deliveries()).toEqual([]);
    expect(told).toEqual([]);
  });

  it('NOT-1: costs nothing where nobody is told, and little where nobody has subscribed', async () => {
    const statements: string[] = [];
    const storage = await openTestStore({ beforeStatement: (text) => void statements.push(text) });
    await world.close();
    world = new ReleaseStore(await newParts(storage));
    const release = await world.trigger({ phases: [phase('one')] });
    const costOf = async (event: AnyReleaseEvent): Promise<number> => {
      statements.length = 0;
      await tell(release, event);
      // Begin, the release's row, commit.
      return statements.filter((text) => /subscriptions|notifications|deliveries|users|projects|grants/.test(text))
        .length;
    };

    expect(await costOf({ type: 'bake-started', at: NOON, phase: 0, endsAt: NOON })).toBe(0);
    expect(await costOf({ type: 'release-completed', at: NOON })).toBe(1);
    expect(await notifications()).toEqual([]);
  });

  it('NOT-1: announces in the process what is to be sent', async () => {
    await addUser(world.store, { name: 'grace', teams: ['reviewers'] });
    const release = await world.trigger(reviewed(['reviewers']));
    const told: string[] = [];
    world.store.notices.on(({ kind }) => void told.push(kind));

    await claim(world, release);

    expect(told).toContain('deliveries');
  });
});

describe('subscriptions', () => {
  it('NOT-2: of these types, or of all, are told; those of other types and projects and deleted ones are not', async () => {
    const { store, projectId } = world;
    const url = (name: string) => `https://example.com/${name}?token=s3cret`;
    const all = await addSubscription(store, { projectId, name: 'all', url: url('all') });
    await addSubscription(store, { projectId, name: 'some', email: 'some@example.com', events: ['release-completed'] });
    await addSubscription(store, { projectId, name: 'others', url: url('others'), events: ['phase-failed'] });
    const deleted = await addSubscription(store, { projectId, name: 'deleted', url: url('deleted') });
    await store.write(({ sql }) =>
      sql.updateTable('subscriptions').set({ deletedAt: NOON }).where('id', '=', deleted.id).execute(),
    );
    const { projectId: another } = await insertProject(store);
    await addSubscription(store, { projectId: another, name: 'all', email: 'another@example.com' });
    const release = await world.trigger({ phases: [phase('one')] });

    await claim(world, release);
    await goOn(world, release);

    expect(await world.shown(release)).toBe('completed');
    expect(await notifications()).toMatchObject([{ type: 'release-completed', releaseId: release }]);
    expect(await deliveries()).toMatchObject([
      { channel: 'webhook', recipient: url('all'), subscriptionId: all.id, userId: null },
      { channel: 'email', recipient: 'some@example.com' },
    ]);
  });

  it('NOT-2: are told of an abort with who, why and the reason', async () => {
    await addSubscription(world.store, { projectId: world.projectId, name: 'all', email: 'all@example.com' });
    const release = await world.trigger({ phases: [phase('one', { bakeMs: DAY })] });
    await enterFirstPhase(world, release);
    const action = await world.accept(release, 'abort');
    await world.store.write(({ sql }) =>
      sql.updateTable('actions').set({ reason: 'Wrong totals' }).where('id', '=', action).execute(),
    );

    await decideAll(world, release);

    expect(await undecided(world, release)).toEqual([]);
    const told = await notifications();
    expect(told.map(({ type }) => type)).toEqual(['release-aborted']);
    expect(JSON.parse(told[0]?.data ?? '')).toMatchObject({ by: 'olga', reason: 'Wrong totals', cause: 'person' });
  });
});

describe('failures', () => {
  it('NOT-1: of a phase name the failed deployments of the last attempt, and are told to authors and who can act', async () => {
    const { store, projectId } = world;
    await store.write(({ sql }) =>
      sql.updateTable('users').set({ email: 'ada@example.com' }).where('id', '=', 'ada').execute(),
    );
    await addUser(store, { name: 'manager', role: 'release-manager', projectId });
    await addUser(store, { name: 'viewer', role: 'viewer', projectId });
    const release = await world.trigger({ phases: [phase('staff')] });
    await addDeployment(release, { state: 'failed', attempt: 1, error: 'Long ago' });
    const last = await addDeployment(release, { state: 'failed', attempt: 2, error: 'The target answered 500' });
    await addSteps(last, { Build: 'succeeded', 'Roll out': 'failed', Tell: 'failed' });

    await tell(
      release,
      { type: 'deployment-failed', at: NOON, phase: 0, environment: 'staging', detail: 'The target answered 500' },
      { type: 'phase-failed', at: NOON, phase: 0 },
    );

    expect(await recipients()).toEqual(['ada@example.com', 'manager@example.com']);
    const [, whole] = await notifications();
    expect(JSON.parse(whole?.data ?? '')).toMatchObject({
      failures: [
        { environment: 'staging', step: 'Roll out', detail: 'The target answered 500', errored: true, endedBy: null },
      ],
    });
  });

  it('NOT-1, REL-28: of an attempt are told as of that one, also where its retry starts in the same recording', async () => {
    await addSubscription(world.store, { projectId: world.projectId, name: 'all', email: 'all@example.com' });
    const release = await world.trigger({ phases: [phase('staff')] });
    await addSteps(await addDeployment(release, { state: 'failed', attempt: 1, error: 'First' }), { Build: 'failed' });
    await addSteps(await addDeployment(release, { state: 'failed', attempt: 2, error: 'Second' }), { Test: 'failed' });
    const failed = { at: NOON, phase: 0, environment: 'staging' };

    await tell(
      release,
      { type: 'deployment-failed', ...failed },
      { type: 'phase-failed', at: NOON, phase: 0 },
      { type: 'phase-started', at: NOON, phase: 0, attempt: 2, environments: ['staging'] },
      { type: 'phase-failed', at: NOON, phase: 0 },
    );

    const told = (await notifications()).map(({ data }) => JSON.parse(data) as { step?: string; failures?: object[] });
    expect(told).toMatchObject([
      { step: 'Build', detail: 'First' },
      { failures: [{ step: 'Build', detail: 'First' }] },
      { failures: [{ step: 'Test', detail: 'Second' }] },
    ]);
  });
});

describe('interruptions', () => {
  it('NOT-1: are told with what is stored of them, as the deployment reaches them', async () => {
    await addUser(world.store, { name: 'grace', role: 'developer', projectId: world.projectId, teams: ['operations'] });
    const release = await world.trigger({ phases: [phase('staff')], process: [manual] });
    await claim(world, release);
    await goOn(world, release);

    const [told] = await notifications();

    const interruptions = await world.store.read.selectFrom('interruptions').selectAll().execute();
    expect(interruptions).toHaveLength(1);
    expect(told?.type).toBe('interruption-raised');
    expect(JSON.parse(told?.data ?? '')).toMatchObject({
      ...{ interruption: interruptions[0]?.id, title: 'Check dashboards', instructions: 'Look at errors.' },
      ...{ phase: 'staff', environment: 'staging', teams: ['operations'], results: ['proceed', 'abort'] },
    });
    expect(await recipients()).toEqual(['grace@example.com']);
  });

  it('NOT-1: are told to members of their teams who may submit', async () => {
    const { store, projectId } = world;
    await addUser(store, { name: 'grace', role: 'developer', projectId, teams: ['operations'] });
    await addUser(store, { name: 'guest', teams: ['operations'] });
    await addUser(store, { name: 'joan', role: 'administrator' });
    const release = await world.trigger({ phases: [phase('staff')] });
    const id = await addInterruption(release, ['operations']);

    await tell(release, raised);

    expect(await recipients()).toEqual(['grace@example.com']);
    const [told] = await notifications();
    expect(told?.type).toBe('interruption-raised');
    expect(JSON.parse(told?.data ?? '')).toMatchObject({
      ...{ interruption: id, title: 'Check dashboards', kind: 'manual', step: 'Check dashboards' },
      deployment: expect.any(String) as string,
    });
  });

  it('NOT-1: without teams are told to holders of DeploymentCreate', async () => {
    const { store, projectId } = world;
    await addUser(store, { name: 'grace', role: 'developer', projectId });
    await addUser(store, { name: 'manager', role: 'release-manager', projectId });
    const release = await world.trigger({ phases: [phase('staff')] });
    await addInterruption(release, []);

    await tell(release, raised);

    expect(await recipients()).toEqual(['manager@example.com']);
  });

  it('NOT-2: that somebody aborts are told to subscribers with the notes', async () => {
    const { store, projectId } = world;
    await addUser(store, { name: 'grace', role: 'release-manager', projectId });
    await addSubscription(store, { projectId, name: 'all', email: 'all@example.com' });
    const release = await world.trigger({ phases: [phase('staff')] });
    await addInterruption(release, [], 'Errors doubled');

    await tell(release, {
      ...{ type: 'interruption-submitted', result: 'abort', by: 'grace', action: 'action-1' },
      ...place,
    });

    expect(await recipients()).toEqual(['all@example.com']);
    const [told] = await notifications();
    expect(JSON.parse(told?.data ?? '')).toMatchObject({ by: 'grace', notes: 'Errors doubled' });
  });
});
