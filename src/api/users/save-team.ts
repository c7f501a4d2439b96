import type { z } from 'zod';
import type { Unit } from '../../store/store';
import { lockAdministrators } from '../../store/users/administrators';
import { findTeam } from '../../store/users/find-team';
import { putTeam } from '../../store/users/put-team';
import type { Caller } from '../caller';
import { gone } from '../deletion';
import { checkPreconditions, type Preconditions } from '../etag';
import { Problem } from '../problem';
import { keepAnAdministrator } from './keep-an-administrator';
import { readRoles } from './roles';
import { readTeam, type teamBody } from './team-view';

/** What PUT and `apply` save. */
export interface TeamToSave {
  slug: string;
  body: z.output<typeof teamBody>;
  caller: Caller;
  at: number;
  preconditions: Preconditions;
}

/**
 * Creates or replaces a team (SEC-1). To be followed by `authenticator.forget()` once it is committed.
 *
 * @throws Problem 410 `team.gone`, 409 `user.last-administrator`, 422 `reference.unknown`, 403 `grant.exceeds`,
 * 412 `request.precondition-failed`
 */
export async function saveTeam(unit: Unit, { slug, body, caller, at, preconditions }: TeamToSave) {
  await lockAdministrators(unit);
  const known = await findTeam(unit.sql, slug);
  const current = known && known.deletedAt === null ? (await readTeam(unit.sql, known)).etag : null;
  const put = await putTeam(unit, {
    slug,
    displayName: body.displayName ?? slug,
    members: body.members ?? null,
    grants: body.roles ? await readRoles(unit.sql, body.roles, caller) : null,
    by: caller.userId,
    at,
    judge: () => checkPreconditions(preconditions, current),
  });
  if (put.kind === 'gone') {
    throw gone('team', slug);
  }
  if (put.kind === 'unknown-members') {
    throw new Problem('reference.unknown', 'A member does not exist', {
      errors: put.at.map((index) => ({
        path: `members[${index}]`,
        message: `There is no user ${body.members?.[index]}`,
      })),
    });
  }
  await keepAnAdministrator(unit);
  return { kind: put.kind, ...(await readTeam(unit.sql, put.team)) };
}
