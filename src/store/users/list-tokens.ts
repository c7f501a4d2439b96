import type { Kysely } from 'kysely';
import { liesBehind, type PageRequest } from '../page';
import type { Tables } from '../tables';

export interface TokenRow {
  id: string;
  name: string;
  madeBy: string | null;
  narrowed: 0 | 1;
  fromSetting: 0 | 1;
  expiresAt: number | null;
  createdAt: number;
  deletedAt: number | null;
}

/** One page of a user's tokens and one more, newest first; `madeBy` is the maker's name. */
export async function listTokens(sql: Kysely<Tables>, userId: string, page: PageRequest): Promise<TokenRow[]> {
  return tokens(sql, userId)
    .where('tokens.deletedAt', 'is', null)
    .where(liesBehind('tokens', page.after))
    .orderBy('tokens.createdAt', 'desc')
    .orderBy('tokens.id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** One of them, deleted ones included. */
export async function findToken(sql: Kysely<Tables>, userId: string, id: string): Promise<TokenRow | null> {
  return (await tokens(sql, userId).where('tokens.id', '=', id).executeTakeFirst()) ?? null;
}

function tokens(sql: Kysely<Tables>, userId: string) {
  return sql
    .selectFrom('tokens')
    .leftJoin('users as makers', 'makers.id', 'tokens.madeBy')
    .select([
      'tokens.id',
      'tokens.name',
      'makers.slug as madeBy',
      'tokens.narrowed',
      'tokens.fromSetting',
      'tokens.expiresAt',
      'tokens.createdAt',
      'tokens.deletedAt',
    ])
    .where('tokens.userId', '=', userId);
}
