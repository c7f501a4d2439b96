import type { Grant } from '../../domain/permission';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { lockTeam, type TeamRow } from './find-team';
import { grantsAsData } from './grants-as-data';
import { namedGrantsOf, replaceGrants, sameGrants } from './grants';
import { idsByName } from './ids-by-name';
import { memberNamesOf, replaceMembers } from './members';

export interface TeamToPut {
  slug: string;
  displayName: string;
  /** Names of users; null: as they are. */
  members: readonly string[] | null;
  /** null: as they are. */
  grants: readonly Grant[] | null;
  by: string;
  at: number;
  /** Judges the write inside its transaction, with the team as it is then. */
  judge: (current: { team: TeamRow; members: readonly string[]; grants: readonly Grant[] } | null) => void;
}

/** `gone`: the name belonged to a team that was deleted (HTTP-1); `unknown-members`: at these places of `members`. */
export type PutTeamOutcome =
  | { kind: 'created' | 'changed' | 'unchanged'; team: TeamRow }
  | { kind: 'gone' }
  | { kind: 'unknown-members'; at: number[] };

/** Creates or replaces a team; the same content changes nothing and is no event (HTTP-7). */
export async function putTeam(unit: Unit, input: TeamToPut): Promise<PutTeamOutcome> {
  const { slug, displayName } = input;
  const known = await lockTeam(unit, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  const held = {
    members: known ? await memberNamesOf(unit.sql, known.id) : [],
    grants: known ? (await namedGrantsOf(unit.sql, known.id)).map(({ grant }) => grant) : [],
  };
  input.judge(known && { team: known, ...held });

  const members = [...new Set(input.members ?? held.members)].sort();
  const ids = await idsByName(unit.sql, 'users', members);
  const unknown = (input.members ?? []).flatMap((name, index) => (ids.has(name) ? [] : [index]));
  if (unknown.length > 0) {
    return { kind: 'unknown-members', at: unknown };
  }
  const grants = input.grants ?? held.grants;
  const sameMembers = JSON.stringify(members) === JSON.stringify(held.members);
  if (known && known.displayName === displayName && sameMembers && sameGrants(held.grants, grants)) {
    return { kind: 'unchanged', team: known };
  }

  const team = known ? { ...known, displayName } : await addTeam(unit, input);
  if (known) {
    await unit.sql.updateTable('teams').set({ displayName }).where('id', '=', known.id).execute();
  }
  if (!sameMembers) {
    await replaceMembers(unit.sql, team.id, [...ids.values()]);
  }
  if (!sameGrants(held.grants, grants)) {
    await replaceGrants(unit.sql, { kind: 'team', id: team.id }, grants);
  }
  unit.record({
    type: known ? 'team-changed' : 'team-created',
    at: input.at,
    actorId: input.by,
    projectId: null,
    releaseId: null,
    data: { team: slug, displayName, members, roles: grantsAsData(grants) },
  });
  return { kind: known ? 'changed' : 'created', team };
}

async function addTeam(unit: Unit, { slug, displayName, at }: TeamToPut): Promise<TeamRow> {
  const team = { id: newId(), slug, displayName, createdAt: at, deletedAt: null };
  await unit.sql.insertInto('teams').values(team).execute();
  return team;
}
