import type { z } from 'zod';
import type { Unit } from '../../store/store';
import { lockAdministrators } from '../../store/users/administrators';
import { findUser } from '../../store/users/find-user';
import { putUser } from '../../store/users/put-user';
import type { Caller } from '../caller';
import { gone } from '../deletion';
import { checkPreconditions, type Preconditions } from '../etag';
import { keepAnAdministrator } from './keep-an-administrator';
import { readRoles } from './roles';
import { readUser, type userBody } from './user-view';

/** What PUT and `apply` save. */
export interface UserToSave {
  slug: string;
  body: z.output<typeof userBody>;
  caller: Caller;
  at: number;
  preconditions: Preconditions;
}

/**
 * Creates or replaces a user (SEC-1). To be followed by `authenticator.forget()` once it is committed.
 *
 * @throws Problem 410 `user.gone`, 409 `user.last-administrator`, 422 `reference.unknown`, 403 `grant.exceeds`,
 * 412 `request.precondition-failed`
 */
export async function saveUser(unit: Unit, { slug, body, caller, at, preconditions }: UserToSave) {
  await lockAdministrators(unit);
  const known = await findUser(unit.sql, slug);
  const current = known && known.deletedAt === null ? (await readUser(unit.sql, known)).etag : null;
  const put = await putUser(unit, {
    slug,
    displayName: body.displayName ?? slug,
    email: body.email ?? null,
    grants: body.roles ? await readRoles(unit.sql, body.roles, caller) : null,
    by: caller.userId,
    at,
    judge: () => checkPreconditions(preconditions, current),
  });
  if (put.kind === 'gone') {
    throw gone('user', slug);
  }
  await keepAnAdministrator(unit);
  return { kind: put.kind, ...(await readUser(unit.sql, put.user)) };
}
