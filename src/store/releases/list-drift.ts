import type { Kysely } from 'kysely';

import type { Tables } from '../tables';
import { snapshotsOf, wasOptedOut } from './snapshots';
import { changesOf, type ReleaseRow } from './stored-release';

/** One touched target: did it come back, or does somebody else's change stand (REL-19, CHG-3)? */
export interface TouchedTarget {
  item: string;
  environment: string;
  state: 'reverted' | 'drifted';
  detail: string | null;
}

/**
 * What became of the targets that an ended release had touched. Flags come back in the transaction that aborts, so none
 * of them is ever seen on its way.
 */
export async function listDrift(sql: Kysely<Tables>, release: ReleaseRow): Promise<TouchedTarget[]> {
  const drifted = await sql
    .selectFrom('drift')
    .innerJoin('environments', 'environments.id', 'drift.environmentId')
    .where('drift.releaseId', '=', release.id)
    .orderBy('drift.item')
    .orderBy('environments.position')
    .select(['drift.item', 'environments.slug as environment', 'drift.detail'])
    .execute();
  const left = drifted.map((row) => ({ ...row, state: 'drifted' as const }));
  if (release.state !== 'aborted') {
    return left;
  }
  const isLeft = ({ item, environment }: TouchedTarget) =>
    left.some((each) => each.item === item && each.environment === environment);
  const reverted = await revertedTargets(sql, release);
  return [...reverted.filter((each) => !isLeft(each)), ...left];
}

/** The flags of the environments in which the release had deployments: what they had changed is taken back. */
async function revertedTargets(sql: Kysely<Tables>, release: ReleaseRow): Promise<TouchedTarget[]> {
  const deployed = await sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .where('deployments.releaseId', '=', release.id)
    .orderBy('environments.position')
    .select(['environments.id', 'environments.slug', 'environments.position'])
    .distinct()
    .execute();
  const snapshots = await snapshotsOf(sql, release.id);
  return changesOf(release).flatMap((change) =>
    deployed
      .filter(({ id, slug }) => change.environments.includes(slug) && !wasOptedOut(snapshots, change, id))
      .map(({ slug }) => ({ item: change.flag, environment: slug, state: 'reverted' as const, detail: null })),
  );
}
