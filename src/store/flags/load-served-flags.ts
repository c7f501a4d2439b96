import type { FlagDefinition, Overlay } from '../../domain/flag';
import type { Condition } from '../../domain/pipeline';
import { servedFlag } from '../../domain/served-flag';
import type { Store } from '../store';

/** What an environment's clients are answered from: one revision, one state of all flags (FLG-3). */
export interface ServedFlags {
  revision: number;
  /** By name; the live definition with a running release's merged into it. */
  flags: ReadonlyMap<string, FlagDefinition>;
  /** Names of flags that cannot be read; they fail alone. */
  broken: ReadonlySet<string>;
  /** By name, what `flags` was made from: lets the next load keep what has not changed. */
  sources: ReadonlyMap<string, string>;
}

/**
 * The flags of an environment, all of one state; undefined if there is no such environment (any more). With the result
 * of the last load, an unchanged revision is that very result, and an unchanged flag that very definition, at the cost
 * of one row or of reading without merging.
 */
export function loadServedFlags(
  store: Store,
  environmentId: string,
  previous?: ServedFlags,
): Promise<ServedFlags | undefined> {
  return store.readTogether(async (sql) => {
    const environment = await sql
      .selectFrom('environments')
      .select('revision')
      .where('id', '=', environmentId)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    if (environment === undefined) return undefined;
    if (environment.revision === previous?.revision) return previous;

    const rows = await sql
      .selectFrom('flagEnvironments')
      .innerJoin('flags', 'flags.id', 'flagEnvironments.flagId')
      .leftJoin('overlays', (join) =>
        join
          .onRef('overlays.environmentId', '=', 'flagEnvironments.environmentId')
          .onRef('overlays.flagId', '=', 'flagEnvironments.flagId'),
      )
      .select([
        'flags.slug',
        'flagEnvironments.definition as live',
        'overlays.releaseId',
        'overlays.definition as released',
        'overlays.rules',
      ])
      .where('flagEnvironments.environmentId', '=', environmentId)
      .where('flags.deletedAt', 'is', null)
      .orderBy('flags.slug')
      .execute();
    return { revision: environment.revision, ...merge(rows, previous) };
  });
}

interface ServedRow {
  slug: string;
  live: string;
  releaseId: string | null;
  released: string | null;
  rules: string | null;
}

function merge(rows: readonly ServedRow[], previous: ServedFlags | undefined): Omit<ServedFlags, 'revision'> {
  const flags = new Map<string, FlagDefinition>();
  const sources = new Map<string, string>();
  const broken = new Set<string>();
  for (const row of rows) {
    const source = JSON.stringify([row.live, row.releaseId, row.released, row.rules]);
    const known = previous?.sources.get(row.slug) === source ? previous.flags.get(row.slug) : undefined;
    try {
      flags.set(row.slug, known ?? servedFlag(JSON.parse(row.live) as FlagDefinition, overlayOf(row)));
      sources.set(row.slug, source);
    } catch {
      broken.add(row.slug);
    }
  }
  return { flags, sources, broken };
}

function overlayOf({ releaseId, released, rules }: ServedRow): Overlay | null {
  if (releaseId === null || released === null || rules === null) return null;
  return {
    release: releaseId,
    definition: JSON.parse(released) as FlagDefinition,
    rules: JSON.parse(rules) as Condition[][],
  };
}
