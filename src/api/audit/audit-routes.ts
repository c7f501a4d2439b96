import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { streamEventsRoute } from '../events/stream-events';
import { exportAuditRoute } from './export-audit';
import { listAuditRoute } from './list-audit';

/** What happened, looked back at and as it happens. */
export const auditRoutes = (deps: Deps): Route[] => [
  listAuditRoute(deps),
  exportAuditRoute(deps),
  streamEventsRoute(deps),
];
