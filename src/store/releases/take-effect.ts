import type { Reach } from '../../domain/next-step';
import type { Condition, Pipeline } from '../../domain/pipeline';
import { rulesIn } from '../../domain/pipeline';
import type { ReleaseState } from '../../domain/release';
import { canonicalJson } from '../../domain/canonical-json';
import { raiseRevisions } from '../flags/raise-revisions';
import type { Unit } from '../store';
import { snapshotsOf, versionBefore, wasOptedOut } from './snapshots';
import type { ReleaseRow, StoredChange } from './stored-release';
import { changesOf } from './stored-release';

/**
 * Changes what clients of flags see, in the transaction that records it: all flags of the set, one revision per
 * environment (FLG-3, REL-30). `state` is the position before the reach.
 */
export async function takeEffect(unit: Unit, release: ReleaseRow, state: ReleaseState, reach: Reach): Promise<void> {
  switch (reach.kind) {
    case 'timer':
    case 'start':
      return;
    case 'phase':
      return reach.phase === null ? undefined : applyPhase(unit, release, state, reach.phase);
    case 'full-rollout':
    case 'completion':
      return goLive(unit, release, Math.max(...reach.events.map((event) => event.at)));
    case 'revert':
      return revert(unit, release, Math.max(...reach.events.map((event) => event.at)));
  }
}

/** Contexts that match a rule of any phase applied so far get the new definition; opted-out environments wait (CHG-3). */
async function applyPhase(unit: Unit, release: ReleaseRow, state: ReleaseState, phase: number): Promise<void> {
  const pipeline = await pinnedPipeline(unit, release);
  const snapshots = await snapshotsOf(unit.sql, release.id);
  const touched = new Set<string>();

  for (const change of changesOf(release)) {
    for (const environment of change.environments) {
      const environmentId = environmentIdOf(change, environment);
      const rules = pipeline.phases.flatMap((candidate, index) =>
        index === phase || state.phases[index]?.startedAt !== null ? rulesIn(candidate, environment) : [],
      );
      const reached = pipeline.phases[phase];
      if (!reached || rulesIn(reached, environment).length === 0 || wasOptedOut(snapshots, change, environmentId)) {
        continue;
      }
      await putOverlay(unit, release, change, environmentId, rules);
      touched.add(environmentId);
    }
  }
  await raiseRevisions(unit, touched);
}

/** The released version becomes the live definition; what someone edited since the snapshot is left alone (CHG-3). */
async function goLive(unit: Unit, release: ReleaseRow, at: number): Promise<void> {
  const snapshots = await snapshotsOf(unit.sql, release.id);
  const touched = new Set<string>();

  for (const change of changesOf(release)) {
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
  for (const change of changesOf(release)) {
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

async function putOverlay(
  unit: Unit,
  release: ReleaseRow,
  change: StoredChange,
  environmentId: string,
  rules: Condition[][],
): Promise<void> {
  const overlay = { definition: canonicalJson(change.definition), rules: JSON.stringify(rules) };
  await unit.sql
    .insertInto('overlays')
    .values({ releaseId: release.id, environmentId, flagId: change.flagId, ...overlay })
    .onConflict((conflict) => conflict.columns(['releaseId', 'environmentId', 'flagId']).doUpdateSet(overlay))
    .execute();
}

/** Drift is reported on the release and in the audit, never overwritten (REL-19). */
async function reportDrift(
  unit: Unit,
  release: ReleaseRow,
  change: StoredChange,
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

async function pinnedPipeline(unit: Unit, release: ReleaseRow): Promise<Pipeline> {
  const { definition } = await unit.sql
    .selectFrom('pipelineVersions')
    .select('definition')
    .where('pipelineId', '=', release.pipelineId)
    .where('version', '=', release.pipelineVersion)
    .executeTakeFirstOrThrow();
  return JSON.parse(definition) as Pipeline;
}

function environmentIdOf(change: StoredChange, environment: string): string {
  const id = change.environmentIds[environment];
  if (id === undefined) {
    throw new Error(`The change of ${change.flag} has no id of environment ${environment}`);
  }
  return id;
}
