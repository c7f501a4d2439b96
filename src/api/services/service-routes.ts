import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { createServiceSecretRoute } from './create-service-secret';
import { deleteServiceRoute } from './delete-service';
import { getServiceRoute } from './get-service';
import { listServicesRoute } from './list-services';
import { putServiceRoute } from './put-service';
import { receiveCallback } from './receive-callback';

/** What is deployed by webhook, where to, and how requests are signed (WHK-1). */
export const serviceRoutes = (deps: Deps): Route[] => [
  listServicesRoute(deps),
  putServiceRoute(deps),
  getServiceRoute(deps),
  deleteServiceRoute(deps),
  createServiceSecretRoute(deps),
  receiveCallback(deps),
];
