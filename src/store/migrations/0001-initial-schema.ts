import { sql, type Kysely } from 'kysely';

/**
 * The first schema; src/store/tables.ts says what the columns mean. Names keep their slugs after deletion: rows are
 * never removed, so the unique constraints also keep a slug from being used again (HTTP-1).
 */
export async function initialSchema(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  // Without `strict` SQLite would take a text for a number.
  const [int, bit, strict] = engine === 'sqlite' ? ['integer', 'integer', ' strict'] : ['bigint', 'smallint', ''];

  const tables = [
    `create table "installation" (
      "id" text primary key,
      "createdAt" ${int} not null
    )`,
    `create table "projects" (
      "id" text primary key,
      "slug" text not null unique,
      "displayName" text not null,
      "createdAt" ${int} not null,
      "deletedAt" ${int}
    )`,
    `create table "environments" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "slug" text not null,
      "displayName" text not null,
      "position" ${int} not null,
      "requiresPipeline" ${bit} not null check ("requiresPipeline" in (0, 1)),
      "requiresReview" ${bit} not null check ("requiresReview" in (0, 1)),
      "revision" ${int} not null default 0,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "slug")
    )`,
    `create table "evaluationKeys" (
      "id" text primary key,
      "environmentId" text not null references "environments" ("id"),
      "kind" text not null check ("kind" in ('server', 'client')),
      "name" text not null,
      "keyHash" text not null unique,
      "createdAt" ${int} not null,
      "deletedAt" ${int}
    )`,
    `create table "flags" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "slug" text not null,
      "kind" text not null check ("kind" in ('gate', 'config')),
      "description" text not null,
      "definition" text not null,
      "appliedDefinition" text,
      "version" ${int} not null default 1,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "slug")
    )`,
    `create table "flagEnvironments" (
      "flagId" text not null references "flags" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "definition" text not null,
      "version" ${int} not null,
      primary key ("flagId", "environmentId")
    )`,
    `create table "pipelines" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "slug" text not null,
      "version" ${int} not null,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "slug")
    )`,
    `create table "pipelineVersions" (
      "pipelineId" text not null references "pipelines" ("id"),
      "version" ${int} not null,
      "definition" text not null,
      "createdBy" text not null,
      "createdAt" ${int} not null,
      primary key ("pipelineId", "version")
    )`,
    `create table "releases" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "pipelineId" text not null,
      "pipelineVersion" ${int} not null,
      "digest" text not null,
      "position" text not null,
      "state" text not null,
      "live" ${bit} not null check ("live" in (0, 1)),
      "seq" ${int} not null,
      "epoch" ${int} not null,
      "claimedBy" text,
      "lastAction" ${int} not null,
      "startDeliveredAt" ${int},
      "wake" ${int} not null,
      "changes" text not null,
      "triggeredBy" text not null,
      "plan" text not null,
      "reason" text,
      "source" text,
      "labels" text not null,
      "createdAt" ${int} not null,
      "endedAt" ${int},
      foreign key ("pipelineId", "pipelineVersion") references "pipelineVersions" ("pipelineId", "version")
    )`,
    `create table "overlays" (
      "releaseId" text not null references "releases" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "flagId" text not null references "flags" ("id"),
      "definition" text not null,
      "rules" text not null,
      primary key ("releaseId", "environmentId", "flagId")
    )`,
    `create table "releaseTargets" (
      "releaseId" text not null references "releases" ("id"),
      "target" text not null,
      "ticket" ${int} not null,
      "held" ${bit} not null check ("held" in (0, 1)),
      "snapshot" text,
      primary key ("releaseId", "target")
    )`,
    `create table "releaseSteps" (
      "releaseId" text not null references "releases" ("id"),
      "seq" ${int} not null,
      "digest" text not null,
      "result" text not null,
      primary key ("releaseId", "seq")
    )`,
    `create table "actions" (
      "id" text primary key,
      "releaseId" text not null references "releases" ("id"),
      "number" ${int} not null,
      "verb" text not null,
      "actorId" text not null,
      "action" text not null,
      "reason" text,
      "acceptedAt" ${int} not null,
      "deliveredAt" ${int},
      "status" text not null check ("status" in ('undecided', 'applied', 'refused')),
      "refusal" text,
      "decidedAt" ${int},
      unique ("releaseId", "number")
    )`,
    `create table "deployments" (
      "id" text primary key,
      "releaseId" text not null references "releases" ("id"),
      "phase" text not null,
      "environmentId" text not null references "environments" ("id"),
      "attempt" ${int} not null,
      "state" text not null check ("state" in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'aborted')),
      "errored" ${bit} not null check ("errored" in (0, 1)),
      "createdAt" ${int} not null,
      "startedAt" ${int},
      "endedAt" ${int}
    )`,
    `create table "drift" (
      "releaseId" text not null references "releases" ("id"),
      "item" text not null,
      "environmentId" text not null references "environments" ("id"),
      "detail" text not null,
      "at" ${int} not null,
      primary key ("releaseId", "item", "environmentId")
    )`,
    // No foreign keys: what happened stays readable, whatever becomes of its subjects.
    `create table "events" (
      "position" ${int} primary key,
      "chain" text not null,
      "sequence" ${int} not null,
      "type" text not null,
      "projectId" text,
      "releaseId" text,
      "actorId" text,
      "at" ${int} not null,
      "data" text not null,
      "previousHash" text not null,
      "hash" text not null,
      unique ("chain", "sequence")
    )`,
    `create table "chains" (
      "chain" text primary key,
      "sequence" ${int} not null,
      "hash" text not null
    )`,
    `create table "counters" (
      "name" text primary key,
      "value" ${int} not null
    )`,
    `create table "users" (
      "id" text primary key,
      "slug" text not null unique,
      "displayName" text not null,
      "email" text,
      "createdAt" ${int} not null,
      "deletedAt" ${int}
    )`,
    `create table "teams" (
      "id" text primary key,
      "slug" text not null unique,
      "displayName" text not null,
      "createdAt" ${int} not null,
      "deletedAt" ${int}
    )`,
    `create table "teamMembers" (
      "teamId" text not null references "teams" ("id"),
      "userId" text not null references "users" ("id"),
      primary key ("teamId", "userId")
    )`,
    `create table "grants" (
      "id" text primary key,
      "subjectKind" text not null check ("subjectKind" in ('user', 'team', 'token')),
      "subjectId" text not null,
      "role" text,
      "permission" text,
      "projectId" text references "projects" ("id")
    )`,
    `create table "tokens" (
      "id" text primary key,
      "userId" text not null references "users" ("id"),
      "name" text not null,
      "hash" text not null unique,
      "madeBy" text not null,
      "fromSetting" ${bit} not null check ("fromSetting" in (0, 1)),
      "narrowed" ${bit} not null check ("narrowed" in (0, 1)),
      "expiresAt" ${int},
      "createdAt" ${int} not null,
      "deletedAt" ${int}
    )`,
    `create table "idempotencyKeys" (
      "userId" text not null,
      "route" text not null,
      "key" text not null,
      "bodyHash" text not null,
      "answer" text not null,
      "releaseId" text,
      "createdAt" ${int} not null,
      primary key ("userId", "route", "key")
    )`,
  ];

  const indexes = [
    `create unique index "installation_one" on "installation" ((1))`,
    `create index "evaluationKeys_environment" on "evaluationKeys" ("environmentId")`,
    `create index "flagEnvironments_environment" on "flagEnvironments" ("environmentId")`,
    // One release changes a flag at a time (REL-3); should the code ever forget, the database does not.
    `create unique index "overlays_flag" on "overlays" ("environmentId", "flagId")`,
    `create index "releaseTargets_queue" on "releaseTargets" ("target", "ticket")`,
    `create index "releases_created" on "releases" ("createdAt", "id")`,
    `create index "releases_project" on "releases" ("projectId", "createdAt", "id")`,
    `create index "releases_pipeline" on "releases" ("pipelineId", "createdAt", "id")`,
    `create index "releases_live" on "releases" ("id") where "live" = 1`,
    `create index "releases_unstarted" on "releases" ("id") where "live" = 1 and "startDeliveredAt" is null`,
    `create index "releases_wake" on "releases" ("id") where "wake" > 0`,
    `create index "actions_undecided" on "actions" ("releaseId", "number") where "status" = 'undecided'`,
    `create index "actions_undelivered" on "actions" ("releaseId", "number") where "deliveredAt" is null`,
    `create unique index "deployments_release" on "deployments" ("releaseId", "phase", "environmentId", "attempt")`,
    `create index "events_at" on "events" ("at", "position")`,
    `create index "events_project" on "events" ("projectId", "position")`,
    `create index "events_release" on "events" ("releaseId", "position")`,
    `create index "events_actor" on "events" ("actorId", "position")`,
    `create index "teamMembers_user" on "teamMembers" ("userId")`,
    `create index "grants_subject" on "grants" ("subjectKind", "subjectId")`,
    `create index "tokens_user" on "tokens" ("userId")`,
    `create index "idempotencyKeys_release" on "idempotencyKeys" ("releaseId")`,
    `create index "idempotencyKeys_created" on "idempotencyKeys" ("createdAt")`,
  ];

  for (const table of tables) await sql.raw(table + strict).execute(db);
  for (const index of indexes) await sql.raw(index).execute(db);
}
