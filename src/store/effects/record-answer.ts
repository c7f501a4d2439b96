import type { Instant } from '../../domain/instant';
import { isTerminal } from '../../domain/release';
import type { ReleaseEvent } from '../../domain/release-event';
import { APPLY_TRIES_MAX, applyRetryDelayMs, revertRetryDelayMs } from '../../domain/retry';
import type { WebhookOutcome } from '../../domain/webhook-answer';
import { recordProgress } from '../releases/record-progress';
import type { ReleaseRow } from '../releases/stored-release';
import { lockRelease, planOfRow, positionOf } from '../releases/stored-release';
import { lockServices } from '../services/lock-services';
import type { Unit } from '../store';
import type { EffectsTable } from '../tables';
import type { EffectToSend } from './begin-send';
import { callbackOf } from './callback-of';
import { namedEffects } from './named-effects';
import { noteVersion } from './note-version';

/** What came of a send. */
export interface Answered {
  key: string;
  /** null: nothing was sent. */
  sent: Pick<EffectToSend, 'until' | 'earlierUntil' | 'callbackTimeoutMs'> | null;
  outcome: Outcome;
}

/** `silent`: the target took it and has not called back in time (PRO-6). */
type Outcome = WebhookOutcome | { kind: 'silent'; detail: string };

/** What is to be done about it. */
export type AnswerRecorded =
  | { kind: 'done'; at: Instant }
  | { kind: 'later'; at: Instant }
  /** What becomes of it is told by a callback, or was told by one: the store knows (PRO-6). */
  | { kind: 'elsewhere'; at: Instant }
  | { kind: 'failed'; at: Instant; detail: string; errored: boolean }
  /** Of a revert alone: somebody else's version stands. */
  | { kind: 'drifted'; at: Instant; detail: string };

/**
 * Records the answer of a target, whoever still waits for it. An apply is tried a few times and then fails; a revert is
 * tried again whatever the answer, but for drift (REL-19, PRO-5). Where the target has called back, that counts, and the
 * answer to the request itself changes nothing (PRO-6).
 */
export async function recordAnswer(
  unit: Unit,
  { key, sent, outcome }: Answered,
  now: Instant,
): Promise<AnswerRecorded> {
  const { releaseId, serviceId, version } = await unit.sql
    .selectFrom('effects')
    .select(['releaseId', 'serviceId', 'version'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (versionAfter(outcome, { version }) !== undefined) {
    // What it has is written to the service's row: locked before the release, as by whoever starts or ends one.
    await lockServices(unit, [serviceId]);
  }
  const release = await lockRelease(unit, releaseId);
  const effect = await unit.sql.selectFrom('effects').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
  if (!release) {
    throw new Error(`Effect ${key} is of no release`);
  }
  const hasCalledBack = effect.direction === 'apply' && (await callbackOf(unit.sql, effect)) !== undefined;
  const recorded = judge(effect, outcome, hasCalledBack, now);
  const isUnderWay = effect.status === 'under-way';
  const counts = recorded.kind !== 'elsewhere' || (outcome.kind === 'accepted' && !hasCalledBack);
  await unit.sql
    .updateTable('effects')
    .set({
      sendingUntil: stillSendingUntil(effect, sent, outcome),
      // One that has come to its end keeps what ended it: whoever was to say so may have died.
      ...(counts && (isUnderWay || effect.status === 'given-up')
        ? { detail: 'detail' in outcome ? outcome.detail : null }
        : {}),
      // One that was given up meanwhile stays so.
      ...(counts && isUnderWay ? progressOf(effect, recorded, outcome) : {}),
      ...(counts && isUnderWay && outcome.kind === 'accepted' ? { awaitedUntil: awaitedUntil(effect, sent, now) } : {}),
    })
    .where('key', '=', key)
    .execute();
  const versionThere = versionAfter(outcome, effect);
  if (versionThere !== undefined && !hasCalledBack) {
    await noteVersion(unit, effect, versionThere);
  }
  if (isUnderWay && effect.direction === 'apply') {
    await recordApply(unit, release, effect, { recorded, outcome }, now);
  }
  return recorded;
}

/**
 * Until when something of the effect may be on its way (WHK-4). Where it was sent again meanwhile, by one who took this
 * process for dead, that is still to be answered, and so is what a process had sent before that was taken for dead; and
 * what has found no answer may take effect until its time is over.
 */
function stillSendingUntil(effect: EffectRow, sent: Answered['sent'], outcome: Outcome): Instant | null {
  const isOpen = outcome.kind === 'broken' && outcome.isOpen === true;
  return sent && effect.sendingUntil === sent.until && !isOpen ? sent.earlierUntil : effect.sendingUntil;
}

/** A second 202 to the same key gives no more time than the first. */
function awaitedUntil(effect: EffectRow, sent: Answered['sent'], now: Instant): Instant {
  return effect.awaitedUntil ?? now + (sent?.callbackTimeoutMs ?? 0);
}

function judge(effect: EffectRow, outcome: Outcome, hasCalledBack: boolean, now: Instant): AnswerRecorded {
  if (hasCalledBack || outcome.kind === 'accepted') {
    return { kind: 'elsewhere', at: now };
  }
  if (outcome.kind === 'done') {
    return { kind: 'done', at: now };
  }
  if (outcome.kind === 'silent') {
    return { kind: 'failed', at: now, detail: outcome.detail, errored: true };
  }
  if (effect.awaitedUntil !== null && effect.status === 'under-way') {
    // It was sent twice, as its sender was taken for dead, and the other one has the target's word.
    return { kind: 'elsewhere', at: now };
  }
  const { detail } = outcome;
  const retryAfterMs = outcome.kind === 'broken' ? outcome.retryAfterMs : null;
  if (effect.direction === 'revert') {
    return outcome.kind === 'drifted'
      ? { kind: 'drifted', at: now, detail }
      : { kind: 'later', at: now + revertRetryDelayMs(effect.tries, retryAfterMs) };
  }
  return outcome.kind === 'broken' && effect.tries < APPLY_TRIES_MAX
    ? { kind: 'later', at: now + applyRetryDelayMs(effect.tries, retryAfterMs) }
    : { kind: 'failed', at: now, detail, errored: outcome.kind === 'broken' };
}

type EffectRow = Pick<
  EffectsTable,
  | 'key'
  | 'direction'
  | 'attempt'
  | 'sendingUntil'
  | 'awaitedUntil'
  | 'releaseId'
  | 'tries'
  | 'status'
  | 'serviceId'
  | 'environmentId'
  | 'sequence'
  | 'version'
  | 'phase'
>;

function progressOf(effect: EffectRow, recorded: AnswerRecorded, outcome: Outcome): Partial<EffectsTable> {
  switch (recorded.kind) {
    case 'later':
      return { nextAttemptAt: recorded.at };
    case 'elsewhere':
      return { nextAttemptAt: null };
    case 'failed':
      return {
        status: outcome.kind === 'drifted' ? 'drifted' : 'failed',
        errored: recorded.errored ? 1 : 0,
        endedAt: recorded.at,
      };
    default:
      return { status: recorded.kind, endedAt: recorded.at };
  }
}

/** The version that the target has after an answer, as it says; undefined: it does not. */
function versionAfter(outcome: Outcome, { version }: Pick<EffectRow, 'version'>): string | null | undefined {
  switch (outcome.kind) {
    case 'done':
      return version;
    case 'drifted':
      return outcome.currentVersion;
    default:
      return undefined;
  }
}

async function recordApply(
  unit: Unit,
  release: ReleaseRow,
  effect: EffectRow,
  { recorded, outcome }: { recorded: AnswerRecorded; outcome: Outcome },
  now: Instant,
): Promise<void> {
  const state = positionOf(release);
  if (isTerminal(state) || (recorded.kind !== 'done' && recorded.kind !== 'failed')) {
    return;
  }
  const names = await namedEffects(unit.sql).where('effects.key', '=', effect.key).executeTakeFirstOrThrow();
  const phase = planOfRow(release).phases.findIndex(({ name }) => name === effect.phase);
  const at = Math.max(now, state.lastAt);
  const event: ReleaseEvent =
    recorded.kind === 'done'
      ? { type: 'service-applied', at, phase, ...names }
      : {
          type: 'service-apply-failed',
          at,
          phase,
          ...names,
          detail: recorded.detail,
          ...(isOfSomebodyElse(effect, outcome) && { drifted: true as const }),
        };
  await recordProgress(unit, release, [event]);
}

/**
 * Whether what a target has is certainly not the release's (WHK-5): it says so, or nothing was sent there before that
 * could have brought it.
 */
function isOfSomebodyElse({ tries, key }: EffectRow, outcome: Outcome): boolean {
  // Another attempt, or another try of one that a person has decided, has another key.
  const isFirst = tries === 1 && key.endsWith('/apply/1');
  return outcome.kind === 'drifted' && (outcome.currentVersion !== undefined || isFirst);
}
