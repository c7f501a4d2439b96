import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json';
import type { Instant } from '../../domain/instant';
import type { JsonObject } from '../../domain/json';

/** What a writer says of a change; where it goes in its chain is decided at commit. */
export interface NewEvent {
  /** Past tense, e.g. `bake-paused`. */
  type: string;
  at: Instant;
  /** User id; null: Sluice itself. */
  actorId: string | null;
  /** null: the entry belongs to the installation's own chain. */
  projectId: string | null;
  releaseId: string | null;
  data: JsonObject;
}

/** One entry of the audit, in its place. */
export interface AuditEntry extends NewEvent {
  /** Global, in commit order; has no gaps within an installation. */
  position: number;
  /** `project:<id>` or `installation`. */
  chain: string;
  /** Consecutive within the chain, from 1. */
  sequence: number;
  previousHash: string;
  hash: string;
}

/** What the first entry of a chain names as its predecessor's hash. */
export const GENESIS_HASH = '0'.repeat(64);

/** The chain an entry belongs to: one per project and one for the rest (INV-4). */
export function chainOf(projectId: string | null): string {
  return projectId === null ? 'installation' : `project:${projectId}`;
}

/** SHA-256, in hexadecimal, of everything in the entry but its own hash; the hash before it included (INV-4). */
export function hashEntry(entry: Omit<AuditEntry, 'hash'>): string {
  const { position, chain, sequence, type, at, actorId, projectId, releaseId, data, previousHash } = entry;
  const hashed = { position, chain, sequence, type, at, actorId, projectId, releaseId, data, previousHash };
  return createHash('sha256').update(canonicalJson(hashed)).digest('hex');
}
