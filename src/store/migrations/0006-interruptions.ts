import { sql, type Kysely } from 'kysely';

interface Row {
  id: string;
  /** JSON: ids of actions, or what they are kept as now. */
  proceeds: string;
}

/**
 * When a deadline gave an interruption to other teams (INT-6), which of those of before is not known; and who has
 * proceeded beside the action, so that they are not asked again.
 */
export async function interruptions(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const int = engine === 'sqlite' ? 'integer' : 'bigint';
  await sql.raw(`alter table "interruptions" add column "escalatedAt" ${int}`).execute(db);

  const { rows } = await sql<Row>`select "id", "proceeds" from "interruptions" where "proceeds" <> '[]'`.execute(db);
  for (const { id, proceeds } of rows) {
    const named = await Promise.all((JSON.parse(proceeds) as string[]).map((action) => withUser(db, action)));
    await sql`update "interruptions" set "proceeds" = ${JSON.stringify(named)} where "id" = ${id}`.execute(db);
  }
}

async function withUser(db: Kysely<unknown>, action: string): Promise<{ action: string; by: string | null }> {
  const { rows } = await sql<{ by: string }>`select "actorId" as "by" from "actions" where "id" = ${action}`.execute(
    db,
  );
  return { action, by: rows[0]?.by ?? null };
}
