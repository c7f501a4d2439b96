import { sql, type Kysely } from 'kysely';

/**
 * A target's queue is found without looking at the releases that have left it: a flag that has been released ten
 * thousand times is as quick to ask about as a new one.
 */
export async function liveTargets(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const bit = engine === 'sqlite' ? 'integer' : 'smallint';
  const statements = [
    `alter table "releaseTargets" add column "live" ${bit} not null default 1 check ("live" in (0, 1))`,
    `update "releaseTargets" set "live" = 0 where "releaseId" in (select "id" from "releases" where "live" = 0)`,
    `drop index "releaseTargets_queue"`,
    `create index "releaseTargets_queue" on "releaseTargets" ("target", "live", "ticket")`,
  ];

  for (const statement of statements) await sql.raw(statement).execute(db);
}
