import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { AuditEntry } from '../../store/audit/entry';
import { namesById } from '../../store/names-by-id';
import type { Tables } from '../../store/tables';
import { instant, slug, toInstant } from '../schemas/common';

/** The same for the audit, the event stream and a release's own list: one vocabulary. */
export const eventFields = {
  id: z.string().describe('Its place among all events, in commit order; `Last-Event-ID` of the stream.'),
  type: z.string().describe('What happened, past tense, e.g. `bake-paused`.'),
  at: instant.describe('When it happened.'),
  project: slug.nullable().describe('Name of the project; null: it concerns the installation.'),
  release: z.string().nullable().describe('Id of the release, where it concerns one.'),
  actor: slug.nullable().describe('Name of the user who did it; null: Sluice itself.'),
  data: z.record(z.string(), z.json()).describe('The particulars, by type.'),
};

export const eventView = z.strictObject(eventFields).meta({ id: 'Event', description: 'One change.' });

export type EventView = z.input<typeof eventView>;

/** Entries as shown, ids of projects and users replaced by names. */
export async function showEvents(sql: Kysely<Tables>, entries: readonly AuditEntry[]): Promise<EventView[]> {
  const projects = await namesById(
    sql,
    'projects',
    entries.map((entry) => entry.projectId),
  );
  const users = await namesById(
    sql,
    'users',
    entries.map((entry) => entry.actorId),
  );
  return entries.map((entry) => ({
    id: String(entry.position),
    type: entry.type,
    at: toInstant(entry.at),
    project: entry.projectId === null ? null : (projects.get(entry.projectId) ?? null),
    release: entry.releaseId,
    actor: entry.actorId === null ? null : (users.get(entry.actorId) ?? null),
    data: entry.data,
  }));
}
