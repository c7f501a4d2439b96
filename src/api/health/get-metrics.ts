import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { registerOldestUndecided } from './oldest-undecided-gauge';
import { registerOpenInterruptions } from './open-interruptions-gauge';
import { registerPendingDeliveries } from './pending-deliveries-gauge';

export const getMetricsRoute = (deps: Deps) => {
  const { registry } = deps;
  registerOldestUndecided(deps);
  registerPendingDeliveries(deps);
  registerOpenInterruptions(deps);
  return defineRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description: 'No label names a project, a flag or a person.',
    permission: 'public',
    answers: { 200: { description: 'Prometheus’ text format.', contentType: 'text/plain' } },
    handle: async () => ({ status: 200, contentType: registry.contentType, text: await registry.metrics() }),
  });
};
