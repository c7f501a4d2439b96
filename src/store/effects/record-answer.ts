import type { Instant } from '../../domain/instant';
import type { ReleaseEvent } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import { APPLY_TRIES_MAX, applyRetryDelayMs, revertRetryDelayMs } from '../../domain/retry';
import type { WebhookOutcome } from '../../domain/webhook-answer';
import { recordProgress } from '../releases/record-progress';
import type { ReleaseRow } from '../releases/stored-release';
import { lockRelease, planOfRow, positionOf } from '../releases/stored-release';
import { lockServices } from '../services/lock-services';
import type { Unit } from '../store';
import type { EffectsTable } from '../tables';
import type { EffectToSend } from './begin-send';

/** What came of a send. */
export interface Answered {
  key: string;
  /** null: nothing was sent. */
  sent: Pick<EffectToSend, 'until' | 'earlierUntil'> | null;
  outcome: WebhookOutcome;
}

/** What is to be done about it. */
export type AnswerRecorded =
  | { kind: 'done'; at: Instant }
  | { kind: 'later'; at: Instant }
  | { kind: 'failed'; at: Instant; detail: string; errored: boolean }
  /** Of a revert alone: somebody else's version stands. */
  | { kind: 'drifted'; at: Instant; detail: string };

/**
 * Records the answer of a target, whoever still waits for it. An apply is tried a few times and then fails; a revert is
 * tried again whatever the answer, but for drift (REL-19, PRO-5).
 */
export async function recordAnswer(
  unit: Unit,
  { key, sent, outcome }: Answered,
  now: Instant,
): Promise<AnswerRecorded> {
  const { releaseId, serviceId } = await unit.sql
    .selectFrom('effects')
    .select(['releaseId', 'serviceId'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (hasVersion(outcome)) {
    // What it has is written to the service's row: locked before the release, as by whoever starts or ends one.
    await lockServices(unit, [serviceId]);
  }
  const release = await lockRelease(unit, releaseId);
  const effect = await unit.sql.selectFrom('effects').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
  if (!release) {
    throw new Error(`Effect ${key} is of no release`);
  }
  const recorded = judge(effect, outcome, now);
  const isUnderWay = effect.status === 'under-way';
  await unit.sql
    .updateTable('effects')
    .set({
      sendingUntil: stillSendingUntil(effect, sent, outcome),
      // One that has come to its end keeps what ended it: whoever was to say so may have died.
      ...(isUnderWay || effect.status === 'given-up'
        ? { detail: outcome.kind === 'done' ? null : outcome.detail }
        : {}),
      // One that was given up meanwhile stays so.
      ...(isUnderWay ? progressOf(effect, recorded, outcome) : {}),
    })
    .where('key', '=', key)
    .execute();
  await noteVersion(unit, effect, outcome);
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
function stillSendingUntil(effect: EffectRow, sent: Answered['sent'], outcome: WebhookOutcome): Instant | null {
  const isOpen = outcome.kind === 'broken' && outcome.isOpen === true;
  return sent && effect.sendingUntil === sent.until && !isOpen ? sent.earlierUntil : effect.sendingUntil;
}

function judge(effect: EffectRow, outcome: WebhookOutcome, now: Instant): AnswerRecorded {
  if (outcome.kind === 'done') {
    return { kind: 'done', at: now };
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
  | 'tries'
  | 'status'
  | 'serviceId'
  | 'environmentId'
  | 'sequence'
  | 'version'
  | 'phase'
>;

function progressOf(effect: EffectRow, recorded: AnswerRecorded, outcome: WebhookOutcome): Partial<EffectsTable> {
  switch (recorded.kind) {
    case 'later':
      return { nextAttemptAt: recorded.at };
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

/** Whether an answer says which version the target has. */
function hasVersion(outcome: WebhookOutcome): boolean {
  return outcome.kind === 'done' || (outcome.kind === 'drifted' && outcome.currentVersion !== undefined);
}

/** What the target has now, unless something newer was sent to it. */
async function noteVersion(unit: Unit, effect: EffectRow, outcome: WebhookOutcome): Promise<void> {
  if (!hasVersion(outcome)) {
    return;
  }
  const version = outcome.kind === 'drifted' ? outcome.currentVersion : effect.version;
  await unit.sql
    .updateTable('serviceVersions')
    .set({ version })
    .where('serviceId', '=', effect.serviceId)
    .where('environmentId', '=', effect.environmentId)
    .where('sequence', '=', effect.sequence)
    .execute();
  // Whoever reads the service by its ETag sees what is there.
  await unit.sql
    .updateTable('services')
    .set((row) => ({ version: row('version', '+', 1) }))
    .where('id', '=', effect.serviceId)
    .execute();
}

async function recordApply(
  unit: Unit,
  release: ReleaseRow,
  effect: EffectRow,
  { recorded, outcome }: { recorded: AnswerRecorded; outcome: WebhookOutcome },
  now: Instant,
): Promise<void> {
  const state = positionOf(release);
  if (isTerminal(state) || (recorded.kind !== 'done' && recorded.kind !== 'failed')) {
    return;
  }
  const names = await unit.sql
    .selectFrom('effects')
    .innerJoin('services', 'services.id', 'effects.serviceId')
    .innerJoin('environments', 'environments.id', 'effects.environmentId')
    .select(['services.slug as service', 'environments.slug as environment'])
    .where('effects.key', '=', effect.key)
    .executeTakeFirstOrThrow();
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
function isOfSomebodyElse({ tries, key }: EffectRow, outcome: WebhookOutcome): boolean {
  // Another attempt, or another try of one that a person has decided, has another key.
  const isFirst = tries === 1 && key.endsWith('/apply/1');
  return outcome.kind === 'drifted' && (outcome.currentVersion !== undefined || isFirst);
}
