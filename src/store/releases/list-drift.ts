import type { Kysely } from 'kysely';

import type { AcceptedAction } from '../../domain/accepted-action';
import type { ReleaseState, TouchedService } from '../../domain/release';
import { hasSwitchedFlags } from '../../domain/roll-out';
import { namedEffects } from '../effects/named-effects';
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
  const drifted = await sql
    .selectFrom('drift')
    .innerJoin('environments', 'environments.id', 'drift.environmentId')
    .where('drift.releaseId', '=', release.id)
    .orderBy('drift.item')
    .orderBy('environments.position')
    .select(['drift.item', 'environments.slug as environment', 'drift.detail'])
    .execute();
  const left = drifted.map((row) => flagOf(row.item, row.environment, 'drifted', row.detail));
  const services = await touchedServices(sql, release, state);
  if (!isAborted(state)) {
    return [...left, ...services];
  }
  const isLeft = ({ item, environment }: TouchedTarget) =>
    left.some((each) => each.item === item && each.environment === environment);
  const reverted = state.stage === 'aborted' || state.flagsReverted ? await revertedFlags(sql, release, state) : [];
  return [...reverted.filter((each) => !isLeft(each)), ...left, ...services];
}

function isAborted({ stage }: ReleaseState): boolean {
  return stage === 'aborting' || stage === 'aborted';
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
async function revertedFlags(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  { phases }: ReleaseState,
): Promise<TouchedTarget[]> {
  const deployments = phases.flatMap((phase) => phase.deployments);
  const touched = new Set(deployments.filter(hasSwitchedFlags).map(({ environment }) => environment));
  const snapshots = await snapshotsOf(sql, release.id);
  return flagChangesOf(release).flatMap((change) =>
    change.environments
      .filter((slug) => touched.has(slug) && !wasOptedOut(snapshots, change, environmentIdOf(change, slug)))
      .map((slug) => flagOf(change.flag, slug, 'reverted', null)),
  );
}

/** In the order in which they come back; while nothing is taken back, those that somebody else has changed. */
async function touchedServices(
  sql: Kysely<Tables>,
  release: ReleaseRow,
  position: ReleaseState,
): Promise<TouchedTarget[]> {
  const shown = [...position.touched].reverse().filter(({ state }) => isAborted(position) || state === 'drifted');
  if (shown.length === 0) {
    return [];
  }
  const effects = await namedEffects(sql)
    .select(['effects.direction', 'effects.status', 'effects.detail', 'effects.nextAttemptAt'])
    .where('effects.releaseId', '=', release.id)
    .orderBy('effects.startedAt', 'desc')
    .execute();
  const givenUp = await acceptances(sql, release);
  return shown.map(({ service, environment, state }) => {
    const own = effects.filter((each) => each.service === service && each.environment === environment);
    const revert = own.find(({ direction }) => direction === 'revert');
    const drifted = own.find(({ status }) => status === 'drifted');
    const acceptance = state === 'drifted' && !drifted ? givenUp.find(({ isOf }) => isOf(service, environment)) : null;
    return {
      item: service,
      target: 'service',
      environment,
      state: shownState(state),
      detail: acceptance ? withLastAnswer(acceptance.detail, revert?.detail) : ((drifted ?? revert)?.detail ?? null),
      nextAttemptAt: revert?.nextAttemptAt ?? null,
    };
  });
}

function withLastAnswer(detail: string, last: string | null | undefined): string {
  return last == null ? detail : `${detail} (${last})`;
}

/** Who gave which services up, and why; the last one first. */
async function acceptances(sql: Kysely<Tables>, release: ReleaseRow) {
  const rows = await sql
    .selectFrom('actions')
    .leftJoin('users', 'users.id', 'actions.actorId')
    .select(['actions.action', 'actions.reason', 'users.slug'])
    .where('actions.releaseId', '=', release.id)
    .where('actions.verb', '=', 'accept-drift')
    .where('actions.status', '=', 'applied')
    .orderBy('actions.number', 'desc')
    .execute();
  return rows.map(({ action, reason, slug }) => {
    const { item, by } = JSON.parse(action) as AcceptedAction;
    return {
      isOf: (service: string, environment: string): boolean =>
        item?.service === service && (item.environment ?? environment) === environment,
      detail: `Given up by ${slug ?? by}: ${reason ?? 'no reason given'}`,
    };
  });
}

function shownState(state: TouchedService['state']): TouchedTarget['state'] {
  return state === 'reverted' || state === 'drifted' ? state : 'reverting';
}
