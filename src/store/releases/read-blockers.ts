import type { Kysely } from 'kysely';

import type { AcceptedAction } from '../../domain/release';
import type { ReleaseAhead } from '../../domain/why';
import type { Tables } from '../tables';
import { queuesOf } from './queue';
import { changesOf, flagTarget, type ReleaseRow } from './stored-release';
import { TOLD_AT_ONCE, undecidedActions } from './undecided-actions';

/** What is in a release's way besides its own position (REL-26). */
export interface ReleaseSurroundings {
  /** `null`: all of its targets are its own. */
  queue: { position: number; ahead: ReleaseAhead[] } | null;
  /** The first of them. */
  undecided: AcceptedAction[];
}

/** Reads the queues of a release's targets and the actions that wait for their decision. */
export async function readBlockers(sql: Kysely<Tables>, release: ReleaseRow): Promise<ReleaseSurroundings> {
  const undecided = await undecidedActions(sql, release.id, 0, TOLD_AT_ONCE);
  const flags = new Map(changesOf(release).map((change) => [flagTarget(change.flagId), change.flag]));
  const queues = await queuesOf(sql, [...flags.keys()]);
  const own = queues.find((queued) => queued.releaseId === release.id);
  if (!own || own.held) {
    return { queue: null, undecided };
  }
  const ahead = queues
    .filter((queued) => queued.ticket < own.ticket)
    .map((queued) => ({ release: queued.releaseId, target: flags.get(queued.target) ?? queued.target }));
  return { queue: { position: new Set(ahead.map(({ release: id }) => id)).size, ahead }, undecided };
}
