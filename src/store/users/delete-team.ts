import { asksTeam, pipelinesInUse } from '../projects/live-releases';
import type { Unit } from '../store';
import { lockTeam, type TeamRow } from './find-team';

/** `busy` names the pipelines and releases whose reviews or steps ask it. */
export type DeleteTeamOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

/** Deletes a team softly (HTTP-7): its members lose what it granted. */
export async function deleteTeam(
  unit: Unit,
  input: { slug: string; by: string; at: number; judge: (current: TeamRow) => Promise<void> },
): Promise<DeleteTeamOutcome> {
  const { slug, by, at } = input;
  const known = await lockTeam(unit, slug);
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  await input.judge(known);

  const users = (await pipelinesInUse(unit.sql, null)).filter((used) => asksTeam(used, slug));
  if (users.length > 0) {
    return { kind: 'busy', users: users.map(({ user }) => user) };
  }
  await unit.sql.updateTable('teams').set({ deletedAt: at }).where('id', '=', known.id).execute();
  unit.record({ type: 'team-deleted', at, actorId: by, projectId: null, releaseId: null, data: { team: slug } });
  return { kind: 'deleted' };
}
