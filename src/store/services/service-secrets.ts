import type { Kysely } from 'kysely';
import { DAY, type Instant } from '../../domain/instant';
import { newId } from '../new-id';
import type { SecretBox } from '../secret-box';
import { newSigningSecret } from '../secret-hash';
import type { Unit } from '../store';
import type { Tables } from '../tables';
import { lockServices } from './lock-services';

/** How long the secret before a new one signs beside it, so that a receiver can change over at any time of a day. */
const OVERLAP_MS = 1 * DAY;

/** Each secret is one more signature in every request's headers, and headers have an end. */
export const MOST_SIGNING = 10;

/** A secret as it is kept. */
export interface SealedSecret {
  id: string;
  serviceId: string;
  sealed: string;
}

export interface SecretToAdd {
  projectId: string;
  service: { id: string; slug: string };
  secretBox: SecretBox;
  by: string;
  at: Instant;
}

/**
 * Makes a secret for a service and returns it: only here it is seen. The one that was current signs for another day; the
 * lock lets two makers see each other, so that one secret is current. What signs no more is erased: nobody needs it, and it could only leak.
 */
export async function addSecret(unit: Unit, { projectId, service, secretBox, by, at }: SecretToAdd): Promise<string> {
  const id = newId();
  const secret = newSigningSecret();
  const sealed = secretBox.seal(secret, contextOf({ id, serviceId: service.id }));

  await lockServices(unit, [service.id]);
  await unit.sql
    .updateTable('serviceSecrets')
    .set({ expiresAt: at + OVERLAP_MS })
    .where('serviceId', '=', service.id)
    .where('expiresAt', 'is', null)
    .execute();
  await eraseOld(unit, service.id, at);
  await unit.sql
    .insertInto('serviceSecrets')
    .values({ id, serviceId: service.id, sealed, createdAt: at, expiresAt: null })
    .execute();
  await unit.sql
    .updateTable('services')
    .set((row) => ({ version: row('version', '+', 1) }))
    .where('id', '=', service.id)
    .execute();
  unit.record({
    type: 'service-secret-created',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { service: service.slug, serviceId: service.id, id },
  });
  return secret;
}

/** The secrets that requests to a service are signed with now, the current one first; none: it never had one. */
export async function secretsOf(sql: Kysely<Tables>, serviceId: string, now: Instant): Promise<SealedSecret[]> {
  const rows = await sql
    .selectFrom('serviceSecrets')
    .select(['id', 'serviceId', 'sealed', 'expiresAt'])
    .where('serviceId', '=', serviceId)
    .where((row) => row.or([row('expiresAt', 'is', null), row('expiresAt', '>', now)]))
    .execute();
  // By when they end, not by when they were made: of two processes' clocks one may be behind.
  return rows
    .sort((a, b) => (b.expiresAt ?? Infinity) - (a.expiresAt ?? Infinity) || (a.id < b.id ? 1 : -1))
    .map(({ id, sealed }) => ({ id, serviceId, sealed }));
}

/** The secret itself, to sign with. Throws when the store's `SLUICE_SECRET_KEY` is not the one it was sealed under. */
export function openSecret(secretBox: SecretBox, secret: SealedSecret): string {
  return secretBox.open(secret.sealed, contextOf(secret));
}

/** Binds a sealed secret to its row: copied into that of another service, it does not open. */
function contextOf({ id, serviceId }: Pick<SealedSecret, 'id' | 'serviceId'>): string {
  return JSON.stringify(['service-secret', serviceId, id]);
}

/** Leaves room for the one to come. */
async function eraseOld(unit: Unit, serviceId: string, at: Instant): Promise<void> {
  const signing = (await secretsOf(unit.sql, serviceId, at)).slice(0, MOST_SIGNING - 1).map(({ id }) => id);
  await unit.sql
    .deleteFrom('serviceSecrets')
    .where('serviceId', '=', serviceId)
    .$if(signing.length > 0, (query) => query.where('id', 'not in', signing))
    .execute();
}
