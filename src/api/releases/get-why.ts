import type { Kysely } from 'kysely';
import { z } from 'zod';

import { shownState } from '../../domain/shown-state';
import { blockersOf } from '../../domain/why';
import type { Blocker, Remedy } from '../../domain/blocker';
import { readBlockers } from '../../store/releases/read-blockers';
import { userNames } from '../../store/releases/read-release';
import { planOfRow, positionOf } from '../../store/releases/stored-release';
import type { Tables } from '../../store/tables';
import { holdersOf } from '../../store/users/holders-of';
import { membersOf } from '../../store/users/members-of';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { id, toInstant, toInstantOrNull } from '../schemas/common';
import { why } from '../schemas/release';
import { readableRelease } from './release-scope';

/** Names told per remedy: who is asked first needs no list of hundreds. */
const HOLDERS_TOLD = 50;

/** `GET /v1/releases/{id}/why`: what waits for whom (REL-26). */
export const getWhy = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/releases/:release/why',
    operationId: 'getWhy',
    summary: 'Why a release is where it is, and who can let it go on',
    permission: { name: 'ProjectView', in: readableRelease(deps.store) },
    params: z.strictObject({ release: id }),
    answers: { 200: { description: 'Every blocker of the current state.', body: why } },
    problems: ['release.unknown'],
    handle: async ({ scope: { release, projectId } }) => {
      const sql = deps.store.read;
      const state = positionOf(release);
      const now = deps.now();
      const surroundings = await readBlockers(sql, release);
      const { blockers, nextTransitionAt } = blockersOf({
        state,
        plan: planOfRow(release),
        holds: [],
        ...surroundings,
        engine: deps.engine.troubleOf(release.id),
        now,
      });
      return ok({
        release: release.id,
        state: shownState(state),
        blockers: await Promise.all(blockers.map((blocker) => blockerView(sql, projectId, blocker))),
        earliestNextTransition: toInstantOrNull(nextTransitionAt),
      });
    },
  });

async function blockerView(sql: Kysely<Tables>, projectId: string, blocker: Blocker) {
  const by = 'by' in blocker ? blocker.by : null;
  const isCounted = blocker.kind === 'review' || blocker.kind === 'interruption';
  const given = isCounted ? blocker.approvals : [];
  const names = await userNames(sql, [...given, ...(by === null ? [] : [by])]);
  const nameOf = (user: string) => names.get(user) ?? user;
  const { kind, detail } = blocker;
  return {
    kind: kindOf(kind),
    trouble: kind === 'engine' ? blocker.trouble : null,
    detail: by === null ? detail : detail.replaceAll(by, nameOf(by)),
    phase: 'phase' in blocker ? blocker.phase : null,
    since: sinceOf(blocker),
    until: untilOf(blocker),
    ...targetOf(blocker),
    remainingMs: kind === 'paused' ? blocker.remainingMs : null,
    by: by === null ? null : nameOf(by),
    approvals: isCounted ? { given: given.map(nameOf), needed: blocker.needed } : null,
    releases: releasesOf(blocker),
    remedies: await Promise.all(blocker.remedies.map((remedy) => remedyView(sql, projectId, remedy))),
  };
}

function targetOf(blocker: Blocker) {
  const nothing = {
    service: null,
    environment: null,
    nextAttemptAt: null,
    step: null,
    interruption: null,
    responsibleUser: null,
  };
  switch (blocker.kind) {
    case 'target':
    case 'revert': {
      const { service, environment, nextAttemptAt } = blocker;
      return { ...nothing, service, environment, nextAttemptAt: toInstantOrNull(nextAttemptAt) };
    }
    case 'step': {
      const { step, environment, nextAttemptAt } = blocker;
      return { ...nothing, step, environment, nextAttemptAt: toInstantOrNull(nextAttemptAt) };
    }
    case 'interruption': {
      const { environment, interruption, responsibleUser } = blocker;
      return { ...nothing, environment, interruption, responsibleUser };
    }
    case 'callback':
      return { ...nothing, service: blocker.service, environment: blocker.environment };
    default:
      return nothing;
  }
}

/** The releases that this one waits for. */
function releasesOf(blocker: Blocker): string[] {
  switch (blocker.kind) {
    case 'queue':
      return [...new Set(blocker.ahead.map(({ release }) => release))];
    case 'interruption':
      return blocker.release === null ? [] : [blocker.release];
    default:
      return [];
  }
}

type ShownKind = Exclude<Blocker['kind'], 'defect' | 'freeze'>;

function kindOf(kind: Blocker['kind']): ShownKind {
  if (kind === 'defect' || kind === 'freeze') {
    throw new Error(`Nothing raises a ${kind}`);
  }
  return kind;
}

function sinceOf(blocker: Blocker): string | null {
  if (blocker.kind === 'review') {
    return toInstant(blocker.openedAt);
  }
  return 'since' in blocker ? toInstant(blocker.since) : null;
}

function untilOf(blocker: Blocker): string | null {
  switch (blocker.kind) {
    case 'bake-timer':
      return toInstant(blocker.endsAt);
    case 'review':
    case 'interruption':
      return toInstantOrNull(blocker.deadlineAt);
    case 'callback':
      return toInstant(blocker.until);
    default:
      return null;
  }
}

async function remedyView(sql: Kysely<Tables>, projectId: string, remedy: Remedy) {
  const { action, needs, except, only, also = [] } = remedy;
  const holders = await holdersOfRight(sql, projectId, remedy);
  // Whoever does not see the release any more cannot act on it either.
  const viewers = also.length > 0 ? await holdersOf(sql, 'ProjectView', projectId) : [];
  const others = viewers.filter((user) => also.includes(user) && !holders.includes(user));
  const told = [...holders, ...others]
    .filter((holder) => !except.includes(holder) && (only === undefined || holder === only))
    .slice(0, HOLDERS_TOLD);
  const names = await userNames(sql, told);
  return {
    action: nameOfRemedy(action),
    permission: 'permission' in needs ? needs.permission : null,
    teams: 'teams' in needs ? needs.teams : [],
    heldBy: told.map((holder) => names.get(holder) ?? holder),
  };
}

async function holdersOfRight(sql: Kysely<Tables>, projectId: string, { needs, besides }: Remedy): Promise<string[]> {
  const holders = 'permission' in needs ? await holdersOf(sql, needs.permission, projectId) : null;
  const members = 'teams' in needs ? await membersOf(sql, needs.teams) : null;
  const all = members === null ? (holders ?? []) : members.filter((member) => holders?.includes(member) ?? true);
  const able = besides === undefined ? null : await holdersOf(sql, besides, projectId);
  return all.filter((holder) => able?.includes(holder) ?? true);
}

type ShownRemedy = Exclude<Remedy['action'], 'resolve-defect' | 'end-freeze'>;

function nameOfRemedy(action: Remedy['action']): ShownRemedy {
  if (action === 'resolve-defect' || action === 'end-freeze') {
    throw new Error(`Nothing needs ${action}`);
  }
  return action;
}
