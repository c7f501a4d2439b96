import type { Kysely } from 'kysely';
import type { Tables } from './tables';

/** The names behind these ids, by id, deleted ones included: history stays readable (HTTP-7). */
export async function namesById(
  sql: Kysely<Tables>,
  table: 'projects' | 'users',
  ids: readonly (string | null)[],
): Promise<Map<string, string>> {
  const known = [...new Set(ids)].filter((id) => id !== null);
  if (known.length === 0) {
    return new Map();
  }
  const rows = await sql.selectFrom(table).select(['id', 'slug']).where('id', 'in', known).execute();
  return new Map(rows.map((row) => [row.id, row.slug]));
}
