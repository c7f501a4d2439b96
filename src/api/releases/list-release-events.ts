import { z } from 'zod';

import { readAudit } from '../../store/audit/read-audit';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { invalidRequest } from '../problem';
import { id } from '../schemas/common';
import { pageQuery } from '../schemas/page';
import { event } from '../schemas/release';
import { eventViews } from './event-view';
import { readableRelease } from './release-scope';

/** `GET /v1/releases/{id}/events`: what happened, oldest first (HTTP-5). */
export const listReleaseEvents = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release/events',
    operationId: 'listReleaseEvents',
    summary: 'What happened to a release, oldest first',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page of events.',
        body: z
          .strictObject({
            items: z.array(event).describe('Oldest first.'),
            next: z.string().nullable().describe('`cursor` of the next page; null: this is the last one.'),
          })
          .meta({ id: 'ReleaseEventPage', description: 'One page of a release’s events.' }),
      },
    },
    problems: ['release.unknown'],
    handle: async ({ scope, query }) => {
      const { entries, next } = await readAudit(
        deps.store.read,
        { releaseId: scope.release.id },
        { order: 'ascending', limit: query.limit ?? 50, after: positionOf(query.cursor) },
      );
      return ok({ items: await eventViews(deps.store.read, entries), next: next === null ? null : String(next) });
    },
  });

function positionOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  if (!/^\d{1,15}$/.test(cursor)) {
    throw invalidRequest([{ path: 'query.cursor', message: 'Is not a cursor of this list' }]);
  }
  return Number(cursor);
}
