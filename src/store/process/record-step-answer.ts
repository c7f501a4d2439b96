import type { Instant } from '../../domain/instant';
import { APPLY_TRIES_MAX, applyRetryDelayMs } from '../../domain/retry';
import { lockRelease } from '../releases/stored-release';
import type { Unit } from '../store';
import { endOfStep, type BegunStep } from './begin-step';
import { logDeployment } from './deployment-log';
import { saveOutputs, type OutputValue } from './deployment-variables';

/** What came of carrying a step out once. */
export interface StepAnswered {
  key: string;
  /** Where it was sent, as the log names it; null or left out: by mail. */
  to?: string | null;
  outcome:
    | { kind: 'done'; outputs: ReadonlyMap<string, OutputValue> }
    | { kind: 'refused'; detail: string }
    | { kind: 'broken'; detail: string; retryAfterMs: number | null };
}

/**
 * Records what a step's endpoint, mail server or chat answered, and what it leaves behind (VAR-2). It is tried a few
 * times; a refusal ends it at once (PRO-5). One that has ended meanwhile stays so, and that is what is told: it was sent
 * twice, as its sender was taken for dead, and only one of them may be heard.
 */
export async function recordStepAnswer(
  unit: Unit,
  { key, to = null, outcome }: StepAnswered,
  now: Instant,
): Promise<Exclude<BegunStep, { kind: 'run' | 'stopped' }>> {
  const { releaseId } = await unit.sql
    .selectFrom('stepEffects')
    .select('releaseId')
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  await lockRelease(unit, releaseId);
  const effect = await unit.sql
    .selectFrom('stepEffects')
    .select(['status', 'errored', 'detail', 'endedAt', 'tries', 'deploymentId', 'position'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (effect.status !== 'under-way') {
    return endOfStep(effect, now);
  }
  const recorded = judge(effect.tries, outcome, now);
  await unit.sql
    .updateTable('stepEffects')
    .set({
      detail: outcome.kind === 'done' ? null : outcome.detail,
      ...(recorded.kind === 'later'
        ? { nextAttemptAt: recorded.at }
        : {
            status: recorded.kind === 'succeeded' ? ('done' as const) : ('failed' as const),
            errored: recorded.kind === 'failed' && recorded.errored ? (1 as const) : (0 as const),
            endedAt: recorded.at,
          }),
    })
    .where('key', '=', key)
    .execute();
  if (outcome.kind === 'done') {
    await saveOutputs(unit, effect.deploymentId, outcome.outputs);
  }
  if (recorded.kind === 'later' && outcome.kind !== 'done') {
    const { name } = await unit.sql
      .selectFrom('deploymentSteps')
      .select('name')
      .where('deploymentId', '=', effect.deploymentId)
      .where('position', '=', effect.position)
      .executeTakeFirstOrThrow();
    const next = new Date(recorded.at).toISOString();
    // No "try": that is what a person asks for.
    const sent = `Send ${effect.tries} of ${APPLY_TRIES_MAX}${to === null ? '' : ` (${to})`}`;
    const message = `${sent} came to nothing: ${outcome.detail}. The next one is due at ${next}`;
    await logDeployment(unit, effect.deploymentId, [{ at: now, step: name, message }]);
  }
  return recorded;
}

function judge(
  tries: number,
  outcome: StepAnswered['outcome'],
  now: Instant,
): Exclude<BegunStep, { kind: 'run' | 'stopped' }> {
  if (outcome.kind === 'done') {
    return { kind: 'succeeded', at: now };
  }
  return outcome.kind === 'broken' && tries < APPLY_TRIES_MAX
    ? { kind: 'later', at: now + applyRetryDelayMs(tries, outcome.retryAfterMs) }
    : { kind: 'failed', at: now, detail: outcome.detail, errored: outcome.kind === 'broken' };
}
