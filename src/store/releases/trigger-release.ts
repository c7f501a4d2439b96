import { createHash } from 'node:crypto';

import type { TriggerChange } from '../../domain/change-set';
import { isServiceChange } from '../../domain/change';
import { changeSetContent, checkChangeSet, outdatedBases, pinChanges } from '../../domain/change-set';
import type { Fault } from '../../domain/fault';
import { checkPipeline } from '../../domain/pipeline-check';
import type { FlagDefinition, FlagKind } from '../../domain/flag';
import type { Instant } from '../../domain/instant';
import type { JsonObject } from '../../domain/json';
import type { Pipeline } from '../../domain/pipeline';
import type { ProcessJudges } from '../../domain/process-check';
import type { UserId } from '../../domain/release';
import { triggeredRelease } from '../../domain/release';
import { shownState } from '../../domain/shown-state';
import { planOf } from '../../domain/plan-of';
import { checkSkipSteps } from '../../domain/skip-steps';
import { knownProject, type KnownProject } from '../flags/flag-facts';
import { lockFlags } from '../flags/lock-flags';
import { newId } from '../new-id';
import { definitionOf } from '../pipelines/definition-of';
import { pipelineFacts } from '../pipelines/pipeline-facts';
import { lockServices } from '../services/lock-services';
import type { Unit } from '../store';
import { holdTargets, queuesOf } from './queue';
import type { StoredChange, StoredFlagChange } from './stored-release';
import { targetOf } from './stored-release';

/** A trigger whose caller, project and pipeline are known. */
export interface TriggerRequest extends ProcessJudges {
  projectId: string;
  pipelineId: string;
  changes: readonly TriggerChange[];
  triggeredBy: UserId;
  /** The caller's token is their own making, not somebody else's (SEC-3). */
  withOwnToken: boolean;
  /** A user whom the CI facts name as actor: an author, too (REL-5). */
  sourceActor: UserId | null;
  reason: string | null;
  source: JsonObject | null;
  labels: string[];
  /** Names of steps to leave out (PRO-4). */
  skipSteps?: readonly string[];
  whenBusy: 'reject' | 'queue';
  now: Instant;
  /** Compiles and tries a sound definition (FLG-9); returns its faults. */
  tryDefinition: (kind: FlagKind, definition: FlagDefinition, path: string) => Fault[];
}

/** What a trigger came to. */
export type Triggered =
  | { kind: 'release'; releaseId: string }
  /** Only opted-out environments change: no release, the caller applies it at once in this transaction (PIPE-6). */
  | { kind: 'direct'; changes: StoredFlagChange[] }
  | { kind: 'faults'; faults: Fault[] }
  /** The pipeline was deleted while the trigger was on its way. */
  | { kind: 'pipeline-gone' }
  /** `base` of a change is not what the flag is now. */
  | { kind: 'outdated'; faults: Fault[] }
  | { kind: 'busy'; active: string[]; queued: string[] };

/**
 * Accepts a trigger: pins pipeline version and change set, takes a place in the queue of every target, and the targets
 * themselves with their pre-release state when they are free (REL-1, REL-2, REL-3). From here on it runs exactly once.
 */
export async function triggerRelease(unit: Unit, request: TriggerRequest): Promise<Triggered> {
  const pinned = await pinPipeline(unit, request.pipelineId);
  if (!pinned) {
    return { kind: 'pipeline-gone' };
  }
  const known = await lockKnownProject(unit, request);

  const faults = [
    ...checkChangeSet(request.changes, known, pinned.pipeline),
    ...(await pipelineFaults(unit, request, pinned.pipeline)),
  ];
  faults.push(...checkSkipSteps(pinned.pipeline.process, request.skipSteps ?? []));
  if (faults.length === 0) {
    faults.push(...triedDefinitions(request, known));
  }
  if (faults.length > 0) {
    return { kind: 'faults', faults };
  }
  const outdated = outdatedBases(request.changes, known);
  if (outdated.length > 0) {
    return { kind: 'outdated', faults: outdated };
  }
  const changes = storedChanges(request, known, pinned.pipeline);
  const direct = directChanges(changes, known);
  if (direct) {
    return { kind: 'direct', changes: direct };
  }

  const targets = changes.map(targetOf).sort();
  const queues = await queuesOf(unit.sql, targets);
  if (queues.length > 0 && request.whenBusy === 'reject') {
    const named = (held: boolean) => [
      ...new Set(queues.filter((queued) => queued.held === held).map((queued) => queued.releaseId)),
    ];
    return { kind: 'busy', active: named(true), queued: named(false) };
  }

  const releaseId = await insertRelease(unit, request, pinned, changes, targets);
  if (queues.length === 0) {
    await holdTargets(unit, { id: releaseId, changes: JSON.stringify(changes) });
  }
  unit.notify({ kind: 'work', releaseId });
  return { kind: 'release', releaseId };
}

/** What the change set names, its targets locked: whoever judges who holds them takes turns (REL-3). */
async function lockKnownProject(unit: Unit, { projectId, changes }: TriggerRequest): Promise<KnownProject> {
  const names = {
    flags: changes.flatMap((change) => (isServiceChange(change) ? [] : [change.flag])),
    services: changes.flatMap((change) => (isServiceChange(change) ? [change.service] : [])),
  };
  const before = await knownProject(unit.sql, projectId, names);
  await lockFlags(unit, [...before.flags.values()].map(({ id }) => id).sort());
  await lockServices(unit, [...before.services.values()].map(({ id }) => id).sort());
  // Read again behind the locks: an edit may have been waiting in front of us.
  return knownProject(unit.sql, projectId, names);
}

async function insertRelease(
  unit: Unit,
  request: TriggerRequest,
  pinned: PinnedPipeline,
  changes: StoredChange[],
  targets: readonly string[],
): Promise<string> {
  const id = newId();
  const ticket = await unit.counter('ticket');
  const digest = createHash('sha256').update(changeSetContent(changes)).digest('hex');
  const authors = authorsOf(request);
  const ownToken = request.withOwnToken ? request.triggeredBy : null;
  const plan = planOf(pinned.pipeline, changes, authors, ownToken, request.skipSteps);
  const state = triggeredRelease(plan, request.now);

  await unit.sql
    .insertInto('releases')
    .values({
      id,
      projectId: request.projectId,
      pipelineId: request.pipelineId,
      pipelineVersion: pinned.version,
      digest,
      position: JSON.stringify(state),
      state: shownState(state),
      live: 1,
      seq: 0,
      epoch: 1,
      claimedBy: null,
      lastAction: 0,
      startDeliveredAt: null,
      wake: 0,
      changes: JSON.stringify(changes),
      plan: JSON.stringify(plan),
      triggeredBy: request.triggeredBy,
      reason: request.reason,
      source: request.source === null ? null : JSON.stringify(request.source),
      labels: JSON.stringify(request.labels),
      createdAt: request.now,
      endedAt: null,
      runId: null,
      dueAt: null,
      blockedBy: null,
    })
    .execute();
  await unit.sql
    .insertInto('releaseTargets')
    .values(
      targets.map((target) => ({ releaseId: id, target, ticket, held: 0 as const, live: 1 as const, snapshot: null })),
    )
    .execute();
  unit.record({
    type: 'release-triggered',
    at: request.now,
    actorId: request.triggeredBy,
    projectId: request.projectId,
    releaseId: id,
    data: {
      digest,
      pipelineVersion: pinned.version,
      changes: changes.map((change) =>
        isServiceChange(change)
          ? { service: change.service, version: change.version, environments: change.environments }
          : { flag: change.flag, environments: change.environments },
      ),
      reason: request.reason,
      source: request.source,
      labels: request.labels,
      ...(request.skipSteps?.length && { skipSteps: [...request.skipSteps] }),
    },
  });
  return id;
}

function storedChanges(
  { changes }: TriggerRequest,
  known: KnownProject,
  pipeline: Pick<Pipeline, 'phases'>,
): StoredChange[] {
  return pinChanges(changes, known, pipeline).map((change, index): StoredChange => {
    const environmentIds = Object.fromEntries(
      change.environments.map((slug) => [slug, known.environmentIds.get(slug)?.id ?? '']),
    );
    const asked = changes[index];
    return isServiceChange(change)
      ? { ...change, environmentIds, serviceId: known.services.get(change.service)?.id ?? '' }
      : {
          ...change,
          environmentIds,
          flagId: known.flags.get(change.flag)?.id ?? '',
          base: asked && !isServiceChange(asked) ? (asked.base ?? null) : null,
        };
  });
}

/** Changes that need no release: flags alone, in opted-out environments alone (PIPE-6); `null` where one does. */
function directChanges(changes: readonly StoredChange[], known: KnownProject): StoredFlagChange[] | null {
  const flags = changes.filter((change): change is StoredFlagChange => !isServiceChange(change));
  const isOptedOut = (slug: string) => known.environmentIds.get(slug)?.requiresPipeline === false;
  return flags.length === changes.length && flags.every(({ environments }) => environments.every(isOptedOut))
    ? flags
    : null;
}

interface PinnedPipeline {
  version: number;
  pipeline: Pipeline;
}

/** The latest version, its row locked: a deletion sees this release, or this release sees the deletion (PIPE-5). */
async function pinPipeline(unit: Unit, pipelineId: string): Promise<PinnedPipeline | null> {
  const row = await unit
    .forUpdate(unit.sql.selectFrom('pipelines').where('id', '=', pipelineId).where('deletedAt', 'is', null))
    .select('version')
    .executeTakeFirst();
  if (!row) {
    return null;
  }
  return { version: row.version, pipeline: await definitionOf(unit.sql, pipelineId, row.version) };
}

/**
 * A definition is checked again when it is triggered, against the project as it is now (PIPE-4). Authors count as
 * people here: a release whose only reviewer triggered it waits until somebody else may give the review.
 */
async function pipelineFaults(
  unit: Unit,
  { projectId, checkExpression, endpointFault }: TriggerRequest,
  pipeline: Pipeline,
): Promise<Fault[]> {
  const facts = await pipelineFacts(unit.sql, projectId, pipeline, { checkExpression, endpointFault });
  return checkPipeline(pipeline, facts).faults.map(({ path, message }) => ({ path: `pipeline.${path}`, message }));
}

function triedDefinitions({ changes, tryDefinition }: TriggerRequest, known: KnownProject): Fault[] {
  return changes.flatMap((change, index) => {
    const kind = isServiceChange(change) ? undefined : known.flags.get(change.flag)?.kind;
    return isServiceChange(change) || kind === undefined
      ? []
      : tryDefinition(kind, change.definition, `changes[${index}].definition`);
  });
}

function authorsOf({ triggeredBy, sourceActor }: TriggerRequest): string[] {
  return [...new Set([triggeredBy, ...(sourceActor === null ? [] : [sourceActor])])];
}
