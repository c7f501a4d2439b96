import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';
import { flagEtag } from './flag-etag';
import type { FlagRefusal } from './flag-refusal';
import { judgeDirectEdit, refuseWhileReleased } from './judge-direct-edit';
import { lockFlags } from './lock-flags';
import { raiseRevisions } from './raise-revisions';

export interface DeleteFlag {
  projectId: string;
  slug: string;
  /** Whether the caller has the permission `FlagOverride` in the project. */
  mayOverride: boolean;
  actorId: string;
  at: Instant;
  /** Throws when the caller's `If-Match` does not fit this ETag. */
  checkEtag: (current: string) => void;
}

export type DeleteFlagOutcome =
  { kind: 'deleted' | 'already-deleted' | 'unknown' } | { kind: 'refused'; refusal: FlagRefusal };

/**
 * Deletes a flag softly: clients do not find it any more, its history stays (HTTP-7). As clients everywhere see that,
 * it is judged like a direct edit of all environments (REL-4), and nobody deletes what a release holds or queues for.
 */
export async function deleteFlag(unit: Unit, request: DeleteFlag): Promise<DeleteFlagOutcome> {
  const find = () =>
    unit.sql
      .selectFrom('flags')
      .select(['id', 'version', 'deletedAt'])
      .where('projectId', '=', request.projectId)
      .where('slug', '=', request.slug)
      .executeTakeFirst();
  const found = await find();
  if (found === undefined) return { kind: 'unknown' };
  await lockFlags(unit, [found.id]);
  const flag = (await find()) ?? found;
  if (flag.deletedAt !== null) return { kind: 'already-deleted' };
  request.checkEtag(flagEtag(flag));

  const environments = await unit.sql
    .selectFrom('environments')
    .select(['id', 'slug', 'requiresPipeline'])
    .where('projectId', '=', request.projectId)
    .where('deletedAt', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .execute();
  const subject = { flagId: flag.id, flag: request.slug };
  const released = await refuseWhileReleased(unit, subject);
  if (released !== null) return { kind: 'refused', refusal: released };
  const judged = await judgeDirectEdit(unit, {
    ...subject,
    changed: environments.map(({ slug, requiresPipeline }) => ({ slug, requiresPipeline: requiresPipeline === 1 })),
    mayOverride: request.mayOverride,
  });
  if ('refused' in judged) return { kind: 'refused', refusal: judged };

  await unit.sql
    .updateTable('flags')
    .set((row) => ({ deletedAt: request.at, version: row('version', '+', 1) }))
    .where('id', '=', flag.id)
    .execute();
  await raiseRevisions(
    unit,
    environments.map(({ id }) => id),
  );
  unit.record({
    type: 'flag-deleted',
    at: request.at,
    actorId: request.actorId,
    projectId: request.projectId,
    releaseId: null,
    data: { flag: request.slug, flagId: flag.id, override: judged.isOverride },
  });
  return { kind: 'deleted' };
}
