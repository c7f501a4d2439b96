import type { Selectable } from 'kysely';
import type { FlagDefinition, FlagKind } from '../../domain/flag';
import type { Instant } from '../../domain/instant';
import type { Tables } from '../tables';
import { flagEtag } from './flag-etag';

/** A flag as it is kept, without what is live in its environments. */
export interface FlagRecord {
  id: string;
  slug: string;
  kind: FlagKind;
  description: string;
  /** The last one that was put to all environments or completed by a release. */
  definition: FlagDefinition;
  etag: string;
  createdAt: Instant;
  /** null: it is there. */
  deletedAt: Instant | null;
}

export function flagRecord(row: Selectable<Tables['flags']>): FlagRecord {
  const { id, slug, kind, description, createdAt, deletedAt } = row;
  const definition = JSON.parse(row.definition) as FlagDefinition;
  return { id, slug, kind, description, definition, etag: flagEtag(row), createdAt, deletedAt };
}
