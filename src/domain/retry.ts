import { HOUR, MINUTE, SECOND } from './instant';

/** How often an apply is sent under one key before its deployment fails (PRO-5). A revert never gives up (REL-19). */
export const APPLY_TRIES_MAX = 5;

/** The longest a target may ask to be left alone; whoever asks for more would hold a release as long as it likes. */
export const RETRY_AFTER_MAX_MS = 5 * MINUTE;

const FIRST_MS = SECOND;
const APPLY_MAX_MS = 30 * SECOND;
const REVERT_MAX_MS = 5 * MINUTE;
const DELIVERY_MAX_MS = 1 * HOUR;

/**
 * How often a notification is sent to one receiver: with the waits between, for a day. Tries are counted and not hours,
 * so that one that is written down late, or while the service is down, has all of them.
 */
export const DELIVERY_TRIES_MAX = 36;

/**
 * How long an apply waits before it is sent again (PRO-5).
 *
 * @param tries how often it was sent, so 1 after the first
 * @param retryAfterMs what the last answer asked for; null: nothing
 */
export function applyRetryDelayMs(tries: number, retryAfterMs: number | null): number {
  return delayMs(tries, retryAfterMs, APPLY_MAX_MS);
}

/** How long a revert waits before it is sent again: at most five minutes, however long it goes on (REL-19). */
export function revertRetryDelayMs(tries: number, retryAfterMs: number | null): number {
  return delayMs(tries, retryAfterMs, REVERT_MAX_MS);
}

/** How long a notification waits before it is sent again (NOT-1); null: it was tried long enough. */
export function deliveryRetryDelayMs(tries: number, retryAfterMs: number | null): number | null {
  return tries >= DELIVERY_TRIES_MAX ? null : delayMs(tries, retryAfterMs, DELIVERY_MAX_MS);
}

/** A target can make the wait longer, never shorter: its "at once" must not become a flood. */
function delayMs(tries: number, retryAfterMs: number | null, maxMs: number): number {
  const backoffMs = Math.min(FIRST_MS * 2 ** Math.max(0, tries - 1), maxMs);
  return Math.max(backoffMs, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS));
}
