import { canonicalJson } from '../../domain/canonical-json';
import type { Condition } from '../../domain/pipeline';
import { rulesIn } from '../../domain/pipeline';
import type { ReleaseState } from '../../domain/release';
import { phasesShown } from '../../domain/roll-out';
import { raiseRevisions } from '../flags/raise-revisions';
import { definitionOf } from '../pipelines/definition-of';
import type { Unit } from '../store';
import { snapshotsOf, wasOptedOut } from './snapshots';
import type { ReleaseRow, StoredFlagChange } from './stored-release';
import { environmentIdOf, flagChangesOf } from './stored-release';

/**
 * Brings what clients of flags see in line with a new position, in the transaction that records it: where other phases
 * are shown than before, all flags of the set follow, one revision per environment (FLG-3, REL-16). Contexts that match
 * a rule of a phase shown get the new definition; opted-out environments wait (CHG-3). Abort and completion switch all
 * at once, and not here.
 */
export async function showFlags(
  unit: Unit,
  release: ReleaseRow,
  before: ReleaseState,
  after: ReleaseState,
): Promise<void> {
  const changes = flagChangesOf(release);
  const environments = new Set(changes.flatMap((change) => change.environments));
  const changed = [...environments].filter(
    (environment) => String(phasesShown(before, environment)) !== String(phasesShown(after, environment)),
  );
  if (after.stage !== 'running' || changed.length === 0) {
    return;
  }

  const { phases } = await definitionOf(unit.sql, release.pipelineId, release.pipelineVersion);
  const snapshots = await snapshotsOf(unit.sql, release.id);
  const touched = new Set<string>();
  for (const change of changes) {
    for (const environment of change.environments.filter((each) => changed.includes(each))) {
      const environmentId = environmentIdOf(change, environment);
      if (wasOptedOut(snapshots, change, environmentId)) {
        continue;
      }
      const shown = phasesShown(after, environment);
      const rules = phases.flatMap((phase, index) => (shown.includes(index) ? rulesIn(phase, environment) : []));
      await putOverlay(unit, release, change, environmentId, rules);
      touched.add(environmentId);
    }
  }
  await raiseRevisions(unit, touched);
}

async function putOverlay(
  unit: Unit,
  release: ReleaseRow,
  change: StoredFlagChange,
  environmentId: string,
  rules: Condition[][],
): Promise<void> {
  if (rules.length === 0) {
    await unit.sql
      .deleteFrom('overlays')
      .where('releaseId', '=', release.id)
      .where('environmentId', '=', environmentId)
      .where('flagId', '=', change.flagId)
      .execute();
    return;
  }
  const overlay = { definition: canonicalJson(change.definition), rules: JSON.stringify(rules) };
  await unit.sql
    .insertInto('overlays')
    .values({ releaseId: release.id, environmentId, flagId: change.flagId, ...overlay })
    .onConflict((conflict) => conflict.columns(['releaseId', 'environmentId', 'flagId']).doUpdateSet(overlay))
    .execute();
}
