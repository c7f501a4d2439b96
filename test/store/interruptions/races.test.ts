import fc from 'fast-check';

import { openInterruptions } from '../../../src/domain/process';
import { planOfRow, positionOf } from '../../../src/store/releases/stored-release';
import { variablesOf } from '../../../src/store/process/deployment-variables';
import { newParts, ReleaseStore } from '../../support/release-store';
import { onPostgres } from '../../support/test-store';
import { goOn } from '../releases/release-steps';
import { asking, hold, interruptionsIn, submit } from './interruption-steps';

const SECOND = 1_000;

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

async function addPeople(names: readonly string[]): Promise<void> {
  await world.store.write(({ sql }) =>
    sql
      .insertInto('users')
      .values(
        names.map((name) => ({ id: name, slug: name, displayName: name, email: null, createdAt: 0, deletedAt: null })),
      )
      .execute(),
  );
}

async function addTeam(slug: string, member: string): Promise<void> {
  await world.store.write(async ({ sql }) => {
    await sql
      .insertInto('teams')
      .values({ id: slug, slug, displayName: slug, createdAt: 0, deletedAt: null })
      .execute();
    await sql.insertInto('teamMembers').values({ teamId: slug, userId: member }).execute();
  });
}

async function only(release: string) {
  const [interruption, ...others] = await interruptionsIn(world, release);
  expect(others).toEqual([]);
  if (!interruption) {
    throw new Error(`Release ${release} asks nothing`);
  }
  return interruption;
}

async function actionsOf(release: string) {
  return world.store.read
    .selectFrom('actions')
    .select(['id', 'verb', 'status', 'refusal', 'actorId'])
    .where('releaseId', '=', release)
    .orderBy('number')
    .execute();
}

describe('fifty people at once', () => {
  it('INT-2, INT-4: of those who take it one gets it, and the others are told who', async () => {
    const people = Array.from({ length: 50 }, (_, index) => `person-${index}`);
    await addPeople(people);
    const { release, interruption: id } = await asking(world);

    const held = await Promise.all(people.map((by) => hold(world, { id, verb: 'take', by })));

    const { responsibleUserId } = await only(release);
    expect(held.filter((each) => 'by' in each)).toEqual([{ by: responsibleUserId }]);
    expect(held.filter((each) => 'refused' in each)).toEqual(
      Array.from({ length: 49 }, () => ({
        refused: 'interruption.taken-by-other',
        detail: `${responsibleUserId} has taken the interruption`,
      })),
    );
    const types = await world.eventTypes(release);
    expect(types.filter((type) => type === 'interruption-taken')).toHaveLength(1);
    expect(types.filter((type) => type === 'interruption-refused')).toHaveLength(49);
  });

  it('REL-25: of the answers of one who has it one is accepted', async () => {
    const { release, interruption: id } = await asking(world);
    await hold(world, { id, verb: 'take', by: 'olga' });

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        submit(world, { id, by: 'olga', result: index % 2 === 0 ? 'proceed' : 'abort' }),
      ),
    );
    await goOn(world, release);

    expect(answers.filter((each) => 'action' in each)).toHaveLength(1);
    expect(new Set(answers.flatMap((each) => ('refused' in each ? [each.refused] : [])))).toEqual(
      new Set(['interruption.submitted']),
    );
    expect(await actionsOf(release)).toMatchObject([{ verb: 'submit', status: 'applied' }]);
  });
});

describe('while an answer is accepted and not decided', () => {
  it('INT-2: nobody else takes it, gives it back or hands it over', async () => {
    const { interruption: id } = await asking(world);
    await hold(world, { id, verb: 'take', by: 'olga' });
    await submit(world, { id, by: 'olga' });

    const attempts = [
      await hold(world, { id, verb: 'take', by: 'rita' }),
      await hold(world, { id, verb: 'take', by: 'olga' }),
      await hold(world, { id, verb: 'release', by: 'olga' }),
      await hold(world, { id, verb: 'reassign', by: 'ada', to: 'rita' }),
      await submit(world, { id, by: 'olga', result: 'abort' }),
    ];

    expect(attempts.map((each) => 'refused' in each && each.refused)).toEqual(
      attempts.map(() => 'interruption.submitted'),
    );
  });

  it('INT-7: an abort that was accepted before it closes the interruption, and the answer is refused', async () => {
    const { release, interruption: id } = await asking(world);
    await hold(world, { id, verb: 'take', by: 'olga' });
    await world.accept(release, 'abort');
    const answer = await submit(world, { id, by: 'olga' });

    await goOn(world, release);

    expect(answer).toHaveProperty('action');
    expect(await only(release)).toMatchObject({ state: 'closed', result: null, submittedBy: null });
    const [abort, submitted] = await actionsOf(release);
    expect(abort).toMatchObject({ verb: 'abort', status: 'applied' });
    expect(submitted).toMatchObject({ verb: 'submit', status: 'refused' });
    expect(submitted?.refusal).toContain('interruption.closed');
  });

  it('INT-7: an abort that was accepted after it finds it answered', async () => {
    const { release, interruption: id } = await asking(world);
    await hold(world, { id, verb: 'take', by: 'olga' });
    await submit(world, { id, by: 'olga' });
    await world.accept(release, 'abort');

    await goOn(world, release);

    expect(await only(release)).toMatchObject({ state: 'submitted', result: 'proceed', submittedBy: 'olga' });
    expect(await world.shown(release)).toBe('aborted');
    expect(await world.eventTypes(release)).not.toContain('interruption-closed');
  });
});

describe('at its deadline', () => {
  it('REL-29: an answer that was accepted in time counts, however late it is decided', async () => {
    const deadline = { afterMs: 10 * SECOND, outcome: 'abort' as const };
    const { release, interruption: id } = await asking(world, { deadline });
    await hold(world, { id, verb: 'take', by: 'olga' });
    const due = (await only(release)).deadlineAt ?? 0;
    await submit(world, { id, by: 'olga', now: due - 1 });

    await goOn(world, release, { now: due + 60 * SECOND });

    expect(await only(release)).toMatchObject({ state: 'submitted', result: 'proceed', endedAt: due - 1 });
    expect(await world.eventTypes(release)).not.toContain('interruption-deadline-passed');
  });

  it.each(['abort', 'proceed'] as const)('REL-29: one that comes later is refused at once (%s)', async (outcome) => {
    const { release, interruption: id } = await asking(world, { deadline: { afterMs: SECOND, outcome } });
    await hold(world, { id, verb: 'take', by: 'olga' });
    const due = (await only(release)).deadlineAt ?? 0;

    const late = await submit(world, { id, by: 'olga', now: due });
    await goOn(world, release, { now: due + 60 * SECOND });

    expect(late).toEqual({ refused: 'interruption.submitted' });
    expect(await only(release)).toMatchObject({ state: 'submitted', result: outcome, submittedBy: null, endedAt: due });
  });

  it('INT-6: whoever had it cannot answer for the team it has gone to, although nobody has noticed yet', async () => {
    await addTeam('on-call', 'rita');
    const deadline = { afterMs: SECOND, outcome: 'escalate' as const, escalateTo: ['on-call'] };
    const { release, interruption: id } = await asking(world, { deadline });
    await hold(world, { id, verb: 'take', by: 'olga' });
    const due = (await only(release)).deadlineAt ?? 0;

    const late = await submit(world, { id, by: 'olga', now: due + 1 });
    await goOn(world, release, { now: due + 2 });

    expect(late).toEqual({ refused: 'interruption.not-taken' });
    expect(await only(release)).toMatchObject({ state: 'pending', responsibleUserId: null, teams: '["on-call"]' });
  });
});

/** What people and time do to one interruption. */
const anyMove = fc.constantFrom(
  'proceed',
  'proceed',
  'abort-step',
  'take',
  'take-other',
  'release',
  'reassign',
  'abort-release',
  'decide',
  'wait',
);
const anyRun = fc.record({
  outcome: fc.constantFrom(null, 'abort' as const, 'proceed' as const),
  moves: fc.array(fc.array(anyMove, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 }),
});

describe('in any order', () => {
  it('INT-2, INT-7, REL-25: there is one outcome, and everyone is told the same', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(anyRun, async ({ outcome, moves }) => {
        round += 1;
        const deadline = outcome && { afterMs: 3 * SECOND, outcome };
        const { release, interruption: id } = await asking(world, { deadline }, `flag-${round}`);
        await hold(world, { id, verb: 'take', by: 'olga' });
        let now = Date.now();
        const accepted = new Set<string>();
        const submitted = async (result: 'proceed' | 'abort') => {
          const answer = await submit(world, { id, by: 'olga', result, now });
          if ('action' in answer) {
            accepted.add(answer.action);
          }
        };
        const make = (move: string): Promise<unknown> => {
          switch (move) {
            case 'proceed':
              return submitted('proceed');
            case 'abort-step':
              return submitted('abort');
            case 'take':
              return hold(world, { id, verb: 'take', by: 'olga', now });
            case 'take-other':
              return hold(world, { id, verb: 'take', by: 'rita', now });
            case 'release':
              return hold(world, { id, verb: 'release', by: 'olga', now });
            case 'reassign':
              return hold(world, { id, verb: 'reassign', by: 'ada', to: 'rita', now });
            case 'abort-release':
              return world.accept(release, 'abort', { at: now });
            case 'wait':
              now += SECOND;
              return Promise.resolve();
            default:
              return Promise.resolve();
          }
        };

        for (const together of moves) {
          await Promise.all(together.map(make));
          // There is one workflow: it decides, while others ask.
          if (together.includes('decide')) {
            await goOn(world, release, { now });
          }
        }
        await world.accept(release, 'abort', { at: now });
        await goOn(world, release, { now: now + 10 * SECOND });

        await expectOneOutcome(release, accepted);
      }),
      { numRuns: onPostgres ? 40 : 60, seed: 20_261_126 },
    );
  }, 120_000);
});

async function expectOneOutcome(release: string, accepted: ReadonlySet<string>): Promise<void> {
  const { id, state, result, submittedBy, submitAction, deploymentId } = await only(release);
  const actions = await actionsOf(release);
  const answers = actions.filter(({ verb }) => verb === 'submit');
  const events = await world.events(release);
  const endings = events.filter(
    ({ type, data }) =>
      ['interruption-submitted', 'interruption-deadline-passed', 'interruption-closed'].includes(type) &&
      data['interruption'] === id,
  );

  // All that was accepted is decided, and told of once.
  expect(new Set(answers.map((each) => each.id))).toEqual(accepted);
  expect(actions.filter(({ status }) => status === 'undecided')).toEqual([]);
  const told = events.filter(({ type }) => type === 'action-applied' || type === 'action-refused');
  expect(told.map(({ data }) => data['action']).sort()).toEqual(actions.map((each) => each.id).sort());

  // One end, the same in the list, the audit, the step and the variables.
  expect(endings).toHaveLength(1);
  const applied = answers.filter(({ status }) => status === 'applied');
  const by = { 'interruption-submitted': 'person', 'interruption-deadline-passed': 'deadline' }[endings[0]?.type ?? ''];
  expect({ state, applied: applied.length }).toEqual({
    state: by === undefined ? 'closed' : 'submitted',
    applied: by === 'person' ? 1 : 0,
  });
  expect(submittedBy).toBe(by === 'person' ? 'olga' : null);
  if (by === 'person') {
    expect(applied.map((each) => each.id)).toEqual([submitAction]);
    expect(endings[0]?.data).toMatchObject({ result });
  } else {
    expect(submitAction).toBeNull();
  }
  for (const { status, refusal } of answers) {
    expect(status === 'applied' || /"interruption\.(closed|submitted)"|"release\.ended"/.test(refusal ?? '')).toBe(
      true,
    );
  }
  const step = await world.store.read
    .selectFrom('deploymentSteps')
    .select('state')
    .where('deploymentId', '=', deploymentId)
    .where('name', '=', 'Check')
    .executeTakeFirstOrThrow();
  const ended = { proceed: 'succeeded', abort: 'failed' }[result ?? ''] ?? 'aborted';
  expect(step.state).toBe(ended);
  const approved = (await variablesOf(world.store.read, deploymentId)).find(({ name }) => name.endsWith('Approved'));
  expect(approved?.value).toBe({ succeeded: 'True', failed: 'False' }[ended]);

  const row = await world.store.read
    .selectFrom('releases')
    .selectAll()
    .where('id', '=', release)
    .executeTakeFirstOrThrow();
  expect(openInterruptions(positionOf(row), planOfRow(row))).toEqual([]);
}
