import type { Kysely } from 'kysely';
import type { Grant, Rights } from '../../domain/permission';
import type { Tables } from '../tables';
import { grantOf } from './grants';

/** Everything that decides what the bearer of a token may do. */
export interface CallerRecord {
  userId: string;
  user: string;
  tokenId: string;
  madeBy: string | null;
  expiresAt: number | null;
  teams: { id: string; slug: string }[];
  rights: Rights;
}

/** Finds who a token speaks for, by the token's SHA-256; null when token or user is unknown or deleted. */
export async function findCaller(sql: Kysely<Tables>, tokenHash: string): Promise<CallerRecord | null> {
  const token = await sql
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.userId')
    .select(['tokens.id', 'tokens.userId', 'tokens.madeBy', 'tokens.narrowed', 'tokens.expiresAt', 'users.slug'])
    .where('tokens.hash', '=', tokenHash)
    .where('tokens.deletedAt', 'is', null)
    .where('users.deletedAt', 'is', null)
    .executeTakeFirst();
  if (!token) {
    return null;
  }

  const teams = await sql
    .selectFrom('teamMembers')
    .innerJoin('teams', 'teams.id', 'teamMembers.teamId')
    .select(['teams.id', 'teams.slug'])
    .where('teamMembers.userId', '=', token.userId)
    .where('teams.deletedAt', 'is', null)
    .execute();
  const subjects = [token.id, token.userId, ...teams.map((team) => team.id)];
  const grants = await sql
    .selectFrom('grants')
    .select(['subjectId', 'role', 'permission', 'projectId'])
    .where('subjectId', 'in', subjects)
    .execute();

  const ofToken: Grant[] = grants.filter((row) => row.subjectId === token.id).map(grantOf);
  return {
    userId: token.userId,
    user: token.slug,
    tokenId: token.id,
    madeBy: token.madeBy === token.userId ? null : token.madeBy,
    expiresAt: token.expiresAt,
    teams,
    rights: {
      user: grants.filter((row) => row.subjectId !== token.id).map(grantOf),
      token: token.narrowed === 1 ? ofToken : null,
    },
  };
}
