import type { Kysely } from 'kysely';
import type { Tables } from '../tables';

/** How far a chain goes. Kept outside of the store (the log) it shows later that a tail was cut off (INV-4). */
export interface ChainHead {
  chain: string;
  /** Number of entries in the chain. */
  sequence: number;
  hash: string;
}

/** The head of every chain. */
export function chainHeads(sql: Kysely<Tables>): Promise<ChainHead[]> {
  return sql.selectFrom('chains').select(['chain', 'sequence', 'hash']).orderBy('chain').execute();
}
