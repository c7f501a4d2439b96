import { addFlagsToEnvironment } from '../flags/add-environment';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { lockEnvironment, type EnvironmentRow } from './find-environment';

export interface EnvironmentToPut {
  projectId: string;
  slug: string;
  displayName: string;
  /** null: where it is, or after all others when it is new. */
  position: number | null;
  requiresPipeline: boolean;
  requiresReview: boolean;
  by: string;
  at: number;
  /** Judges the write inside its transaction, with the environment as it is then. */
  judge: (current: EnvironmentRow | null) => void;
}

/** `gone`: the name belonged to an environment that was deleted (HTTP-1). */
export type PutEnvironmentOutcome =
  { kind: 'created' | 'changed' | 'unchanged'; environment: EnvironmentRow } | { kind: 'gone' };

/**
 * Creates or replaces an environment; the same content changes nothing and is no event (HTTP-7). A new one answers
 * every flag of the project with that flag's definition.
 */
export async function putEnvironment(unit: Unit, input: EnvironmentToPut): Promise<PutEnvironmentOutcome> {
  const { projectId, slug } = input;
  const known = await lockEnvironment(unit, projectId, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const content = {
    displayName: input.displayName,
    position: input.position ?? known?.position ?? (await nextPosition(unit, projectId)),
    requiresPipeline: input.requiresPipeline ? (1 as const) : (0 as const),
    requiresReview: input.requiresReview ? (1 as const) : (0 as const),
  };
  if (!known) {
    const id = newId();
    const environment = { id, projectId, slug, ...content, revision: 0, createdAt: input.at, deletedAt: null };
    await unit.sql.insertInto('environments').values(environment).execute();
    await addFlagsToEnvironment(unit, projectId, id);
    record(unit, input, 'environment-created', environment);
    return { kind: 'created', environment };
  }
  const environment = { ...known, ...content };
  if (JSON.stringify(environment) === JSON.stringify(known)) {
    return { kind: 'unchanged', environment };
  }
  await unit.sql.updateTable('environments').set(content).where('id', '=', known.id).execute();
  record(unit, input, 'environment-changed', environment);
  return { kind: 'changed', environment };
}

async function nextPosition(unit: Unit, projectId: string): Promise<number> {
  const last = await unit.sql
    .selectFrom('environments')
    .select((row) => row.fn.max('position').as('position'))
    .where('projectId', '=', projectId)
    .executeTakeFirst();
  return (last?.position ?? 0) + 1;
}

function record(unit: Unit, { projectId, by, at }: EnvironmentToPut, type: string, environment: EnvironmentRow): void {
  unit.record({
    type,
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: {
      environment: environment.slug,
      displayName: environment.displayName,
      order: environment.position,
      requiresPipeline: environment.requiresPipeline === 1,
      requiresReview: environment.requiresReview === 1,
    },
  });
}
