import type { Kysely } from 'kysely';
import type { Grant, Permission, Role } from '../../domain/permission';
import { newId } from '../new-id';
import type { Tables } from '../tables';

export type Subject = { kind: 'user' | 'team' | 'token'; id: string };

/** A row of `grants` as the domain sees it. */
export function grantOf(row: { role: string | null; permission: string | null; projectId: string | null }): Grant {
  return row.role === null
    ? { permission: row.permission as Permission, project: row.projectId }
    : { role: row.role as Role, project: row.projectId };
}

/** What a user, team or token was granted itself, in the order in which it was given. */
export async function grantsOf(sql: Kysely<Tables>, subject: Subject): Promise<Grant[]> {
  const rows = await sql
    .selectFrom('grants')
    .select(['role', 'permission', 'projectId'])
    .where('subjectKind', '=', subject.kind)
    .where('subjectId', '=', subject.id)
    .orderBy('id')
    .execute();
  return rows.map(grantOf);
}

/** Puts these grants in the place of what the subject had. */
export async function replaceGrants(sql: Kysely<Tables>, subject: Subject, grants: readonly Grant[]): Promise<void> {
  await sql.deleteFrom('grants').where('subjectKind', '=', subject.kind).where('subjectId', '=', subject.id).execute();
  if (grants.length === 0) {
    return;
  }
  await sql
    .insertInto('grants')
    .values(
      grants.map((grant) => ({
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
