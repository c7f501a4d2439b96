import type { Route } from '../define-route';
import type { Deps } from '../deps';
import { deletePipelineRoute } from './delete-pipeline';
import { getPipelineRoute } from './get-pipeline';
import { listPipelinesRoute } from './list-pipelines';
import { putPipelineRoute } from './put-pipeline';

/** Pipelines and their versions. */
export const pipelineRoutes = (deps: Deps): Route[] => [
  putPipelineRoute(deps),
  getPipelineRoute(deps),
  listPipelinesRoute(deps),
  deletePipelineRoute(deps),
];
