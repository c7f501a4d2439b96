import { sql } from 'kysely';
import Database from 'libsql';

import { blockingRelease } from '../../../src/store/interruptions/blocking-release';
import { listInterruptions, type InterruptionFilter } from '../../../src/store/interruptions/find-interruption';
import { NOON } from '../../support/store-fixtures';
import { onPostgres, openTestStore, type TestStore } from '../../support/test-store';

let storage: TestStore;
let lookedFor: string[] = [];

beforeEach(async () => {
  lookedFor = [];
  storage = await openTestStore({ beforeStatement: (statement) => void lookedFor.push(statement) });
});
afterEach(() => storage.dispose());

/**
 * How SQLite reads the interruptions for the last statement that asked for them; each bound value is 1. Asked of a copy
 * of the schema: the driver does not let go of a file in which something was explained.
 */
async function planOfLast(): Promise<string | undefined> {
  const { rows: schema } = await sql<{ sql: string }>`
    select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'
  `.execute(storage.store.read);
  const statement = lookedFor.filter((each) => each.includes('from "interruptions"')).at(-1) ?? '';
  const values = statement
    .split('?')
    .slice(1)
    .map(() => 1);
  const copy = new Database(':memory:');
  copy.exec(schema.map((made) => made.sql).join(';'));
  const plan = copy.prepare(`explain query plan ${statement}`).all(values) as { detail: string }[];
  return plan.map(({ detail }) => detail).find((detail) => detail.includes(' interruptions '));
}

const reader = {
  userId: 'ada',
  teams: ['operations'],
  visibleIn: ['shop'],
  submitIn: ['shop'],
  deployIn: ['shop'],
  ownIn: ['shop'],
};
const page = { limit: 10, after: null };

// PostgreSQL plans by what a table holds, and an empty one is always read whole.
const itOnSqlite = onPostgres ? it.skip : it;

itOnSqlite.each<[string, InterruptionFilter]>([
  ['what needs a decision', { states: ['pending', 'taken'], mine: true }],
  ['all that one may take or holds', { mine: true }],
  ['what waits in a project', { states: ['pending'], mine: false }],
])('INT-8: %s is listed without reading what has been answered', async (_, filter) => {
  await listInterruptions(storage.store.read, reader, filter, page);

  expect(await planOfLast()).toBe('SCAN interruptions USING INDEX interruptions_open');
});

itOnSqlite('INT-8: a list that asks for answered ones, too, has them all', async () => {
  await listInterruptions(storage.store.read, reader, { states: ['pending', 'submitted'], mine: false }, page);

  expect(await planOfLast()).toBe('SCAN interruptions USING INDEX interruptions_newest');
});

itOnSqlite('INT-9: whether a deployment must wait is found without reading what has been answered', async () => {
  const release = { id: 'release', projectId: 'shop', changes: '[]' };
  const starts = [{ type: 'phase-started' as const, at: NOON, phase: 0, environments: ['staging'], attempt: 1 }];

  await storage.store.write((unit) => blockingRelease(unit, release, { kind: 'phase', phase: 0, events: starts }));

  expect(await planOfLast()).toBe(
    'SEARCH interruptions USING INDEX interruptions_blocking (projectId=? AND environmentId=?)',
  );
});
