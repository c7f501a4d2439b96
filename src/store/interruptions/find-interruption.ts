import type { ExpressionBuilder, Kysely, Nullable, Selectable } from 'kysely';

import type { InterruptionResult } from '../../domain/accepted-action';
import type { HeldInterruption, InterruptionEnd } from '../../domain/interruption';
import type { JsonObject } from '../../domain/json';
import { liesBehind, type PageRequest } from '../page';
import { planOfRow } from '../releases/stored-release';
import type { StoredProceed, Tables } from '../tables';
import { isOpenInterruption } from './open-interruption';

/** An interruption with the names of what it is about, and of whom. */
export type InterruptionRecord = Selectable<Tables['interruptions']> & {
  project: string;
  environment: string;
  /** Names of phase and step. */
  phase: string;
  step: string;
  responsibleUser: string | null;
  submittedByName: string | null;
  closedByName: string | null;
  /** Of the release, where its authors may not answer (INT-6). */
  planOfAuthors: string | null;
};

/** An interruption; undefined: there is none of that id. */
export function findInterruption(sql: Kysely<Tables>, id: string): Promise<InterruptionRecord | undefined> {
  return interruptions(sql).where('interruptions.id', '=', id).executeTakeFirst();
}

/** Those of a release with these numbers in it. */
export function numberedInterruptions(
  sql: Kysely<Tables>,
  releaseId: string,
  numbers: readonly number[],
): Promise<InterruptionRecord[]> {
  return interruptions(sql)
    .where('interruptions.releaseId', '=', releaseId)
    .where('interruptions.number', 'in', [...numbers])
    .execute();
}

/** All interruptions of a deployment, in the order in which they were raised. */
export function interruptionsOf(sql: Kysely<Tables>, deploymentIds: readonly string[]): Promise<InterruptionRecord[]> {
  return deploymentIds.length === 0
    ? Promise.resolve([])
    : interruptions(sql)
        .where('interruptions.deploymentId', 'in', deploymentIds)
        .orderBy('interruptions.number')
        .execute();
}

/** Those of a release that are not answered, in the order in which they were raised. */
export function openInterruptionsOf(sql: Kysely<Tables>, releaseId: string): Promise<InterruptionRecord[]> {
  return interruptions(sql)
    .where('interruptions.releaseId', '=', releaseId)
    .where('interruptions.state', 'in', ['pending', 'taken'])
    .orderBy('interruptions.number')
    .execute();
}

/** Those of other releases that keep deployments from these environments (INT-9); what waits longest is first. */
export function blockingInterruptions(
  sql: Kysely<Tables>,
  { id, projectId }: { id: string; projectId: string },
  environmentIds: readonly string[],
): Promise<InterruptionRecord[]> {
  return interruptions(sql)
    .where('interruptions.projectId', '=', projectId)
    .where('interruptions.environmentId', 'in', [...environmentIds, ''])
    .where('interruptions.blockConcurrent', '=', 1)
    .where(isOpenInterruption)
    .where('interruptions.releaseId', '!=', id)
    .orderBy('interruptions.raisedAt')
    .orderBy('interruptions.id')
    .execute();
}

/** Who asks: their teams, what they see, and where they may answer with a team and without one. */
export interface InterruptionReader {
  userId: string;
  /** Slugs. */
  teams: readonly string[];
  /** Ids of projects; null: everywhere. */
  visibleIn: readonly string[] | null;
  submitIn: readonly string[] | null;
  deployIn: readonly string[] | null;
  /** Where they see what they hold, or have answered, though they may see nothing else. */
  ownIn: readonly string[] | null;
}

/** What a list of interruptions holds. */
export interface InterruptionFilter {
  states?: readonly InterruptionRecord['state'][] | undefined;
  kind?: InterruptionRecord['kind'] | undefined;
  project?: string | undefined;
  environment?: string | undefined;
  release?: string | undefined;
  deployment?: string | undefined;
  /** Name of the phase. */
  phase?: string | undefined;
  /** Slugs: one of them is responsible. */
  teams?: readonly string[] | undefined;
  /** Name of the user who has taken it. */
  responsibleUser?: string | undefined;
  /** Name of the user who answered. */
  submittedBy?: string | undefined;
  /** Only what the reader may take, or holds (INT-8). */
  mine: boolean;
}

/** What is compared as it is given. */
const FIELDS = [
  ['kind', 'interruptions.kind'],
  ['project', 'projects.slug'],
  ['environment', 'environments.slug'],
  ['release', 'interruptions.releaseId'],
  ['deployment', 'interruptions.deploymentId'],
  ['phase', 'deployments.phase'],
  ['responsibleUser', 'holder.slug'],
  ['submittedBy', 'submitter.slug'],
] as const;

/** A page of the interruptions that somebody may see, and one more, newest first by (raised, id). */
export function listInterruptions(
  sql: Kysely<Tables>,
  reader: InterruptionReader,
  filter: InterruptionFilter,
  page: PageRequest,
): Promise<InterruptionRecord[]> {
  let query = interruptions(sql)
    .where(liesBehind('interruptions', page.after, 'raisedAt'))
    .orderBy('interruptions.raisedAt', 'desc')
    .orderBy('interruptions.id', 'desc')
    .limit(page.limit + 1);
  const { states, mine } = filter;
  if (states !== undefined) {
    query = query.where('interruptions.state', 'in', [...states]);
  }
  if (mine || states?.every((state) => state === 'pending' || state === 'taken')) {
    query = query.where(isOpenInterruption);
  }
  for (const [field, column] of FIELDS) {
    const wanted = filter[field];
    if (wanted !== undefined) {
      query = query.where(column, '=', wanted);
    }
  }
  const { teams } = filter;
  if (teams !== undefined) {
    query = query.where((where) => where.or(teams.map((team) => isOfTeam(where, team))));
  }
  const { visibleIn, userId } = reader;
  if (visibleIn !== null) {
    query = query.where((where) =>
      where.or([
        where('interruptions.projectId', 'in', [...visibleIn, '']),
        isAsked(where, reader),
        isOwn(where, reader),
      ]),
    );
  }
  if (mine) {
    query = query.where((where) =>
      where.or([
        where.and([where('interruptions.responsibleUserId', '=', userId), where('interruptions.state', '=', 'taken')]),
        where.and([where('interruptions.state', '=', 'pending'), mayTake(where, reader)]),
      ]),
    );
  }
  return query.execute();
}

/** Of a query over interruptions, and the releases whose authors may not answer. */
type Where = ExpressionBuilder<Tables & { pinned: Nullable<Tables['releases']> }, 'interruptions' | 'pinned'>;

/** The same as `mayTake` of the domain, as SQL: a list must not read what it does not show. */
function mayTake(where: Where, reader: InterruptionReader) {
  // The ids in `proceeds` are those of who has proceeded, and an id is part of no other: its text can be searched.
  return where.and([isAsked(where, reader), where('interruptions.proceeds', 'not like', `%"${reader.userId}"%`)]);
}

/** Whoever has it, or has answered. */
function isOwn(where: Where, { userId, ownIn }: InterruptionReader) {
  const own = where.or([
    where('interruptions.responsibleUserId', '=', userId),
    where('interruptions.submittedBy', '=', userId),
    where('interruptions.proceeds', 'like', `%"${userId}"%`),
  ]);
  return where.and([own, ...inProjects(where, ownIn)]);
}

function inProjects(where: Where, ids: readonly string[] | null) {
  return ids === null ? [] : [where('interruptions.projectId', 'in', [...ids, ''])];
}

/** The same as `isAsked` of the domain. */
function isAsked(where: Where, { userId, teams, submitIn, deployIn }: InterruptionReader) {
  // Ids are opaque and a plan names no users but its authors.
  const isNoAuthor = where.or([
    where('interruptions.authorMaySubmit', '=', 1),
    where('pinned.plan', 'not like', `%"${userId}"%`),
  ]);
  const ofTeams = teams.map((team) => isOfTeam(where, team));
  const isFor = where.or([
    where.and([where('interruptions.teams', '=', '[]'), ...inProjects(where, deployIn)]),
    ...(ofTeams.length > 0 ? [where.and([where.or(ofTeams), ...inProjects(where, submitIn)])] : []),
  ]);
  return where.and([isFor, isNoAuthor]);
}

function isOfTeam(where: Where, team: string) {
  return where('interruptions.teams', 'like', `%"${team}"%`);
}

/** What the rules of taking and answering ask of it. */
export function heldOf(row: InterruptionRecord): HeldInterruption {
  return {
    state: row.state,
    teams: teamsOf(row),
    responsibleUser: row.responsibleUserId,
    excluded: row.planOfAuthors === null ? [] : planOfRow({ plan: row.planOfAuthors }).authors,
    proceeded: proceedsOf(row).map(({ by }) => by),
    isEscalated: row.escalatedAt !== null,
    end: endOf(row),
  };
}

function endOf(row: InterruptionRecord): InterruptionEnd | null {
  const at = row.endedAt ?? row.raisedAt;
  switch (row.state) {
    case 'closed':
      return { kind: 'closed', by: row.closedByName, why: row.closedWhy ?? '', at };
    case 'submitted': {
      const result = row.result as InterruptionResult;
      return row.submittedByName === null
        ? { kind: 'deadline', result, at }
        : { kind: 'submitted', by: row.submittedByName, result, at };
    }
    case 'pending':
    case 'taken':
      // Only who has it can have answered it.
      return row.submitAction === null
        ? null
        : { kind: 'undecided', by: row.responsibleUser ?? '', action: row.submitAction };
  }
}

/** What every event of an interruption says of it, by names. */
export function factsOf(row: InterruptionRecord): JsonObject {
  const { id, title, kind, phase, environment, step, deploymentId } = row;
  return { interruption: id, title, kind, phase, environment, step, deployment: deploymentId };
}

/** Slugs of the responsible teams. */
export function teamsOf({ teams }: Pick<InterruptionRecord, 'teams'>): string[] {
  return JSON.parse(teams) as string[];
}

/** Who has proceeded, while others are still to, in order (INT-6). */
export function proceedsOf({ proceeds }: Pick<InterruptionRecord, 'proceeds'>): StoredProceed[] {
  return JSON.parse(proceeds) as StoredProceed[];
}

function interruptions(sql: Kysely<Tables>) {
  return sql
    .selectFrom('interruptions')
    .innerJoin('projects', 'projects.id', 'interruptions.projectId')
    .innerJoin('environments', 'environments.id', 'interruptions.environmentId')
    .innerJoin('deployments', 'deployments.id', 'interruptions.deploymentId')
    .innerJoin('deploymentSteps', (join) =>
      join
        .onRef('deploymentSteps.deploymentId', '=', 'interruptions.deploymentId')
        .onRef('deploymentSteps.position', '=', 'interruptions.position'),
    )
    .leftJoin('releases as pinned', (join) =>
      join.onRef('pinned.id', '=', 'interruptions.releaseId').on('interruptions.authorMaySubmit', '=', 0),
    )
    .leftJoin('users as holder', 'holder.id', 'interruptions.responsibleUserId')
    .leftJoin('users as submitter', 'submitter.id', 'interruptions.submittedBy')
    .leftJoin('users as closer', 'closer.id', 'interruptions.closedBy')
    .selectAll('interruptions')
    .select([
      'projects.slug as project',
      'environments.slug as environment',
      'deployments.phase',
      'deploymentSteps.name as step',
      'holder.slug as responsibleUser',
      'submitter.slug as submittedByName',
      'closer.slug as closedByName',
      'pinned.plan as planOfAuthors',
    ]);
}
