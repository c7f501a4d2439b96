import type { Reach } from '../../domain/next-reach';
import { canonicalJson } from '../../domain/canonical-json';
import { raiseRevisions } from '../flags/raise-revisions';
import type { Unit } from '../store';
import { snapshotsOf, versionBefore } from './snapshots';
import type { ReleaseRow, StoredFlagChange } from './stored-release';
import { environmentIdOf, flagChangesOf } from './stored-release';

/**
 * The end of a release for clients of flags, in the transaction that records it: all flags of the set, one revision per
 * environment (FLG-3, REL-30). What they see of phases follows from the position (`showFlags`).
 */
export async function takeEffect(unit: Unit, release: ReleaseRow, reach: Reach): Promise<void> {
  switch (reach.kind) {
    case 'timer':
    case 'start':
    case 'phase':
      return;
    case 'full-rollout':
      if (!reach.events.some(({ type }) => type === 'release-completed')) {
        return;
      }
      return goLive(unit, release, Math.max(...reach.events.map((event) => event.at)));
    case 'completion':
      return goLive(unit, release, Math.max(...reach.events.map((event) => event.at)));
    case 'revert':
      return revert(unit, release, Math.max(...reach.events.map((event) => event.at)));
  }
}

/** The released version becomes the live definition; what someone edited since the snapshot is left alone (CHG-3). */
async function goLive(unit: Unit, release: ReleaseRow, at: number): Promise<void> {
  const snapshots = await snapshotsOf(unit.sql, release.id);
  const touched = new Set<string>();

  for (const change of flagChangesOf(release)) {
    const definition = canonicalJson(change.definition);
    for (const environment of change.environments) {
      const environmentId = environmentIdOf(change, environment);
      const version = versionBefore(snapshots, change.flagId, environmentId);
      const written = await unit.sql
        .updateTable('flagEnvironments')
        .set((row) => ({ definition, version: row('version', '+', 1) }))
        .where('flagId', '=', change.flagId)
        .where('environmentId', '=', environmentId)
        .where('version', '=', version ?? -1)
        .executeTakeFirst();
      if (written.numUpdatedRows === 0n) {
        await reportDrift(unit, release, change, environment, at);
      }
      touched.add(environmentId);
    }
    await unit.sql
      .updateTable('flags')
      .set((row) => ({ definition, version: row('version', '+', 1) }))
      .where('id', '=', change.flagId)
      .execute();
  }
  await unit.sql.deleteFrom('overlays').where('releaseId', '=', release.id).execute();
  await raiseRevisions(unit, touched);
}

/**
 * Back to the pre-release state at once: the live definition was never overwritten, so taking the overlays away does it.
 * What somebody edited there meanwhile, as its environment was opted out, stays and is reported.
 */
async function revert(unit: Unit, release: ReleaseRow, at: number): Promise<void> {
  const overlays = await unit.sql
    .deleteFrom('overlays')
    .where('releaseId', '=', release.id)
    .returning(['environmentId', 'flagId'])
    .execute();
  await reportEdited(unit, release, overlays, at);
  await raiseRevisions(unit, new Set(overlays.map((overlay) => overlay.environmentId)));
}

async function reportEdited(
  unit: Unit,
  release: ReleaseRow,
  touched: readonly { environmentId: string; flagId: string }[],
  at: number,
): Promise<void> {
  if (touched.length === 0) {
    return;
  }
  const snapshots = await snapshotsOf(unit.sql, release.id);
  const flagIds = [...new Set(touched.map(({ flagId }) => flagId))];
  const live = await unit.sql
    .selectFrom('flagEnvironments')
    .select(['flagId', 'environmentId', 'version'])
    .where('flagId', 'in', flagIds)
    .execute();
  for (const change of flagChangesOf(release)) {
    for (const environment of change.environments) {
      const environmentId = environmentIdOf(change, environment);
      const isSame = (each: { environmentId: string; flagId: string }) =>
        each.flagId === change.flagId && each.environmentId === environmentId;
      const version = live.find(isSame)?.version ?? null;
      if (touched.some(isSame) && version !== versionBefore(snapshots, change.flagId, environmentId)) {
        await reportDrift(unit, release, change, environment, at);
      }
    }
  }
}

/** Drift is reported on the release and in the audit, never overwritten (REL-19). */
async function reportDrift(
  unit: Unit,
  release: ReleaseRow,
  change: StoredFlagChange,
  environment: string,
  at: number,
): Promise<void> {
  const detail = `${change.flag} was edited in ${environment} while the release ran`;
  await unit.sql
    .insertInto('drift')
    .values({
      releaseId: release.id,
      item: change.flag,
      environmentId: environmentIdOf(change, environment),
      detail,
      at,
    })
    .execute();
  unit.record({
    type: 'drift-found',
    at,
    actorId: null,
    projectId: release.projectId,
    releaseId: release.id,
    data: { item: change.flag, environment, detail },
  });
}
