import type { FlagDefinition } from '../../src/domain/flag';
import type { NewEvent } from '../../src/store/audit/entry';
import { newId } from '../../src/store/new-id';
import { flagTarget, serviceTarget } from '../../src/store/releases/stored-release';
import type { Store, Unit } from '../../src/store/store';

export const NOON = Date.UTC(2026, 0, 2, 12);

export const OFF = gate('off');
export const ON = gate('on');

/** A gate whose default is one of `on` and `off`. */
function gate(defaultVariant: 'on' | 'off'): FlagDefinition {
  return { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant };
}

/** An entry in a project's chain, or with `projectId: null` in the installation's. */
export function someEvent(changes: Partial<NewEvent> = {}): NewEvent {
  return { type: 'flag-edited', at: NOON, actorId: null, projectId: 'shop', releaseId: null, data: {}, ...changes };
}

export interface ProjectFixture {
  projectId: string;
  /** Ids by name: `development` is opted out of pipelines, `staging` and `production` are not. */
  environments: Record<'development' | 'staging' | 'production', string>;
}

/** A project with three environments, the first of them opted out of pipelines (PIPE-6). */
export async function insertProject(store: Store, slug = `shop-${newId().toLowerCase()}`): Promise<ProjectFixture> {
  const projectId = newId();
  const environments = { development: newId(), staging: newId(), production: newId() };
  await store.write(async ({ sql }) => {
    await sql
      .insertInto('projects')
      .values({ id: projectId, slug, displayName: slug, createdAt: NOON, deletedAt: null })
      .execute();
    const rows = Object.entries(environments).map(([name, id], index) => ({
      id,
      projectId,
      slug: name,
      displayName: name,
      position: index + 1,
      requiresPipeline: name === 'development' ? (0 as const) : (1 as const),
      requiresReview: 0 as const,
      createdAt: NOON,
      deletedAt: null,
    }));
    await sql.insertInto('environments').values(rows).execute();
  });
  return { projectId, environments };
}

/** A running release that holds these flags and services, or waits for them; only what the store's tests look at. */
export async function insertRelease(
  unit: Unit,
  projectId: string,
  flagIds: readonly string[],
  { held = true, live = true, serviceIds = [] }: { held?: boolean; live?: boolean; serviceIds?: string[] } = {},
): Promise<string> {
  const [id, pipelineId] = [newId(), newId()];
  await unit.sql
    .insertInto('pipelines')
    .values({ id: pipelineId, projectId, slug: `to-all-${id}`, version: 1, createdAt: NOON, deletedAt: null })
    .execute();
  await unit.sql
    .insertInto('pipelineVersions')
    .values({ pipelineId, version: 1, definition: '{}', createdBy: 'ada', createdAt: NOON })
    .execute();
  await unit.sql
    .insertInto('releases')
    .values({
      id,
      projectId,
      pipelineId,
      pipelineVersion: 1,
      digest: '',
      position: '{}',
      state: live ? 'baking' : 'completed',
      live: live ? 1 : 0,
      seq: 0,
      epoch: 1,
      claimedBy: null,
      lastAction: 0,
      startDeliveredAt: null,
      wake: 0,
      changes: '[]',
      plan: '{}',
      triggeredBy: 'ada',
      reason: null,
      source: null,
      labels: '[]',
      createdAt: NOON,
      endedAt: null,
    })
    .execute();
  const ticket = await unit.counter('ticket');
  await unit.sql
    .insertInto('releaseTargets')
    .values(
      [...flagIds.map(flagTarget), ...serviceIds.map(serviceTarget)].map((target) => ({
        releaseId: id,
        target,
        ticket,
        held: held ? (1 as const) : (0 as const),
        live: live ? (1 as const) : (0 as const),
        snapshot: null,
      })),
    )
    .execute();
  return id;
}
