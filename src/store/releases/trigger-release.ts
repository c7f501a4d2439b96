import { createHash } from 'node:crypto';

import type { TriggerChange } from '../../domain/change-set';
import { changeSetContent, checkChangeSet, outdatedBases, pinChanges } from '../../domain/change-set';
import type { Fault } from '../../domain/fault';
import { checkPipeline } from '../../domain/pipeline-check';
import type { FlagDefinition, FlagKind } from '../../domain/flag';
import type { Instant } from '../../domain/instant';
import type { JsonObject } from '../../domain/json';
import type { Pipeline } from '../../domain/pipeline';
import type { UserId } from '../../domain/release';
import { planOf, shownState, triggeredRelease } from '../../domain/release';
import { knownProject, type KnownProject } from '../flags/flag-facts';
import { lockFlags } from '../flags/lock-flags';
import { newId } from '../new-id';
import { pipelineFacts } from '../pipelines/pipeline-facts';
import type { Unit } from '../store';
import { holdTargets, queuesOf } from './queue';
import type { StoredChange } from './stored-release';
import { flagTarget } from './stored-release';

/** A trigger whose caller, project and pipeline are known. */
export interface TriggerRequest {
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
  whenBusy: 'reject' | 'queue';
  now: Instant;
  /** Compiles and tries a sound definition (FLG-9); returns its faults. */
  tryDefinition: (kind: FlagKind, definition: FlagDefinition, path: string) => Fault[];
}

/** What a trigger came to. */
export type Triggered =
  | { kind: 'release'; releaseId: string }
  /** Only opted-out environments change: no release, the caller applies it at once in this transaction (PIPE-6). */
  | { kind: 'direct'; changes: StoredChange[] }
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
  const names = request.changes.map((change) => change.flag);
  const before = await knownProject(unit.sql, request.projectId, names);
  const flagIds = names.flatMap((name) => before.flags.get(name)?.id ?? []).sort();
  await lockFlags(unit, flagIds);
  // Read again behind the lock: an edit may have been waiting in front of us.
  const known = await knownProject(unit.sql, request.projectId, names);

  const faults = [
    ...checkChangeSet(request.changes, known),
    ...(await pipelineFaults(unit, request.projectId, pinned.pipeline)),
  ];
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
  const changes = storedChanges(request, known);
  if (isDirect(changes, known)) {
    return { kind: 'direct', changes };
  }

  const targets = flagIds.map(flagTarget);
  const queues = await queuesOf(unit.sql, targets);
  if (queues.length > 0 && request.whenBusy === 'reject') {
    const named = (held: boolean) => [
      ...new Set(queues.filter((queued) => queued.held === held).map((queued) => queued.releaseId)),
    ];
    return { kind: 'busy', active: named(true), queued: named(false) };
  }

  const releaseId = await insertRelease(unit, request, pinned, changes, targets);
  if (queues.length === 0) {
    await holdTargets(unit, releaseId, flagIds);
  }
  unit.notify({ kind: 'work', releaseId });
  return { kind: 'release', releaseId };
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
  const plan = planOf(pinned.pipeline, authors, request.withOwnToken ? request.triggeredBy : null);
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
    })
    .execute();
  await unit.sql
    .insertInto('releaseTargets')
    .values(targets.map((target) => ({ releaseId: id, target, ticket, held: 0 as const, snapshot: null })))
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
      changes: changes.map(({ flag, environments }) => ({ flag, environments })),
      reason: request.reason,
      source: request.source,
      labels: request.labels,
    },
  });
  return id;
}

function storedChanges(request: TriggerRequest, known: KnownProject): StoredChange[] {
  return pinChanges(request.changes, known).map((change, index) => ({
    ...change,
    flagId: known.flags.get(change.flag)?.id ?? '',
    environmentIds: Object.fromEntries(
      change.environments.map((slug) => [slug, known.environmentIds.get(slug)?.id ?? '']),
    ),
    base: request.changes[index]?.base ?? null,
  }));
}

function isDirect(changes: readonly StoredChange[], known: KnownProject): boolean {
  return changes.every((change) =>
    change.environments.every((slug) => known.environmentIds.get(slug)?.requiresPipeline === false),
  );
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
  const { definition } = await unit.sql
    .selectFrom('pipelineVersions')
    .where('pipelineId', '=', pipelineId)
    .where('version', '=', row.version)
    .select('definition')
    .executeTakeFirstOrThrow();
  return { version: row.version, pipeline: JSON.parse(definition) as Pipeline };
}

/**
 * A definition is checked again when it is triggered, against the project as it is now (PIPE-4). Authors count as
 * people here: a release whose only reviewer triggered it waits until somebody else may give the review.
 */
async function pipelineFaults(unit: Unit, projectId: string, pipeline: Pipeline): Promise<Fault[]> {
  const facts = await pipelineFacts(unit.sql, projectId, pipeline);
  return checkPipeline(pipeline, facts).faults.map(({ path, message }) => ({ path: `pipeline.${path}`, message }));
}

function triedDefinitions({ changes, tryDefinition }: TriggerRequest, known: KnownProject): Fault[] {
  return changes.flatMap(({ flag, definition }, index) => {
    const kind = known.flags.get(flag)?.kind;
    return kind === undefined ? [] : tryDefinition(kind, definition, `changes[${index}].definition`);
  });
}

function authorsOf({ triggeredBy, sourceActor }: TriggerRequest): string[] {
  return [...new Set([triggeredBy, ...(sourceActor === null ? [] : [sourceActor])])];
}
