import type { Unit } from '../store';

/** Ids by name of those that exist, locked until commit: none is deleted while something is made that names it. */
export async function lockEnvironments(
  unit: Unit,
  projectId: string,
  slugs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (slugs.length === 0) {
    return new Map();
  }
  const rows = unit.sql
    .selectFrom('environments')
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('id');
  // All of the project, as there are few of them: a request may name more than a statement can.
  const found = await unit.forUpdate(rows).select(['id', 'slug']).execute();
  const named = new Set(slugs);
  return new Map(found.filter(({ slug }) => named.has(slug)).map(({ id, slug }) => [slug, id]));
}
