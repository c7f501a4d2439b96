import type { ReleaseEvent, ReleaseState } from '../../domain/release';
import { phaseAt } from '../../domain/release';
import { newId } from '../new-id';
import type { Unit } from '../store';
import type { ReleaseRow } from './stored-release';
import { planOfRow } from './stored-release';

/** Brings the rows of deployments up to what these events say of them. */
export async function saveDeployments(
  unit: Unit,
  release: ReleaseRow,
  state: ReleaseState,
  events: readonly ReleaseEvent[],
): Promise<void> {
  const started = events.filter((event) => event.type === 'phase-started');
  if (started.length === 0) {
    return;
  }
  const environments = await unit.sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', release.projectId)
    .execute();
  const idOf = new Map(environments.map(({ id, slug }) => [slug, id]));
  const plan = planOfRow(release);

  for (const { phase, attempt, environments: reached, at } of started) {
    for (const environment of reached) {
      const environmentId = idOf.get(environment);
      const deployment = phaseAt(state, phase).deployments.find(
        (candidate) => candidate.environment === environment && candidate.attempt === attempt,
      );
      if (environmentId === undefined || !deployment) {
        throw new Error(`Deployment of ${release.id} to unknown environment ${environment}`);
      }
      const hasEnded = deployment.state === 'succeeded' || deployment.state === 'failed';
      await unit.sql
        .insertInto('deployments')
        .values({
          id: newId(),
          releaseId: release.id,
          phase: plan.phases[phase]?.name ?? '',
          environmentId,
          attempt,
          state: deployment.state,
          errored: 0,
          createdAt: at,
          startedAt: at,
          endedAt: hasEnded ? at : null,
          error: null,
          endedBy: null,
        })
        .execute();
    }
  }
}
