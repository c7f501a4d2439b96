import type { Kysely } from 'kysely';
import { grantBeyond, type Grant, type Rights } from '../../domain/permission';
import type { Tables } from '../../store/tables';
import type { NamedGrant } from '../../store/users/grants';
import { idsByName } from '../../store/users/ids-by-name';
import { Problem } from '../problem';
import type { RoleEntry } from '../schemas/common';

/** Most entries of `roles` a user, team or token may have. */
export const MOST_ROLES = 100;

/**
 * Reads `roles` of a body: names of projects become ids, and nobody grants what they do not hold there (SEC-1).
 *
 * @throws Problem 422 `reference.unknown` for a project that does not exist, 403 `grant.exceeds`
 */
export async function readRoles(
  sql: Kysely<Tables>,
  roles: readonly RoleEntry[],
  giver: { rights: Rights },
): Promise<Grant[]> {
  const ids = await idsByName(
    sql,
    'projects',
    roles.flatMap(({ project }) => project ?? []),
  );
  const unknown = roles.flatMap(({ project }, index) =>
    project === undefined || ids.has(project)
      ? []
      : [{ path: `roles[${index}].project`, message: `There is no project ${project}` }],
  );
  if (unknown.length > 0) {
    throw new Problem('reference.unknown', 'A project in roles does not exist', { errors: unknown });
  }

  const grants = roles.map((entry): Grant => {
    const project = entry.project === undefined ? null : (ids.get(entry.project) ?? null);
    return 'role' in entry ? { role: entry.role, project } : { permission: entry.permission, project };
  });
  const beyond = grantBeyond(giver.rights, grants);
  if (beyond) {
    const index = grants.indexOf(beyond);
    throw new Problem('grant.exceeds', 'This grants more than the caller holds there', {
      errors: [{ path: `roles[${index}]`, message: 'The caller does not hold all of this in that scope' }],
    });
  }
  return grants;
}

/** Grants as people write them. */
export function showRoles(grants: readonly NamedGrant[]): RoleEntry[] {
  return grants.map(({ grant, projectName }) => {
    const scope = projectName === null ? {} : { project: projectName };
    return 'role' in grant ? { role: grant.role, ...scope } : { permission: grant.permission, ...scope };
  });
}
