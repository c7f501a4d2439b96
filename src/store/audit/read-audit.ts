import type { Kysely, Selectable } from 'kysely';
import type { Instant } from '../../domain/instant';
import type { JsonObject } from '../../domain/json';
import type { Tables } from '../tables';
import type { AuditEntry } from './entry';

/** Which entries; what is left out does not narrow. */
export interface AuditFilter {
  /** Entries of these projects; null among them: the installation's own. What a caller may see (INV-7) goes here. */
  projectIds?: readonly (string | null)[] | undefined;
  releaseId?: string | undefined;
  actorId?: string | undefined;
  /** Earliest instant, inclusive. */
  from?: Instant | undefined;
  /** Latest instant, exclusive. */
  to?: Instant | undefined;
}

export interface AuditPaging {
  /** By position, which is commit order. */
  order: 'newest-first' | 'ascending';
  limit: number;
  /** `next` of the page before. */
  after?: number | undefined;
}

/** `next` is null on the last page. */
export interface AuditPage {
  entries: AuditEntry[];
  next: number | null;
}

/** One page of the audit (HTTP-5). */
export async function readAudit(sql: Kysely<Tables>, filter: AuditFilter, paging: AuditPaging): Promise<AuditPage> {
  const { order, limit, after } = paging;
  let query = sql.selectFrom('events').selectAll();
  if (filter.projectIds !== undefined) {
    const named = filter.projectIds.filter((id) => id !== null);
    const alsoNone = filter.projectIds.includes(null);
    query = query.where((row) =>
      row.or([
        ...(named.length > 0 ? [row('projectId', 'in', named)] : []),
        ...(alsoNone ? [row('projectId', 'is', null)] : []),
      ]),
    );
  }
  if (filter.releaseId !== undefined) query = query.where('releaseId', '=', filter.releaseId);
  if (filter.actorId !== undefined) query = query.where('actorId', '=', filter.actorId);
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
  if (filter.to !== undefined) query = query.where('at', '<', filter.to);
  if (after !== undefined) query = query.where('position', order === 'ascending' ? '>' : '<', after);

  // One more than asked for tells whether there is a next page.
  const rows = await query
    .orderBy('position', order === 'ascending' ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute();
  const entries = rows.slice(0, limit).map(asEntry);
  return { entries, next: rows.length > limit ? (entries.at(-1)?.position ?? null) : null };
}

/** What was committed after a position, in that order; an empty list when the reader has caught up. */
export async function eventsAfter(sql: Kysely<Tables>, position: number, limit: number): Promise<AuditEntry[]> {
  const { entries } = await readAudit(sql, {}, { order: 'ascending', limit, after: position });
  return entries;
}

/** The position of the last committed entry; 0 before the first. */
export async function lastPosition(sql: Kysely<Tables>): Promise<number> {
  const last = await sql
    .selectFrom('events')
    .select('position')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.position ?? 0;
}

export function asEntry(row: Selectable<Tables['events']>): AuditEntry {
  return { ...row, data: JSON.parse(row.data) as JsonObject };
}
