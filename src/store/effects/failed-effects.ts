import type { Kysely } from 'kysely';

import type { FailedEffect } from '../../domain/why-phase';
import type { ReleaseRow } from '../releases/stored-release';
import type { Tables } from '../tables';

/** What targets would not take of a release, the last one first. */
export function failedEffects(sql: Kysely<Tables>, release: Pick<ReleaseRow, 'id'>): Promise<FailedEffect[]> {
  return sql
    .selectFrom('effects')
    .innerJoin('services', 'services.id', 'effects.serviceId')
    .innerJoin('environments', 'environments.id', 'effects.environmentId')
    .select(['services.slug as service', 'environments.slug as environment', 'effects.attempt', 'effects.detail'])
    .where('effects.releaseId', '=', release.id)
    .where('effects.direction', '=', 'apply')
    .where('effects.status', 'in', ['failed', 'drifted'])
    .orderBy('effects.endedAt', 'desc')
    .orderBy('effects.key')
    .execute();
}
