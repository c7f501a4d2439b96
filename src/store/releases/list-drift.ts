import type { Kysely } from 'kysely';

import type { TouchedService } from '../../domain/release';
import { hasSwitchedFlags } from '../../domain/roll-out';
import { effectsUnderWay } from '../effects/effects-under-way';
import type { Tables } from '../tables';
import { snapshotsOf, wasOptedOut } from './snapshots';
import { environmentIdOf, flagChangesOf, positionOf, type ReleaseRow } from './stored-release';

/** One touched target: did it come back, or does somebody else's change stand (REL-19, CHG-3)? */
export interface TouchedTarget {
  item: string;
  target: 'flag' | 'service';
  environment: string;
  state: 'reverting' | 'reverted' | 'drifted';
  detail: string | null;
  /** Epoch ms; null: none is planned. */
  nextAttemptAt: number | null;
}

/**
 * What became of the targets that a release had touched, of flags first. Flags come back in the transaction that aborts,
 * so none of them is ever seen on its way; services follow.
 */
export async function listDrift(sql: Kysely<Tables>, release: ReleaseRow): Promise<TouchedTarget[]> {
  const state = positionOf(release);
  const isAborted = state.stage === 'aborting' || state.stage === 'aborted';
  const drifted = await sql
    .selectFrom('drift')
    .innerJoin('environments', 'environments.id', 'drift.environmentId')
    .where('drift.releaseId', '=', release.id)
    .orderBy('drift.item')
    .orderBy('environments.position')
    .select(['drift.item', 'environments.slug as environment', 'drift.detail'])
    .execute();
  const left = drifted.map((row) => flagOf(row.item, row.environment, 'drifted', row.detail));
  if (!isAborted) {
    return left;
  }
  const isLeft = ({ item, environment }: TouchedTarget) =>
    left.some((each) => each.item === item && each.environment === environment);
  const reverted = state.stage === 'aborted' || state.flagsReverted ? await revertedFlags(sql, release) : [];
  return [...reverted.filter((each) => !isLeft(each)), ...left, ...(await touchedServices(sql, release))];
}

function flagOf(
  item: string,
  environment: string,
  state: TouchedTarget['state'],
  detail: string | null,
): TouchedTarget {
  return { item, target: 'flag', environment, state, detail, nextAttemptAt: null };
}

/** The flags that a deployment had switched, by environment in the project's order: they are taken back. */
async function revertedFlags(sql: Kysely<Tables>, release: ReleaseRow): Promise<TouchedTarget[]> {
  const deployments = positionOf(release).phases.flatMap((phase) => phase.deployments);
  const touched = new Set(deployments.filter(hasSwitchedFlags).map(({ environment }) => environment));
  const snapshots = await snapshotsOf(sql, release.id);
  return flagChangesOf(release).flatMap((change) =>
    change.environments
      .filter((slug) => touched.has(slug) && !wasOptedOut(snapshots, change, environmentIdOf(change, slug)))
      .map((slug) => flagOf(change.flag, slug, 'reverted', null)),
  );
}

/** In the order in which they come back. */
async function touchedServices(sql: Kysely<Tables>, release: ReleaseRow): Promise<TouchedTarget[]> {
  const underWay = await effectsUnderWay(sql, release);
  const ended = await sql
    .selectFrom('effects')
    .innerJoin('services', 'services.id', 'effects.serviceId')
    .innerJoin('environments', 'environments.id', 'effects.environmentId')
    .select(['services.slug as service', 'environments.slug as environment', 'effects.detail'])
    .where('effects.releaseId', '=', release.id)
    .where('effects.direction', '=', 'revert')
    .execute();
  return [...positionOf(release).touched].reverse().map(({ service, environment, state }) => {
    const isThis = (each: { service: string; environment: string }) =>
      each.service === service && each.environment === environment;
    return {
      item: service,
      target: 'service',
      environment,
      state: shownState(state),
      detail: ended.find(isThis)?.detail ?? null,
      nextAttemptAt: underWay.find((each) => each.direction === 'revert' && isThis(each))?.nextAttemptAt ?? null,
    };
  });
}

function shownState(state: TouchedService['state']): TouchedTarget['state'] {
  return state === 'reverted' || state === 'drifted' ? state : 'reverting';
}
