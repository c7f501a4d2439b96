import type { Selectable } from 'kysely';
import { canonicalJson } from '../../domain/canonical-json';
import type { FlagDefinition, FlagKind } from '../../domain/flag';
import type { Instant } from '../../domain/instant';
import type { Json, JsonObject } from '../../domain/json';
import { newId } from '../new-id';
import type { Unit } from '../store';
import type { Tables } from '../tables';
import { flagEtag } from './flag-etag';
import type { FlagRefusal, FlagRefusalCode } from './flag-refusal';
import { lockFlags } from './lock-flags';
import { lockProjectById } from '../projects/lock-project-by-id';
import { raiseRevisions } from './raise-revisions';
import { judgeDirectEdit } from './judge-direct-edit';
import { setLive } from './set-live';

/** A flag as a person or `apply` wants it. Name and definition are sound already. */
export interface PutFlag {
  projectId: string;
  slug: string;
  kind: FlagKind;
  description: string;
  definition: FlagDefinition;
  /** Names of the environments to edit (`?environments=`); null: all. A new flag is always in all. */
  environments: readonly string[] | null;
  /** Whether the caller has the permission `FlagOverride` in the project. */
  mayOverride: boolean;
  /** Sent by `apply`: compared with what it wrote last, not with what is live (REL-4). */
  isApplied: boolean;
  actorId: string;
  at: Instant;
  /** Throws when the caller's `If-Match` or `If-None-Match` does not fit this ETag; null: there is no such flag. */
  checkEtag: (current: string | null) => void;
}

export type PutFlagOutcome =
  { kind: 'created' | 'edited' | 'unchanged'; flagId: string } | { kind: 'refused'; refusal: FlagRefusal };

/**
 * Creates a flag, which is free, or edits it directly (REL-4). An edit takes the same lock as a trigger, so of a race
 * one always sees the other. An unchanged put changes nothing and is accepted at any time.
 *
 * Unchanged is: without `environments`, the content that GET shows; with them, what is live in each. The definition
 * that GET shows is the last one that was put to all environments or completed by a release.
 */
export async function putFlag(unit: Unit, put: PutFlag): Promise<PutFlagOutcome> {
  let found = await findFlag(unit, put);
  if (found === undefined) {
    await lockProjectById(unit, put.projectId);
    found = await findFlag(unit, put);
  }
  if (found === undefined) return createFlag(unit, put);

  await lockFlags(unit, [found.id]);
  // Read again behind the lock: a trigger or an edit may have been in front of us.
  return editFlag(unit, put, (await findFlag(unit, put)) ?? found);
}

type FlagRow = Selectable<Tables['flags']>;

function findFlag(unit: Unit, { projectId, slug }: PutFlag): Promise<FlagRow | undefined> {
  return unit.sql
    .selectFrom('flags')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('slug', '=', slug)
    .executeTakeFirst();
}

async function createFlag(unit: Unit, put: PutFlag): Promise<PutFlagOutcome> {
  put.checkEtag(null);
  const { projectId, slug, kind, description, at } = put;
  const environments = await environmentsOf(unit, projectId);
  const unknown = refuseUnknown(put, environments);
  if (unknown !== null) return unknown;

  const id = newId();
  const definition = canonicalJson(put.definition);
  const appliedDefinition = put.isApplied ? definition : null;
  await unit.sql
    .insertInto('flags')
    .values({ id, projectId, slug, kind, description, definition, appliedDefinition, createdAt: at, deletedAt: null })
    .execute();
  if (environments.length > 0) {
    await unit.sql
      .insertInto('flagEnvironments')
      .values(
        environments.map((environment) => ({ flagId: id, environmentId: environment.id, definition, version: 1 })),
      )
      .execute();
  }
  await raiseRevisions(unit, idsOf(environments));
  recordPut(unit, put, 'flag-created', id, { kind, definition: asJson(definition) });
  return { kind: 'created', flagId: id };
}

async function editFlag(unit: Unit, put: PutFlag, flag: FlagRow): Promise<PutFlagOutcome> {
  if (flag.deletedAt !== null)
    return refuse('flag.gone', `The flag ${put.slug} was deleted; its name is not used again`);
  put.checkEtag(flagEtag(flag));
  if (flag.kind !== put.kind) {
    return refuse('flag.kind-fixed', `${put.slug} is a ${flag.kind}, and that never changes`, { kind: flag.kind });
  }
  const environments = await liveDefinitionsOf(unit, flag);
  const unknown = refuseUnknown(put, environments);
  if (unknown !== null) return unknown;

  const definition = canonicalJson(put.definition);
  const changed = changedBy(put, flag, definition, environments);
  const keepsDefinition =
    put.environments !== null || isLeftAlone(put, flag, definition) || sameJson(flag.definition, definition);
  if (changed.length === 0 && keepsDefinition && flag.description === put.description) {
    await rememberApplied(unit, put, flag, definition);
    return { kind: 'unchanged', flagId: flag.id };
  }

  const judged = await judgeDirectEdit(unit, {
    flagId: flag.id,
    flag: put.slug,
    changed,
    mayOverride: put.mayOverride,
  });
  if ('refused' in judged) return { kind: 'refused', refusal: judged };
  await setLive(unit, flag.id, definition, idsOf(changed));
  await unit.sql
    .updateTable('flags')
    .set((row) => ({ description: put.description, version: row('version', '+', 1) }))
    .$if(!keepsDefinition, (query) => query.set({ definition }))
    .where('id', '=', flag.id)
    .execute();
  await rememberApplied(unit, put, flag, definition);
  const facts = { environments: slugsOf(changed), override: judged.isOverride };
  const isRedefined = changed.length > 0 || !keepsDefinition;
  recordPut(unit, put, 'flag-edited', flag.id, isRedefined ? { ...facts, definition: asJson(definition) } : facts);
  return { kind: 'edited', flagId: flag.id };
}

interface FlagEnvironment {
  id: string;
  slug: string;
  requiresPipeline: boolean;
  /** What is live there. */
  definition: string;
}

/** The environments in which the put changes what clients see. */
function changedBy(
  put: PutFlag,
  flag: FlagRow,
  definition: string,
  environments: readonly FlagEnvironment[],
): FlagEnvironment[] {
  if (isLeftAlone(put, flag, definition)) return [];
  // The very content that GET shows is no wish to change anything, wherever something else is live (REL-4, HTTP-7).
  if (put.environments === null && sameJson(flag.definition, definition)) return [];
  return environments.filter(
    (environment) =>
      (put.environments === null || put.environments.includes(environment.slug)) &&
      !sameJson(environment.definition, definition),
  );
}

/** `apply` sends what it sent before: the document has not changed, whatever became of the flag since (REL-4). */
function isLeftAlone(put: PutFlag, flag: FlagRow, definition: string): boolean {
  return put.isApplied && flag.appliedDefinition !== null && sameJson(flag.appliedDefinition, definition);
}

async function rememberApplied(unit: Unit, put: PutFlag, flag: FlagRow, definition: string): Promise<void> {
  if (!put.isApplied || isLeftAlone(put, flag, definition)) return;
  await unit.sql.updateTable('flags').set({ appliedDefinition: definition }).where('id', '=', flag.id).execute();
}

function environmentsOf(unit: Unit, projectId: string): Promise<{ id: string; slug: string }[]> {
  return unit.sql
    .selectFrom('environments')
    .select(['id', 'slug'])
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .execute();
}

async function liveDefinitionsOf(unit: Unit, flag: FlagRow): Promise<FlagEnvironment[]> {
  const rows = await unit.sql
    .selectFrom('flagEnvironments')
    .innerJoin('environments', 'environments.id', 'flagEnvironments.environmentId')
    .select(['environments.id', 'environments.slug', 'environments.requiresPipeline', 'flagEnvironments.definition'])
    .where('flagEnvironments.flagId', '=', flag.id)
    .where('environments.deletedAt', 'is', null)
    .orderBy('environments.position')
    .orderBy('environments.id')
    .execute();
  return rows.map((row) => ({ ...row, requiresPipeline: row.requiresPipeline === 1 }));
}

function refuseUnknown(put: PutFlag, environments: readonly { slug: string }[]): PutFlagOutcome | null {
  const known = slugsOf(environments);
  const unknown = (put.environments ?? []).filter((slug) => !known.includes(slug));
  if (unknown.length === 0) return null;
  return refuse('flag.unknown-environment', `There is no environment ${unknown.join(', ')}`, { environments: unknown });
}

function recordPut(unit: Unit, put: PutFlag, type: 'flag-created' | 'flag-edited', flagId: string, facts: JsonObject) {
  unit.record({
    type,
    at: put.at,
    actorId: put.actorId,
    projectId: put.projectId,
    releaseId: null,
    data: { flag: put.slug, flagId, description: put.description, ...facts },
  });
}

function refuse(refused: FlagRefusalCode, detail: string, facts: Record<string, Json> = {}): PutFlagOutcome {
  return { kind: 'refused', refusal: { refused, detail, facts } };
}

function sameJson(stored: string, canonical: string): boolean {
  return stored === canonical || canonicalJson(JSON.parse(stored)) === canonical;
}

function asJson(text: string): Json {
  return JSON.parse(text) as Json;
}

function idsOf(environments: readonly { id: string }[]): string[] {
  return environments.map(({ id }) => id);
}

function slugsOf(environments: readonly { slug: string }[]): string[] {
  return environments.map(({ slug }) => slug);
}
