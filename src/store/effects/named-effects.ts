import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** What was sent to webhook targets, with the names of service and environment. */
export function namedEffects(sql: Kysely<Tables>) {
  return sql
    .selectFrom('effects')
    .innerJoin('services', 'services.id', 'effects.serviceId')
    .innerJoin('environments', 'environments.id', 'effects.environmentId')
    .select(['services.slug as service', 'environments.slug as environment']);
}
