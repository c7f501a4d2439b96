import type { Kysely } from 'kysely';

import type { EffectUnderWay } from '../../domain/why-target';
import type { ReleaseRow } from '../releases/stored-release';
import type { Tables } from '../tables';
import { namedEffects } from './named-effects';

/** What a release has sent to webhook targets, or is about to, that has not come to an end; first begun first. */
export async function effectsUnderWay(sql: Kysely<Tables>, release: Pick<ReleaseRow, 'id'>): Promise<EffectUnderWay[]> {
  const rows = await namedEffects(sql)
    .select([
      'effects.direction',
      'effects.phase',
      'effects.tries',
      'effects.startedAt as since',
      'effects.nextAttemptAt',
      'effects.awaitedUntil',
      'effects.detail',
    ])
    .where('effects.releaseId', '=', release.id)
    .where('effects.status', '=', 'under-way')
    .orderBy('effects.startedAt')
    .orderBy('effects.key')
    .execute();
  return rows;
}
