import { createHash } from 'node:crypto';
import { effectKey, type Effect } from '../../domain/effect-key';

/** Characters of a key: as many as Sluice takes of callers itself. */
const LONGEST = 128;

/**
 * The idempotency key of a step, the same on every automatic retry (WHK-3). No service has it, whatever both are called:
 * where those say `apply` or `revert` it says `run`. Names are free text and may be too long for a header; then
 * hashes stand for them, one after the other, until it fits.
 */
export function stepKey(step: Omit<Effect, 'direction'>): string {
  const key = (parts: typeof step) => effectKey({ ...parts, direction: 'run' });
  let parts = step;
  for (const name of ['item', 'phase', 'environment'] as const) {
    if (key(parts).length > LONGEST) {
      parts = { ...parts, [name]: hashOf(parts[name]) };
    }
  }
  return key(parts);
}

/** Begins as no other name of ours does; long enough that two are never the same. */
function hashOf(name: string): string {
  return `~${createHash('sha256').update(name).digest('base64url').slice(0, 20)}`;
}
