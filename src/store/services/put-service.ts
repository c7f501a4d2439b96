import type { Instant } from '../../domain/instant';
import { areSameEndpoints, newEndpoints, type Endpoints } from '../../domain/service';
import { newId } from '../new-id';
import { lockEnvironments } from '../projects/lock-environments';
import type { Unit } from '../store';
import { endpointsOf, replaceEndpoints } from './endpoints';
import { lockService, type ServiceRow } from './find-service';

/** A service as somebody wants it, and whose doing it is. */
export interface ServiceToPut {
  projectId: string;
  slug: string;
  displayName: string;
  timeoutMs: number;
  /** A 202 means that the outcome comes by a callback (PRO-6). */
  callback: boolean;
  callbackTimeoutMs: number;
  /** null: as they are (HTTP-7). */
  endpoints: Endpoints | null;
  by: string;
  at: Instant;
  /** Judges the write inside its transaction, with the service as it is then; what it throws leaves all as it was. */
  judge: (current: ServiceRow | null) => void;
  /** Judges what is wanted, knowing what of it is new. */
  judgeContent: (content: ContentToJudge) => void;
}

/** What a put would change of the endpoints. */
export interface ContentToJudge {
  /** Whether one comes, goes or leads elsewhere. */
  endpointsChange: boolean;
  newEndpoints: Endpoints;
  /** Of the environments that `newEndpoints` names, those that exist. */
  environments: ReadonlySet<string>;
}

/** `gone`: the name belonged to a service that was deleted (HTTP-1). */
export type PutServiceOutcome = { kind: 'created' | 'changed' | 'unchanged'; serviceId: string } | { kind: 'gone' };

/**
 * Creates or replaces a service; the same content changes nothing and is no event (HTTP-7). Allowed at any time, also
 * while a release deploys it: where it is sent to is read at each attempt, so this heals what is under way (REL-19).
 */
export async function putService(unit: Unit, input: ServiceToPut): Promise<PutServiceOutcome> {
  const { projectId, slug, displayName, timeoutMs, callback, callbackTimeoutMs } = input;
  const known = await lockService(unit, projectId, slug);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const current = (known && (await endpointsOf(unit.sql, [known.id])).get(known.id)) ?? new Map<string, string>();
  const wanted = input.endpoints ?? current;
  const environmentIds = await lockEnvironments(unit, projectId, [...wanted.keys()]);
  const endpointsChange = !areSameEndpoints(current, wanted);
  input.judgeContent({
    endpointsChange,
    newEndpoints: newEndpoints(current, wanted),
    environments: new Set(environmentIds.keys()),
  });
  const settings = { displayName, timeoutMs, callback: callback ? (1 as const) : (0 as const), callbackTimeoutMs };
  if (known && !endpointsChange && areSame(known, settings)) {
    return { kind: 'unchanged', serviceId: known.id };
  }

  const serviceId = known ? known.id : await insertService(unit, input, settings);
  if (known) {
    await unit.sql
      .updateTable('services')
      .set((row) => ({ ...settings, version: row('version', '+', 1) }))
      .where('id', '=', known.id)
      .execute();
  }
  if (endpointsChange) {
    const rows = [...wanted].flatMap(([environment, url]) => {
      const environmentId = environmentIds.get(environment);
      return environmentId === undefined ? [] : { environmentId, url };
    });
    await replaceEndpoints(unit, serviceId, rows);
  }
  unit.record({
    type: known ? 'service-changed' : 'service-created',
    at: input.at,
    actorId: input.by,
    projectId,
    releaseId: null,
    data: {
      ...{ service: slug, serviceId, displayName, timeoutMs, callback, callbackTimeoutMs },
      endpoints: Object.fromEntries(wanted),
    },
  });
  return { kind: known ? 'changed' : 'created', serviceId };
}

type Settings = Pick<ServiceRow, 'displayName' | 'timeoutMs' | 'callback' | 'callbackTimeoutMs'>;

function areSame(known: Settings, wanted: Settings): boolean {
  return (
    known.displayName === wanted.displayName &&
    known.timeoutMs === wanted.timeoutMs &&
    known.callback === wanted.callback &&
    known.callbackTimeoutMs === wanted.callbackTimeoutMs
  );
}

async function insertService(unit: Unit, { projectId, slug, at }: ServiceToPut, settings: Settings): Promise<string> {
  const id = newId();
  await unit.sql
    .insertInto('services')
    .values({ id, projectId, slug, ...settings, createdAt: at, deletedAt: null })
    .execute();
  return id;
}
