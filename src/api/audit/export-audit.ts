import { z } from 'zod';
import { chainOf } from '../../store/audit/entry';
import { exportChain } from '../../store/audit/export-chain';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { slug } from '../schemas/common';
import { projectOfQuery } from './audit-scope';

export const exportAuditRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/audit/export',
    operationId: 'exportAudit',
    summary: 'Take a chain of the audit away',
    description:
      'A whole chain up to its head at this moment, oldest first, as lines of JSON; the last line says how many entries and which hash there must be, so that the file can be verified without us (INV-4).',
    permission: { name: 'AuditView', in: (request) => projectOfQuery(store, request) },
    query: z.strictObject({
      project: slug
        .optional()
        .describe('Name of a project, existing or deleted; left out: the installation’s own chain.'),
    }),
    answers: {
      200: {
        description: 'The chain.',
        contentType: 'application/x-ndjson',
        headers: { 'Content-Disposition': 'A file name.' },
      },
    },
    problems: ['project.unknown'],
    handle: ({ query, scope }) => ({
      status: 200,
      contentType: 'application/x-ndjson',
      headers: { 'content-disposition': `attachment; filename="audit-${query.project ?? 'installation'}.ndjson"` },
      text: exportChain(store.read, chainOf(scope.projectId)),
    }),
  });
