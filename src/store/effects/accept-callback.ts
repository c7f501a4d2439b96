import { isDeepStrictEqual } from 'node:util';

import type { Callback } from '../../domain/accepted-action';
import { targetActor } from '../../domain/callback';
import { tryOfKey } from '../../domain/effect-key';
import type { Instant } from '../../domain/instant';
import { acceptAction } from '../releases/accept-action';
import { lockRelease } from '../releases/stored-release';
import type { Unit } from '../store';
import { callbackOf } from './callback-of';
import { namedEffects } from './named-effects';

/** What a target says about the effect of a key; whoever calls has seen that it may. */
export interface CallbackToAccept {
  key: string;
  callback: Callback;
  /** For people. */
  detail: string | null;
  now: Instant;
}

export type CallbackAccepted =
  | { kind: 'accepted'; actionId: string }
  /** Nothing is known of the effect: the store was restored from a backup, say. */
  | { kind: 'unknown' }
  /** Nothing waits for it: answered at once, called back before, out of time, failed, aborted. */
  | { kind: 'settled' }
  /** The target says that it has succeeded, and has another version than it was asked to have. */
  | { kind: 'other-version' };

/**
 * Accepts a callback as an action of its release (PRO-6): from here on it is decided exactly once, and nothing but an
 * abort settles the effect before (REL-25, REL-28). Valid from the first send on, also before that has been answered. Said
 * again before it is decided it is the same action, so that a target that heard no answer may repeat itself.
 */
export async function acceptCallback(
  unit: Unit,
  { key, callback, detail, now }: CallbackToAccept,
): Promise<CallbackAccepted> {
  const known = await namedEffects(unit.sql)
    .select(['effects.releaseId', 'effects.phase', 'effects.attempt', 'effects.version'])
    .where('effects.key', '=', key)
    .where('effects.direction', '=', 'apply')
    .executeTakeFirst();
  if (!known) {
    return { kind: 'unknown' };
  }
  const { releaseId, phase, attempt, version, service, environment } = known;
  const { state, currentVersion } = callback;
  if (state === 'succeeded' && currentVersion !== undefined && currentVersion !== version) {
    return { kind: 'other-version' };
  }
  await lockRelease(unit, releaseId);
  const { status } = await unit.sql
    .selectFrom('effects')
    .select('status')
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (status !== 'under-way') {
    return { kind: 'settled' };
  }
  const earlier = await callbackOf(unit.sql, { key, releaseId });
  if (earlier) {
    const isSame = isDeepStrictEqual(earlier.callback, callback) && earlier.detail === detail;
    return isSame ? { kind: 'accepted', actionId: earlier.actionId } : { kind: 'settled' };
  }

  const tried = tryOfKey(key);
  const actionId = await acceptAction(unit, {
    releaseId,
    verb: 'callback',
    by: targetActor(service),
    phase,
    attempt,
    reason: detail,
    expiresAfterMs: null,
    item: { service, environment, ...(tried > 1 && { try: tried }) },
    callback,
    now,
    judge: () => ({ mayApprove: [], administrator: false, hasReason: false, tokenMaker: null }),
  });
  if (actionId === undefined) {
    throw new Error(`Effect ${key} is of no release`);
  }
  return { kind: 'accepted', actionId };
}
