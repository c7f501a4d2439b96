import { z } from 'zod';
import { readAudit } from '../../store/audit/read-audit';
import type { Store } from '../../store/store';
import { findUser } from '../../store/users/find-user';
import { defineRoute, ok, type Scope, type ScopeRequest } from '../define-route';
import type { Deps } from '../deps';
import { invalidRequest } from '../problem';
import { eventViews } from '../releases/event-view';
import { id, instantInput, slug } from '../schemas/common';
import { pageOf, pageQuery, pageRequest } from '../schemas/page';
import { event } from '../schemas/release';
import { auditedProjects, projectOfQuery } from './audit-scope';

const auditEntry = event
  .extend({
    chain: z.string().describe('The chain it belongs to: one per project and one for the rest.'),
    sequence: z.int().describe('Its place in the chain, from 1.'),
    previousHash: z.string().describe('Hash of the entry before.'),
    hash: z.string().describe('SHA-256 of everything in the entry but this.'),
  })
  .meta({ id: 'AuditEntry', description: 'One entry of the audit, in its place.' });

export const listAuditRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/audit',
    operationId: 'listAudit',
    summary: 'Read the audit',
    description: 'Newest first by commit. Without `project`, everything the caller holds `AuditView` for.',
    permission: { name: 'AuditView', in: auditScope(store) },
    query: z.strictObject({
      ...pageQuery,
      project: slug.optional().describe('Name of a project, existing or deleted.'),
      release: id.optional().describe('Id of a release.'),
      actor: slug.optional().describe('Name of the user who acted.'),
      from: instantInput.optional().describe('Earliest instant, inclusive.'),
      to: instantInput.optional().describe('Latest instant, exclusive.'),
    }),
    answers: { 200: { description: 'One page.', body: pageOf(auditEntry, 'AuditPage') } },
    problems: ['project.unknown'],
    handle: async ({ query, scope, caller }) => {
      const { limit } = pageRequest({ limit: query.limit });
      const actor = query.actor === undefined ? undefined : await findUser(store.read, query.actor);
      if (actor === null) {
        return ok({ items: [], next: null });
      }
      const { entries, next } = await readAudit(
        store.read,
        {
          projectIds: scope.projectId === null ? auditedProjects(caller) : [scope.projectId],
          releaseId: query.release,
          actorId: actor?.id,
          from: query.from,
          to: query.to,
        },
        { order: 'newest-first', limit, after: query.cursor === undefined ? undefined : readCursor(query.cursor) },
      );
      const shown = await eventViews(store.read, entries);
      const items = entries.flatMap(({ chain, sequence, previousHash, hash }, index) => {
        const view = shown[index];
        return view ? [{ ...view, chain, sequence, previousHash, hash }] : [];
      });
      return ok({ items, next: next === null ? null : String(next) });
    },
  });

/** Without a project, whoever holds `AuditView` somewhere reads what lies there. */
const auditScope =
  (store: Store) =>
  async (request: ScopeRequest): Promise<Scope> => {
    const scope = await projectOfQuery(store, request);
    const somewhere = auditedProjects(request.caller)?.length !== 0;
    return scope.projectId === null ? { ...scope, permitted: somewhere } : scope;
  };

function readCursor(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw invalidRequest([{ path: 'query.cursor', message: 'Is not a cursor of this list' }]);
  }
  return Number(text);
}
