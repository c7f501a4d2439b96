import { applyRoute } from './apply/apply';
import { auditRoutes } from './audit/audit-routes';
import { createBackupRoute } from './backup/create-backup';
import type { Route } from './define-route';
import type { Deps } from './deps';
import { deploymentRoutes } from './deployments/deployment-routes';
import { flagRoutes } from './flags/flag-routes';
import { healthRoutes } from './health/health-routes';
import { interruptionRoutes } from './interruptions/interruption-routes';
import { notificationRoutes } from './notifications/notification-routes';
import { ofrepRoutes } from './ofrep/ofrep-routes';
import { openApiRoute } from './openapi-route';
import { pipelineRoutes } from './pipelines/pipeline-routes';
import { projectRoutes } from './projects/project-routes';
import { releaseRoutes } from './releases/routes';
import { serviceRoutes } from './services/service-routes';
import { subscriptionRoutes } from './subscriptions/subscription-routes';
import { userRoutes } from './users/user-routes';
import { variableRoutes } from './variables/variable-routes';

/** Every route there is: one list per area, one line here. */
export function routes(deps: Deps): Route[] {
  const operations: Route[] = [
    ...healthRoutes(deps),
    ...userRoutes(deps),
    ...projectRoutes(deps),
    ...flagRoutes(deps),
    ...ofrepRoutes(deps),
    ...serviceRoutes(deps),
    ...pipelineRoutes(deps),
    ...variableRoutes(deps),
    ...subscriptionRoutes(deps),
    ...releaseRoutes(deps),
    ...deploymentRoutes(deps),
    ...interruptionRoutes(deps),
    ...notificationRoutes(deps),
    ...auditRoutes(deps),
    applyRoute(deps),
    createBackupRoute(deps),
  ];
  return [...operations, openApiRoute(operations)];
}
