import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** The ids behind these names, by name; what is unknown or deleted is missing. */
export async function idsByName(
  sql: Kysely<Tables>,
  table: 'projects' | 'users',
  slugs: readonly string[],
): Promise<Map<string, string>> {
  if (slugs.length === 0) {
    return new Map();
  }
  const rows = await sql
    .selectFrom(table)
    .select(['slug', 'id'])
    .where('slug', 'in', [...new Set(slugs)])
    .where('deletedAt', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.slug, row.id]));
}
