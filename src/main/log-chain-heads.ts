import type { Logger } from 'pino';

import { HOUR } from '../domain/instant';
import { chainHeads } from '../store/audit/chain-heads';
import type { Store } from '../store/store';

/**
 * Writes the head of every audit chain to the log, now and every hour (INV-4): whoever keeps the logs elsewhere can tell
 * later that a chain was not made anew from its beginning. Returns what ends it.
 */
export function logChainHeads(store: Store, log: Logger): () => void {
  const write = async (): Promise<void> => {
    try {
      for (const head of await chainHeads(store.read)) {
        log.info({ ...head }, 'Head of an audit chain');
      }
    } catch (error) {
      log.warn({ err: error }, 'The heads of the audit chains could not be read');
    }
  };
  void write();
  const timer = setInterval(() => void write(), HOUR);
  return () => clearInterval(timer);
}
