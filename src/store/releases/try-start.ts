import type { Instant } from '../../domain/instant';
import { outdatedBases } from '../../domain/change-set';
import { refuseStart } from '../../domain/start-release';
import type { ReleaseState } from '../../domain/release';
import type { ReleaseEvent } from '../../domain/release-event';
import { knownProject } from '../flags/flag-facts';
import { knownServices } from '../services/known-services';
import type { Unit } from '../store';
import { holdTargets, queuesOf } from './queue';
import type { ReleaseRow } from './stored-release';
import { changesOf, flagChangesOf, serviceChangesOf, targetOf } from './stored-release';

/**
 * Starts a queued release if it is first in all of its queues (REL-3): gives it its targets and returns `started`
 * events, or those of a refusal when its change set was overtaken by what went before. `null`: it is not its turn. Its
 * targets are locked already.
 */
export async function tryStart(
  unit: Unit,
  release: ReleaseRow,
  state: ReleaseState,
  started: readonly ReleaseEvent[],
  now: Instant,
): Promise<readonly ReleaseEvent[] | null> {
  const queues = await queuesOf(unit.sql, changesOf(release).map(targetOf));
  const own = queues.filter((queued) => queued.releaseId === release.id);
  if (own.every((queued) => queued.held)) {
    return started;
  }
  const ticket = own[0]?.ticket ?? 0;
  if (queues.some((queued) => queued.releaseId !== release.id && queued.ticket < ticket)) {
    return null;
  }

  const changes = flagChangesOf(release);
  const outdated = outdatedBases(
    changes.map(({ flag, definition, base }) => (base === null ? { flag, definition } : { flag, definition, base })),
    await knownProject(unit.sql, release.projectId, { flags: changes.map(({ flag }) => flag), services: [] }),
  );
  const fault = outdated[0]?.message ?? (await lostEndpoint(unit, release));
  if (fault !== null) {
    return refuseStart(state, fault, now);
  }
  await holdTargets(unit, release);
  return started;
}

/** A service that has lost an endpoint while the release waited; null: none has. */
async function lostEndpoint(unit: Unit, release: ReleaseRow): Promise<string | null> {
  const changes = serviceChangesOf(release);
  const names = changes.map(({ service }) => service);
  const known = await knownServices(unit.sql, release.projectId, names);
  for (const { service, environments } of changes) {
    const lost = environments.find((environment) => !known.get(service)?.endpoints.includes(environment));
    if (lost !== undefined) {
      return `${service} has no endpoint in ${lost} any more`;
    }
  }
  return null;
}
