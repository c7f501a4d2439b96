import type { Kysely } from 'kysely';

import { isServiceChange } from '../../domain/change';
import type { AcceptedAction } from '../../domain/accepted-action';
import type { ReleaseAhead } from '../../domain/blocker';
import type { FailedDeployment, FailedEffect } from '../../domain/why-phase';
import type { EffectUnderWay } from '../../domain/why-target';
import type { ProcessWaits } from '../../domain/why-process';
import { effectsUnderWay } from '../effects/effects-under-way';
import { failedEffects } from '../effects/failed-effects';
import { failedDeployments } from '../process/failed-deployments';
import { processWaits } from '../process/process-waits';
import type { Tables } from '../tables';
import { queuesOf } from './queue';
import { changesOf, targetOf, type ReleaseRow } from './stored-release';
import { TOLD_AT_ONCE, undecidedActions } from './undecided-actions';

/** What is in a release's way besides its own position (REL-26). */
export interface ReleaseSurroundings {
  /** `null`: all of its targets are its own. */
  queue: { position: number; ahead: ReleaseAhead[] } | null;
  /** The first of them. */
  undecided: AcceptedAction[];
  effects: EffectUnderWay[];
  failures: FailedEffect[];
  failedDeployments: FailedDeployment[];
  waits: ProcessWaits;
}

/** Reads the queues of a release's targets, the actions that wait for their decision, and what is sent to services. */
export async function readBlockers(sql: Kysely<Tables>, release: ReleaseRow): Promise<ReleaseSurroundings> {
  const undecided = await undecidedActions(sql, release.id, 0, TOLD_AT_ONCE);
  const effects = await effectsUnderWay(sql, release);
  const failures = await failedEffects(sql, release);
  const waits = await processWaits(sql, release);
  const about = { undecided, effects, failures, failedDeployments: await failedDeployments(sql, release), waits };
  const names = new Map(
    changesOf(release).map((change) => [targetOf(change), isServiceChange(change) ? change.service : change.flag]),
  );
  const queues = await queuesOf(sql, [...names.keys()]);
  const own = queues.find((queued) => queued.releaseId === release.id);
  if (!own || own.held) {
    return { queue: null, ...about };
  }
  const ahead = queues
    .filter((queued) => queued.ticket < own.ticket)
    .map((queued) => ({ release: queued.releaseId, target: names.get(queued.target) ?? queued.target }));
  const position = new Set(ahead.map(({ release: id }) => id)).size;
  return { queue: { position, ahead }, ...about };
}
