import type { Kysely } from 'kysely';
import type { Grant, Permission, Role } from '../../domain/permission';
import { newId } from '../new-id';
import type { Tables } from '../tables';

export type Subject = { kind: 'user' | 'team' | 'token'; id: string };

/** A grant and the name of its project, as people write it; null: everywhere. */
export interface NamedGrant {
  grant: Grant;
  projectName: string | null;
}

/** A row of `grants` as the domain sees it. */
export function grantOf(row: { role: string | null; permission: string | null; projectId: string | null }): Grant {
  return row.role === null
    ? { permission: row.permission as Permission, project: row.projectId }
    : { role: row.role as Role, project: row.projectId };
}

/**
 * What these users, teams or tokens were granted themselves, by their ids, in the order in which it was given. Grants in
 * deleted projects are left out: nobody could give them again.
 */
export async function namedGrants(
  sql: Kysely<Tables>,
  subjectIds: readonly string[],
): Promise<Map<string, NamedGrant[]>> {
  const found = new Map<string, NamedGrant[]>(subjectIds.map((id) => [id, []]));
  if (subjectIds.length === 0) {
    return found;
  }
  const rows = await sql
    .selectFrom('grants')
    .leftJoin('projects', 'projects.id', 'grants.projectId')
    .select(['grants.subjectId', 'grants.role', 'grants.permission', 'grants.projectId', 'projects.slug'])
    .where('grants.subjectId', 'in', subjectIds)
    .where('projects.deletedAt', 'is', null)
    .orderBy('grants.id')
    .execute();
  for (const row of rows) {
    found.get(row.subjectId)?.push({ grant: grantOf(row), projectName: row.slug });
  }
  return found;
}

/** The same of one. */
export async function namedGrantsOf(sql: Kysely<Tables>, subjectId: string): Promise<NamedGrant[]> {
  return (await namedGrants(sql, [subjectId])).get(subjectId) ?? [];
}

/** Whether two lists grant the same, in whatever order. */
export function sameGrants(one: readonly Grant[], other: readonly Grant[]): boolean {
  const content = (grants: readonly Grant[]) => JSON.stringify([...new Set(grants.map(asText))].sort());
  return content(one) === content(other);
}

/** Puts these grants in the place of what the subject had. */
export async function replaceGrants(sql: Kysely<Tables>, subject: Subject, grants: readonly Grant[]): Promise<void> {
  await sql.deleteFrom('grants').where('subjectKind', '=', subject.kind).where('subjectId', '=', subject.id).execute();
  const distinct = [...new Map(grants.map((grant) => [asText(grant), grant])).values()];
  if (distinct.length === 0) {
    return;
  }
  await sql
    .insertInto('grants')
    .values(
      distinct.map((grant) => ({
        id: newId(),
        subjectKind: subject.kind,
        subjectId: subject.id,
        role: 'role' in grant ? grant.role : null,
        permission: 'role' in grant ? null : grant.permission,
        projectId: grant.project,
      })),
    )
    .execute();
}

function asText(grant: Grant): string {
  return JSON.stringify([
    'role' in grant ? grant.role : null,
    'role' in grant ? null : grant.permission,
    grant.project,
  ]);
}
