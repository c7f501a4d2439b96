import { z } from 'zod';
import { DEFAULT_CALLBACK_TIMEOUT_MS, DEFAULT_TIMEOUT_MS, LONGEST_URL, type Endpoints } from '../../domain/service';
import type { ServiceInFull } from '../../store/services/get-service';
import type { ServiceRecord } from '../../store/services/service-record';
import { etagOf } from '../etag';
import {
  displayName,
  durationMs,
  durationToJudge,
  instant,
  readOnly,
  slug,
  toInstant,
  toInstantOrNull,
} from '../schemas/common';

export const serviceParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  service: slug.describe('Name of the service.'),
});

/**
 * Body of PUT, and `spec` of an applied document. Types are judged here, values by the domain (`checkService`): so
 * unknown environments, bad addresses and bad times are listed together.
 */
export const serviceBody = z
  .strictObject({
    displayName: displayName.optional().describe('For people; its name if left out.'),
    endpoints: z
      .record(z.string(), z.string().meta({ format: 'uri', maxLength: LONGEST_URL }))
      .optional()
      .describe(
        'Where it is deployed to: an http or https address by the name of the environment. Left out: as they are; `{}`: ' +
          'none. Changing them takes `EndpointEdit`.',
      ),
    timeout: durationToJudge
      .optional()
      .describe('How long one request may take, answer included: from `1s` to `5m`; `30s` if left out.'),
    timeoutMs: z.number().optional().describe('The same in milliseconds, as answers give it; `timeout` wins.'),
    callback: z
      .boolean()
      .optional()
      .describe(
        'Whether an apply may be answered later: a 202 then means that the target will call back (PRO-6); `false` if left ' +
          'out, and a 202 is done as any other 2xx.',
      ),
    callbackTimeout: durationToJudge
      .optional()
      .describe('How long a callback may take from the 202: from `1s` to `7d`; `1h` if left out.'),
    callbackTimeoutMs: z
      .number()
      .optional()
      .describe('The same in milliseconds, as answers give it; `callbackTimeout` wins.'),
    name: readOnly,
    project: readOnly,
    createdAt: readOnly,
    secretCreatedAt: readOnly,
    secret: readOnly,
    versions: readOnly,
    release: readOnly,
    queued: readOnly,
  })
  .meta({ id: 'ServiceSettings', description: 'What can be set of a service.' });

export type ServiceBody = z.output<typeof serviceBody>;

/** Endpoints of a body, by the environment's name; null: as they are (HTTP-7). */
export function toEndpoints({ endpoints }: ServiceBody): Endpoints | null {
  return endpoints ? new Map(Object.entries(endpoints)) : null;
}

/** The time of a body, and where it stands there. */
export function toTimeout({ timeout, timeoutMs }: ServiceBody): { ms: number; path: 'timeout' | 'timeoutMs' } {
  return timeout === undefined && timeoutMs !== undefined
    ? { ms: timeoutMs, path: 'timeoutMs' }
    : { ms: timeout ?? DEFAULT_TIMEOUT_MS, path: 'timeout' };
}

/** The same of callbacks. */
export function toCallbackTimeout({ callbackTimeout, callbackTimeoutMs }: ServiceBody): {
  ms: number;
  path: 'callbackTimeout' | 'callbackTimeoutMs';
} {
  return callbackTimeout === undefined && callbackTimeoutMs !== undefined
    ? { ms: callbackTimeoutMs, path: 'callbackTimeoutMs' }
    : { ms: callbackTimeout ?? DEFAULT_CALLBACK_TIMEOUT_MS, path: 'callbackTimeout' };
}

const settings = {
  displayName: z.string().describe('For people.'),
  endpoints: z
    .record(slug, z.string())
    .describe('Where it is deployed to: addresses by the name of the environment (WHK-1).'),
  timeoutMs: durationMs.describe('How long one request may take, answer included.'),
  callback: z.boolean().describe('Whether a 202 to an apply means that the target will call back (PRO-6).'),
  callbackTimeoutMs: durationMs.describe('How long a callback may take from the 202.'),
};

const fields = {
  name: slug.describe('Its name in paths.'),
  project: slug.describe('Name of its project.'),
  ...settings,
  createdAt: instant.describe('When it was created.'),
  secretCreatedAt: instant
    .nullable()
    .describe('When the secret was made that requests are signed with now; null: there is none yet.'),
};

const answerFields = {
  ...fields,
  versions: z
    .record(slug, z.string().nullable())
    .describe('What was deployed to each environment of the project; null: nothing that Sluice knows of.'),
  release: z.string().nullable().describe('Id of the release that is deploying it; null: none.'),
  queued: z.array(z.string()).describe('Ids of the releases that wait for it, first come first (REL-3).'),
};

/** A service with what is deployed where, as GET and a changing PUT answer it. */
export const serviceAnswer = z
  .strictObject(answerFields)
  .meta({ id: 'Service', description: 'Something deployed by webhook; also a valid body of PUT (HTTP-7).' });

/** The same as it is created, with what is shown this once. */
export const newServiceAnswer = z
  .strictObject({
    ...answerFields,
    secret: z
      .string()
      .nullable()
      .describe('What requests to it are signed with, shown this once; null: none is made without `EndpointEdit`.'),
  })
  .meta({ id: 'NewService', description: 'A service as it is created.' });

/** A service in a list. */
export const listedService = z
  .strictObject(fields)
  .meta({ id: 'ListedService', description: 'A service as lists show it.' });

/** Changes with every setting and secret of the service, not with what releases deploy of it (HTTP-7). */
export function serviceEtag({ id, version }: { id: string; version: number }): string {
  return etagOf('service', id, version);
}

export function showService(service: ServiceInFull, project: string): z.input<typeof serviceAnswer> {
  return {
    ...showListedService(service, project),
    versions: Object.fromEntries(service.versions.map(({ environment, version }) => [environment, version])),
    release: service.releaseId,
    queued: service.queued,
  };
}

export function showListedService(service: ServiceRecord, project: string): z.input<typeof listedService> {
  return {
    name: service.slug,
    project,
    ...showServiceSettings(service),
    createdAt: toInstant(service.createdAt),
    secretCreatedAt: toInstantOrNull(service.secretCreatedAt),
  };
}

/** What can be set of it, as `apply` compares it. */
export function showServiceSettings({ displayName: shown, endpoints, timeoutMs, ...service }: ServiceRecord) {
  return {
    displayName: shown,
    endpoints: Object.fromEntries(endpoints),
    timeoutMs,
    callback: service.callback === 1,
    callbackTimeoutMs: service.callbackTimeoutMs,
  };
}
