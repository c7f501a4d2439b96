import { SECOND, type Instant } from '../../domain/instant';
import { endpointOf } from '../services/endpoint-of';
import { secretsOf, type SealedSecret } from '../services/service-secrets';
import type { Unit } from '../store';
import type { ReleaseRow } from '../releases/stored-release';
import { nextSequence } from './next-sequence';

/** One effect to be sent: what the webhook is about, and where it goes as of now (WHK-1). */
export interface EffectToSend {
  key: string;
  url: string;
  timeoutMs: number;
  /** Where the target is told where to call back: how long it may take after a 202; null: it is not (PRO-6). */
  callbackTimeoutMs: number | null;
  /** Until then it must have been answered, and is not sent any more (WHK-4). */
  until: Instant;
  /** The time limit of an earlier send under this key that nobody has recorded an answer to; null: there is none. */
  earlierUntil: Instant | null;
  /** The current one first. */
  secrets: SealedSecret[];
  body: EffectBody;
}

/**
 * The body of the request, in the order of the contract; the same on every retry. The address to call back is a secret,
 * which is put in where the request is sent.
 */
export interface EffectBody {
  type: 'service.apply' | 'service.revert';
  timestamp: string;
  data: {
    project: string;
    service: string;
    environment: string;
    tenant: null;
    release: string;
    track: null;
    phase: string;
    attempt: number;
    sequence: number;
    version: string | null;
    previousVersion: string | null;
    expectedVersion: string | null;
    callbackUrl: null;
  };
}

/** What an effect is about, before it is known to the store. */
export interface EffectAsked {
  key: string;
  service: string;
  serviceId: string;
  environment: string;
  environmentId: string;
  phase: string;
  direction: 'apply' | 'revert';
  attempt: number;
  version: string | null;
  previousVersion: string | null;
  expectedVersion: string | null;
}

export type BegunSend =
  | { kind: 'send'; effect: EffectToSend; isFirst: boolean }
  /** Not yet: its own backoff, or somebody may still be sending to this target (WHK-4). */
  | { kind: 'later'; at: Instant }
  /** There is nowhere to send it to, or nothing to sign it with. */
  | { kind: 'unaddressed'; detail: string };

/** What is out may be answered at any moment, and nobody tells: an abort is not to wait for the whole of a long limit. */
const ASK_AGAIN_MS = SECOND;

/**
 * Begins one send of an effect, in the transaction that has judged whether it may be sent; the release's row is locked.
 * Address and secrets are those of now (REL-19). The time limit is noted first: until it has passed or an answer is
 * recorded, nothing else is sent to this target (WHK-4), whatever becomes of this process. Of several sends of one key
 * that are still out, as their senders were taken for dead, the longest limit counts.
 */
export async function beginSend(unit: Unit, release: ReleaseRow, asked: EffectAsked, now: Instant): Promise<BegunSend> {
  const known = await unit.sql
    .selectFrom('effects')
    .select(['tries', 'nextAttemptAt', 'sendingUntil', 'sequence', 'startedAt'])
    .where('key', '=', asked.key)
    .executeTakeFirst();
  if (known?.nextAttemptAt != null && known.nextAttemptAt > now) {
    return { kind: 'later', at: known.nextAttemptAt };
  }
  const busyUntil = await sendingUntil(unit, asked, now);
  if (busyUntil !== null) {
    return { kind: 'later', at: Math.min(busyUntil, now + ASK_AGAIN_MS) };
  }

  const endpoint = await endpointOf(unit.sql, asked.serviceId, asked.environmentId);
  const secrets = await secretsOf(unit.sql, asked.serviceId, now);
  const started = known ?? (await insertEffect(unit, release, asked, now));
  const isFirst = known === undefined;
  const missing = endpoint === null ? 'endpoint there' : secrets.length === 0 ? 'secret to sign with' : null;
  const earlierUntil = known?.sendingUntil != null && known.sendingUntil > now ? known.sendingUntil : null;
  await unit.sql
    .updateTable('effects')
    .set((row) => ({
      tries: row('tries', '+', 1),
      sendingUntil:
        endpoint && !missing ? Math.max(now + endpoint.timeoutMs, earlierUntil ?? 0) : row.ref('sendingUntil'),
      nextAttemptAt: null,
    }))
    .where('key', '=', asked.key)
    .execute();
  if (endpoint === null || missing) {
    return { kind: 'unaddressed', detail: `${asked.service} has no ${missing ?? ''}` };
  }
  return {
    kind: 'send',
    isFirst,
    effect: {
      key: asked.key,
      ...endpoint,
      callbackTimeoutMs: asked.direction === 'apply' ? endpoint.callbackTimeoutMs : null,
      until: now + endpoint.timeoutMs,
      earlierUntil,
      secrets,
      body: {
        type: `service.${asked.direction}`,
        timestamp: new Date(started.startedAt).toISOString(),
        data: {
          project: await projectName(unit, release),
          service: asked.service,
          environment: asked.environment,
          tenant: null,
          release: release.id,
          track: null,
          phase: asked.phase,
          attempt: asked.attempt,
          sequence: started.sequence,
          version: asked.version,
          previousVersion: asked.previousVersion,
          expectedVersion: asked.expectedVersion,
          callbackUrl: null,
        },
      },
    },
  };
}

/** The latest time limit of what was sent to this target under another key and is not answered; null: nothing (WHK-4). */
async function sendingUntil(unit: Unit, asked: EffectAsked, now: Instant): Promise<Instant | null> {
  const { until } = await unit.sql
    .selectFrom('effects')
    .select((row) => row.fn.max('sendingUntil').as('until'))
    .where('serviceId', '=', asked.serviceId)
    .where('environmentId', '=', asked.environmentId)
    .where('key', '!=', asked.key)
    .where('sendingUntil', '>', now)
    .executeTakeFirstOrThrow();
  return until;
}

async function insertEffect(
  unit: Unit,
  release: ReleaseRow,
  asked: EffectAsked,
  now: Instant,
): Promise<{ sequence: number; startedAt: number }> {
  const { service: _service, environment: _environment, ...columns } = asked;
  const sequence = await nextSequence(unit, asked, now);
  await unit.sql
    .insertInto('effects')
    .values({
      ...columns,
      releaseId: release.id,
      sequence,
      status: 'under-way',
      errored: 0,
      tries: 0,
      sendingUntil: null,
      nextAttemptAt: null,
      awaitedUntil: null,
      detail: null,
      startedAt: now,
      endedAt: null,
    })
    .execute();
  return { sequence, startedAt: now };
}

async function projectName(unit: Unit, { projectId }: ReleaseRow): Promise<string> {
  const { slug } = await unit.sql
    .selectFrom('projects')
    .select('slug')
    .where('id', '=', projectId)
    .executeTakeFirstOrThrow();
  return slug;
}
