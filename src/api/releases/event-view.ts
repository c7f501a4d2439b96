import type { Kysely } from 'kysely';

import { isTargetActor } from '../../domain/callback';
import type { JsonObject } from '../../domain/json';
import type { AuditEntry } from '../../store/audit/entry';
import { userNames } from '../../store/releases/read-release';
import type { Tables } from '../../store/tables';
import { toInstant } from '../schemas/common';

/** Events as their readers get them, in the shape of the schema `event`: names instead of ids. */
export async function eventViews(sql: Kysely<Tables>, entries: readonly AuditEntry[]) {
  const people = await userNames(
    sql,
    entries.flatMap((entry) => entry.actorId ?? []),
  );
  const projects = await projectNames(
    sql,
    entries.flatMap((entry) => entry.projectId ?? []),
  );
  return entries.map(({ position, type, at, projectId, releaseId, actorId, data }) => ({
    id: String(position),
    type,
    at: toInstant(at),
    project: projectId === null ? null : (projects.get(projectId) ?? null),
    release: releaseId,
    actor: actorId === null ? null : (people.get(actorId) ?? (isTargetActor(actorId) ? actorId : null)),
    data: withInstants(data),
  }));
}

/** Instants leave as ISO 8601 (HTTP-1); in the store they are numbers whose names end in `At`. */
function withInstants(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      name.endsWith('At') && typeof value === 'number' ? toInstant(value) : value,
    ]),
  );
}

async function projectNames(sql: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) {
    return new Map();
  }
  const rows = await sql.selectFrom('projects').where('id', 'in', wanted).select(['id', 'slug']).execute();
  return new Map(rows.map((row) => [row.id, row.slug]));
}
