import type { Kysely } from 'kysely';

import type { FailedEffect } from '../../domain/why-phase';
import type { ReleaseRow } from '../releases/stored-release';
import type { Tables } from '../tables';
import { namedEffects } from './named-effects';

/** What targets would not take of a release, the last one first. */
export function failedEffects(sql: Kysely<Tables>, release: Pick<ReleaseRow, 'id'>): Promise<FailedEffect[]> {
  return namedEffects(sql)
    .select(['effects.attempt', 'effects.detail'])
    .where('effects.releaseId', '=', release.id)
    .where('effects.direction', '=', 'apply')
    .where('effects.status', 'in', ['failed', 'drifted'])
    .orderBy('effects.endedAt', 'desc')
    .orderBy('effects.key')
    .execute();
}
