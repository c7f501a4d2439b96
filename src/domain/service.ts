import type { Fault } from './fault';
import { DAY, HOUR, MINUTE, SECOND } from './instant';
import { quoted } from './quoted';

/** Where a service is deployed to: addresses by the environment's name (WHK-1). */
export type Endpoints = ReadonlyMap<string, string>;

/** Those that a service does not have yet, or that lead elsewhere now. */
export function newEndpoints(current: Endpoints, wanted: Endpoints): Endpoints {
  return new Map([...wanted].filter(([environment, url]) => current.get(environment) !== url));
}

/** Whether both name the same environments with the same addresses. */
export function areSameEndpoints(current: Endpoints, wanted: Endpoints): boolean {
  return current.size === wanted.size && newEndpoints(current, wanted).size === 0;
}

/** What can be wrong with a service as somebody wants it. */
export interface ServiceToCheck {
  /** Only the new ones: an address that was accepted once stays acceptable when something else is changed (HTTP-7). */
  endpoints: Endpoints;
  timeoutMs: number;
  /** Where the time stands in the request. */
  timeoutPath: 'timeout' | 'timeoutMs';
  /** How long a callback may take from the 202 (PRO-6). */
  callbackTimeoutMs: number;
  /** Where that stands in the request. */
  callbackTimeoutPath: 'callbackTimeout' | 'callbackTimeoutMs';
}

/** What it is judged against. */
export interface ServiceFacts {
  /** Names of the project's environments that exist. */
  environments: ReadonlySet<string>;
  /** Why an address may not be used, in half a sentence; null: it may (WHK-2). */
  endpointFault: (url: string) => string | null;
}

/** How long one request may take, when nothing is said about it. */
export const DEFAULT_TIMEOUT_MS = 30 * SECOND;

const SHORTEST_TIMEOUT_MS = 1 * SECOND;
const LONGEST_TIMEOUT_MS = 5 * MINUTE;

/** How long a callback may take, when nothing is said about it (PRO-6). */
export const DEFAULT_CALLBACK_TIMEOUT_MS = 1 * HOUR;

const LONGEST_CALLBACK_TIMEOUT_MS = 7 * DAY;

/** Characters of an address. */
export const LONGEST_URL = 2_000;

/** Every fault at once, each with its path (HTTP-4); nothing is thrown, whatever the service holds. */
export function checkService(service: ServiceToCheck, facts: ServiceFacts): Fault[] {
  return [
    ...[...service.endpoints].flatMap(([environment, url]) => checkEndpoint(environment, url, facts)),
    ...checkTime(service.timeoutPath, service.timeoutMs, LONGEST_TIMEOUT_MS, '5m'),
    ...checkTime(service.callbackTimeoutPath, service.callbackTimeoutMs, LONGEST_CALLBACK_TIMEOUT_MS, '7d'),
  ];
}

function checkEndpoint(environment: string, url: string, { environments, endpointFault }: ServiceFacts): Fault[] {
  const path = `endpoints.${environment.slice(0, 100)}`;
  if (!environments.has(environment)) {
    return [{ path, message: `names the environment ${quoted(environment)}, which does not exist` }];
  }
  const fault =
    url.length > LONGEST_URL ? `must be an address of at most ${LONGEST_URL} characters` : endpointFault(url);
  return fault === null ? [] : [{ path, message: fault }];
}

function checkTime(path: string, ms: number, longestMs: number, longest: string): Fault[] {
  // Also refuses NaN, which a text that is no duration has become.
  const isSound = Number.isInteger(ms) && ms >= SHORTEST_TIMEOUT_MS && ms <= longestMs;
  return isSound ? [] : [{ path, message: `must be a duration from 1s to ${longest}, in whole milliseconds` }];
}
