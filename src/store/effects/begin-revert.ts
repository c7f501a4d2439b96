import { effectKey } from '../../domain/effect-key';
import type { Instant } from '../../domain/instant';
import { planAt } from '../../domain/release-plan';
import type { RevertJob } from '../../domain/roll-out';
import { touchOf } from '../../domain/roll-out';
import { serviceVersionBefore, snapshotsOf } from '../releases/snapshots';
import { environmentIdOf, lockRelease, planOfRow, positionOf, serviceChangesOf } from '../releases/stored-release';
import type { Unit } from '../store';
import { beginSend, type EffectToSend } from './begin-send';
import { recordAnswer, type AnswerRecorded } from './record-answer';

/** A service that a workflow of this epoch takes back. */
export interface Revert {
  release: string;
  epoch: number;
  job: RevertJob;
}

export type BegunRevert =
  | { kind: 'send'; effect: EffectToSend }
  | AnswerRecorded
  /** It is not to be taken back any more: a person has given it up, or another workflow is in charge. */
  | { kind: 'stopped' };

/**
 * Begins the next try to bring a service back to its pre-release version (REL-19). Its key has one attempt for ever, as
 * all tries are automatic (WHK-3). It is expected to have the release's version; one that is back already says so.
 */
export async function beginRevert(unit: Unit, { release, epoch, job }: Revert, now: Instant): Promise<BegunRevert> {
  const row = await lockRelease(unit, release);
  const state = row && positionOf(row);
  const { service, environment } = job;
  const touched = state && touchOf(state, service, environment);
  const change = row && serviceChangesOf(row).find((each) => each.service === service);
  if (!row || row.epoch !== epoch || touched?.state !== 'reverting' || !change) {
    return { kind: 'stopped' };
  }
  const phase = planAt(planOfRow(row), touched.phase).name;
  const key = effectKey({ release: row.id, phase, environment, item: service, direction: 'revert', attempt: 1 });
  const ended = await unit.sql
    .selectFrom('effects')
    .select(['status', 'detail', 'endedAt'])
    .where('key', '=', key)
    .where('status', 'in', ['done', 'drifted'])
    .executeTakeFirst();
  if (ended) {
    // It has come to its end, and whoever was to say so died.
    const at = ended.endedAt ?? now;
    return ended.status === 'done' ? { kind: 'done', at } : { kind: 'drifted', at, detail: ended.detail ?? '' };
  }

  const begun = await beginSend(
    unit,
    row,
    {
      key,
      service,
      serviceId: change.serviceId,
      environment,
      environmentId: environmentIdOf(change, environment),
      phase,
      direction: 'revert',
      attempt: 1,
      version: serviceVersionBefore(await snapshotsOf(unit.sql, row.id), change, environment),
      previousVersion: change.version,
      expectedVersion: change.version,
    },
    now,
  );
  switch (begun.kind) {
    case 'unaddressed':
      return recordAnswer(unit, { key, sent: null, outcome: { kind: 'refused', detail: begun.detail } }, now);
    case 'send':
      return { kind: 'send', effect: begun.effect };
    case 'later':
      return begun;
  }
}
