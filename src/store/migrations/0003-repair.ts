import { sql, type Kysely } from 'kysely';

/**
 * What repair finds releases by that should have moved and have not. Releases that run get their due instant with the
 * next thing that is recorded of them; until then they are found by the slower look at all of them.
 */
export async function repair(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const int = engine === 'sqlite' ? 'integer' : 'bigint';
  const statements = [
    `alter table "releases" add column "dueAt" ${int}`,
    `create index "releases_due" on "releases" ("dueAt") where "live" = 1 and "dueAt" is not null`,
    `create index "releases_unclaimed" on "releases" ("startDeliveredAt") where "live" = 1 and "claimedBy" is null`,
  ];

  for (const statement of statements) await sql.raw(statement).execute(db);
}
