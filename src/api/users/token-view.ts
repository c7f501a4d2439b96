import { z } from 'zod';
import type { NamedGrant } from '../../store/users/grants';
import type { TokenRow } from '../../store/users/list-tokens';
import { id, instant, roleEntry, slug, toInstant, toInstantOrNull } from '../schemas/common';
import { showRoles } from './roles';
import { userParams } from './user-view';

export const tokenParams = userParams.extend({ token: id.describe('The token’s id, not the token itself.') });

export const tokenView = z
  .strictObject({
    id: z.string().describe('Names the token; opens nothing.'),
    name: z.string().describe('For people.'),
    madeBy: slug.nullable().describe('Name of the user who made it (SEC-3).'),
    fromSetting: z.boolean().describe('Whether it is the one in `SLUICE_ADMIN_TOKEN` (SEC-6).'),
    roles: z.array(roleEntry).nullable().describe('What it is narrowed to; null: all that its user may do.'),
    expiresAt: instant.nullable().describe('When it dies by itself; null: never.'),
    createdAt: instant.describe('When it was made.'),
  })
  .meta({ id: 'Token', description: 'What a user’s requests carry; the token itself is shown once only.' });

export function showToken(row: TokenRow, grants: readonly NamedGrant[]): z.input<typeof tokenView> {
  return {
    id: row.id,
    name: row.name,
    madeBy: row.madeBy,
    fromSetting: row.fromSetting === 1,
    roles: row.narrowed === 1 ? showRoles(grants) : null,
    expiresAt: toInstantOrNull(row.expiresAt),
    createdAt: toInstant(row.createdAt),
  };
}
