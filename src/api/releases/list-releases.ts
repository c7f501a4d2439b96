import { z } from 'zod';

import { listReleases } from '../../store/releases/read-release';
import { planOfRow } from '../../store/releases/stored-release';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { flagInQuery, oneOrMoreOf, slug } from '../schemas/common';
import { cursorOf, pageOf, pageQuery, pageRequest, toPage } from '../schemas/page';
import { listedRelease, releaseState } from '../schemas/release';
import { maySeeRelease } from './caller-rights';
import { listedReleases } from './release-view';

/** `?state=baking,paused`. */
const statesInQuery = oneOrMoreOf(releaseState);

/** Releases looked at for one page: a caller who may see few of many pages on through short ones. */
const LOOKED_AT = 1_000;

/** `GET /v1/releases`: those that the caller may see, newest first (HTTP-5). */
export const listReleasesRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases',
    operationId: 'listReleases',
    summary: 'Releases that the caller may see, newest first',
    permission: 'authenticated',
    query: z.strictObject({
      ...pageQuery,
      project: slug.optional().describe('Only those of this project.'),
      pipeline: slug.optional().describe('Only those of pipelines with this name.'),
      flag: slug.optional().describe('Only those that change this flag.'),
      service: slug.optional().describe('Only those that change this service.'),
      state: statesInQuery.optional().describe('Only those in one of these states, separated by commas.'),
      triggeredBy: slug.optional().describe('Only those that this user triggered.'),
      live: flagInQuery.optional().describe('`true`: only those that have not ended; `false`: only those that have.'),
    }),
    answers: { 200: { description: 'A page of releases.', body: pageOf(listedRelease, 'ReleasePage') } },
    handle: async ({ query, caller }) => {
      const page = pageRequest(query);
      const seen = [];
      let before = page.after;
      for (let looked = 0; looked < LOOKED_AT && seen.length <= page.limit;) {
        const records = await listReleases(deps.store.read, {
          project: query.project,
          pipeline: query.pipeline,
          flag: query.flag,
          service: query.service,
          states: query.state,
          triggeredBy: query.triggeredBy,
          live: query.live,
          before,
          limit: page.limit + 1,
        });
        seen.push(...records.filter((record) => maySeeRelease(caller, record.projectId, () => planOfRow(record))));
        looked += records.length;
        before = records.length > page.limit ? (records.at(-1) ?? null) : null;
        if (!before) {
          break;
        }
      }
      const shown = await listedReleases(deps.store, seen.slice(0, page.limit), caller, deps.now());
      const { next } = toPage(seen, page, () => null);
      return ok({ items: shown, next: next ?? (before && cursorOf(before)) });
    },
  });
