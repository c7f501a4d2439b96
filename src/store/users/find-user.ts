import type { Kysely, Selectable } from 'kysely';
import type { Unit } from '../store';
import type { Tables } from '../tables';

export type UserRow = Selectable<Tables['users']>;

/** A user by name, deleted ones included; null when there never was one. */
export async function findUser(sql: Kysely<Tables>, slug: string): Promise<UserRow | null> {
  return (await sql.selectFrom('users').selectAll().where('slug', '=', slug).executeTakeFirst()) ?? null;
}

/** The same, its row locked until commit. */
export async function lockUser(unit: Unit, slug: string): Promise<UserRow | null> {
  const query = unit.sql.selectFrom('users').selectAll().where('slug', '=', slug);
  return (await unit.forUpdate(query).executeTakeFirst()) ?? null;
}
