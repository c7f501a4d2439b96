-- The schema of the store, as its migrations make it on SQLite; written by `npm run gen`, not by hand.
-- On PostgreSQL whole numbers are bigint, those that are 0 or 1 smallint, and tables are not STRICT; all else is the
-- same. src/store/tables.ts says what the columns mean.

CREATE TABLE "installation" (
  "id" text primary key,
  "createdAt" integer not null
) strict;

CREATE TABLE "projects" (
  "id" text primary key,
  "slug" text not null unique,
  "displayName" text not null,
  "createdAt" integer not null,
  "deletedAt" integer
) strict;

CREATE TABLE "environments" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "slug" text not null,
  "displayName" text not null,
  "position" integer not null,
  "requiresPipeline" integer not null check ("requiresPipeline" in (0, 1)),
  "requiresReview" integer not null check ("requiresReview" in (0, 1)),
  "revision" integer not null default 0,
  "createdAt" integer not null,
  "deletedAt" integer,
  unique ("projectId", "slug")
) strict;

CREATE TABLE "evaluationKeys" (
  "id" text primary key,
  "environmentId" text not null references "environments" ("id"),
  "kind" text not null check ("kind" in ('server', 'client')),
  "name" text not null,
  "keyHash" text not null unique,
  "createdAt" integer not null,
  "deletedAt" integer
) strict;

CREATE TABLE "flags" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "slug" text not null,
  "kind" text not null check ("kind" in ('gate', 'config')),
  "description" text not null,
  "definition" text not null,
  "appliedDefinition" text,
  "version" integer not null default 1,
  "createdAt" integer not null,
  "deletedAt" integer,
  unique ("projectId", "slug")
) strict;

CREATE TABLE "flagEnvironments" (
  "flagId" text not null references "flags" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "definition" text not null,
  "version" integer not null,
  primary key ("flagId", "environmentId")
) strict;

CREATE TABLE "pipelines" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "slug" text not null,
  "version" integer not null,
  "createdAt" integer not null,
  "deletedAt" integer,
  unique ("projectId", "slug")
) strict;

CREATE TABLE "pipelineVersions" (
  "pipelineId" text not null references "pipelines" ("id"),
  "version" integer not null,
  "definition" text not null,
  "createdBy" text not null,
  "createdAt" integer not null,
  primary key ("pipelineId", "version")
) strict;

CREATE TABLE "releases" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "pipelineId" text not null,
  "pipelineVersion" integer not null,
  "digest" text not null,
  "position" text not null,
  "state" text not null,
  "live" integer not null check ("live" in (0, 1)),
  "seq" integer not null,
  "epoch" integer not null,
  "claimedBy" text,
  "lastAction" integer not null,
  "startDeliveredAt" integer,
  "wake" integer not null,
  "changes" text not null,
  "triggeredBy" text not null,
  "plan" text not null,
  "reason" text,
  "source" text,
  "labels" text not null,
  "createdAt" integer not null,
  "endedAt" integer, "runId" text, "historyLength" integer not null default 0, "dueAt" integer, "blockedBy" text,
  foreign key ("pipelineId", "pipelineVersion") references "pipelineVersions" ("pipelineId", "version")
) strict;

CREATE TABLE "overlays" (
  "releaseId" text not null references "releases" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "flagId" text not null references "flags" ("id"),
  "definition" text not null,
  "rules" text not null,
  primary key ("releaseId", "environmentId", "flagId")
) strict;

CREATE TABLE "releaseTargets" (
  "releaseId" text not null references "releases" ("id"),
  "target" text not null,
  "ticket" integer not null,
  "held" integer not null check ("held" in (0, 1)),
  "snapshot" text, "live" integer not null default 1 check ("live" in (0, 1)),
  primary key ("releaseId", "target")
) strict;

CREATE TABLE "releaseSteps" (
  "releaseId" text not null references "releases" ("id"),
  "seq" integer not null,
  "digest" text not null,
  "result" text not null,
  primary key ("releaseId", "seq")
) strict;

CREATE TABLE "actions" (
  "id" text primary key,
  "releaseId" text not null references "releases" ("id"),
  "number" integer not null,
  "verb" text not null,
  "actorId" text not null,
  "action" text not null,
  "reason" text,
  "acceptedAt" integer not null,
  "deliveredAt" integer,
  "status" text not null check ("status" in ('undecided', 'applied', 'refused')),
  "refusal" text,
  "decidedAt" integer,
  unique ("releaseId", "number")
) strict;

CREATE TABLE "deployments" (
  "id" text primary key,
  "releaseId" text not null references "releases" ("id"),
  "phase" text not null,
  "environmentId" text not null references "environments" ("id"),
  "attempt" integer not null,
  "state" text not null check ("state" in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'aborted')),
  "errored" integer not null check ("errored" in (0, 1)),
  "createdAt" integer not null,
  "startedAt" integer,
  "endedAt" integer
, "error" text, "endedBy" text, "endedNotes" text) strict;

CREATE TABLE "drift" (
  "releaseId" text not null references "releases" ("id"),
  "item" text not null,
  "environmentId" text not null references "environments" ("id"),
  "detail" text not null,
  "at" integer not null,
  primary key ("releaseId", "item", "environmentId")
) strict;

CREATE TABLE "events" (
  "position" integer primary key,
  "chain" text not null,
  "sequence" integer not null,
  "type" text not null,
  "projectId" text,
  "releaseId" text,
  "actorId" text,
  "at" integer not null,
  "data" text not null,
  "previousHash" text not null,
  "hash" text not null,
  unique ("chain", "sequence")
) strict;

CREATE TABLE "chains" (
  "chain" text primary key,
  "sequence" integer not null,
  "hash" text not null
) strict;

CREATE TABLE "counters" (
  "name" text primary key,
  "value" integer not null
) strict;

CREATE TABLE "users" (
  "id" text primary key,
  "slug" text not null unique,
  "displayName" text not null,
  "email" text,
  "createdAt" integer not null,
  "deletedAt" integer
) strict;

CREATE TABLE "teams" (
  "id" text primary key,
  "slug" text not null unique,
  "displayName" text not null,
  "createdAt" integer not null,
  "deletedAt" integer
) strict;

CREATE TABLE "teamMembers" (
  "teamId" text not null references "teams" ("id"),
  "userId" text not null references "users" ("id"),
  primary key ("teamId", "userId")
) strict;

CREATE TABLE "grants" (
  "id" text primary key,
  "subjectKind" text not null check ("subjectKind" in ('user', 'team', 'token')),
  "subjectId" text not null,
  "role" text,
  "permission" text,
  "projectId" text references "projects" ("id")
) strict;

CREATE TABLE "tokens" (
  "id" text primary key,
  "userId" text not null references "users" ("id"),
  "name" text not null,
  "hash" text not null unique,
  "madeBy" text not null,
  "fromSetting" integer not null check ("fromSetting" in (0, 1)),
  "narrowed" integer not null check ("narrowed" in (0, 1)),
  "expiresAt" integer,
  "createdAt" integer not null,
  "deletedAt" integer
) strict;

CREATE TABLE "idempotencyKeys" (
  "userId" text not null,
  "route" text not null,
  "key" text not null,
  "bodyHash" text not null,
  "answer" text not null,
  "releaseId" text,
  "createdAt" integer not null,
  primary key ("userId", "route", "key")
) strict;

CREATE TABLE "services" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "slug" text not null,
  "displayName" text not null,
  "timeoutMs" integer not null,
  "version" integer not null default 1,
  "createdAt" integer not null,
  "deletedAt" integer, "callback" integer not null default 0, "callbackTimeoutMs" integer not null default 3600000,
  unique ("projectId", "slug")
) strict;

CREATE TABLE "serviceEndpoints" (
  "serviceId" text not null references "services" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "url" text not null,
  primary key ("serviceId", "environmentId")
) strict;

CREATE TABLE "serviceSecrets" (
  "id" text primary key,
  "serviceId" text not null references "services" ("id"),
  "sealed" text not null,
  "createdAt" integer not null,
  "expiresAt" integer
) strict;

CREATE TABLE "serviceVersions" (
  "serviceId" text not null references "services" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "version" text,
  "sequence" integer not null,
  primary key ("serviceId", "environmentId")
) strict;

CREATE TABLE "effects" (
  "key" text primary key,
  "releaseId" text not null references "releases" ("id"),
  "serviceId" text not null references "services" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "phase" text not null,
  "direction" text not null check ("direction" in ('apply', 'revert')),
  "attempt" integer not null,
  "sequence" integer not null,
  "version" text,
  "previousVersion" text,
  "expectedVersion" text,
  "status" text not null check ("status" in ('under-way', 'done', 'failed', 'drifted', 'given-up')),
  "errored" integer not null check ("errored" in (0, 1)),
  "tries" integer not null,
  "sendingUntil" integer,
  "nextAttemptAt" integer,
  "detail" text,
  "startedAt" integer not null,
  "endedAt" integer
, "awaitedUntil" integer) strict;

CREATE TABLE "deploymentSteps" (
  "deploymentId" text not null references "deployments" ("id"),
  "position" integer not null,
  "name" text not null,
  "kind" text not null check ("kind" in ('roll-out', 'manual', 'http', 'email', 'notify')),
  "state" text not null check ("state" in
    ('pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'aborted')),
  "try" integer not null,
  "startedAt" integer,
  "endedAt" integer,
  "detail" text,
  "error" text,
  "errored" integer not null check ("errored" in (0, 1)),
  primary key ("deploymentId", "position")
) strict;

CREATE TABLE "deploymentLog" (
  "deploymentId" text not null references "deployments" ("id"),
  "number" integer not null,
  "at" integer not null,
  "step" text,
  "message" text not null,
  primary key ("deploymentId", "number")
) strict;

CREATE TABLE "interruptions" (
  "id" text primary key,
  "releaseId" text not null references "releases" ("id"),
  "number" integer not null,
  "projectId" text not null references "projects" ("id"),
  "environmentId" text not null references "environments" ("id"),
  "deploymentId" text not null references "deployments" ("id"),
  "position" integer not null,
  "kind" text not null check ("kind" in ('manual', 'failure')),
  "state" text not null check ("state" in ('pending', 'taken', 'submitted', 'closed')),
  "title" text not null,
  "instructions" text not null,
  "teams" text not null,
  "results" text not null,
  "notesRequired" integer not null check ("notesRequired" in (0, 1)),
  "approvals" integer not null,
  "authorMaySubmit" integer not null check ("authorMaySubmit" in (0, 1)),
  "blockConcurrent" integer not null check ("blockConcurrent" in (0, 1)),
  "proceeds" text not null,
  "responsibleUserId" text,
  "submitAction" text,
  "result" text,
  "notes" text,
  "submittedBy" text,
  "closedBy" text,
  "closedWhy" text,
  "deadlineAt" integer,
  "raisedAt" integer not null,
  "endedAt" integer, "escalatedAt" integer,
  unique ("releaseId", "number")
) strict;

CREATE TABLE "variables" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "name" text not null,
  "value" text not null,
  "sensitive" integer not null check ("sensitive" in (0, 1)),
  "environments" text not null,
  "version" integer not null default 1,
  "createdAt" integer not null,
  "deletedAt" integer,
  unique ("projectId", "name")
) strict;

CREATE TABLE "deploymentVariables" (
  "deploymentId" text not null references "deployments" ("id"),
  "name" text not null,
  "value" text not null,
  "sensitive" integer not null check ("sensitive" in (0, 1)),
  "source" text not null check ("source" in ('built-in', 'project', 'output')),
  "variableId" text references "variables" ("id"),
  primary key ("deploymentId", "name")
) strict;

CREATE TABLE "stepEffects" (
  "key" text primary key,
  "releaseId" text not null references "releases" ("id"),
  "deploymentId" text not null references "deployments" ("id"),
  "position" integer not null,
  "status" text not null check ("status" in ('under-way', 'done', 'failed', 'given-up')),
  "errored" integer not null check ("errored" in (0, 1)),
  "tries" integer not null,
  "nextAttemptAt" integer,
  "detail" text,
  "startedAt" integer not null,
  "endedAt" integer
) strict;

CREATE TABLE "subscriptions" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "slug" text not null,
  "url" text,
  "email" text,
  "events" text not null,
  "sealed" text,
  "version" integer not null default 1,
  "createdAt" integer not null,
  "deletedAt" integer,
  unique ("projectId", "slug")
) strict;

CREATE TABLE "notifications" (
  "id" text primary key,
  "projectId" text not null references "projects" ("id"),
  "releaseId" text references "releases" ("id"),
  "type" text not null,
  "data" text not null,
  "createdAt" integer not null
) strict;

CREATE TABLE "deliveries" (
  "id" text primary key,
  "notificationId" text not null references "notifications" ("id"),
  "channel" text not null check ("channel" in ('email', 'webhook')),
  "recipient" text not null,
  "subscriptionId" text references "subscriptions" ("id"),
  "userId" text references "users" ("id"),
  "status" text not null check ("status" in ('pending', 'sent', 'failed')),
  "tries" integer not null,
  "nextAttemptAt" integer,
  "detail" text,
  "createdAt" integer not null,
  "endedAt" integer
) strict;

CREATE UNIQUE INDEX "installation_one" on "installation" ((1));
CREATE INDEX "evaluationKeys_environment" on "evaluationKeys" ("environmentId");
CREATE INDEX "flagEnvironments_environment" on "flagEnvironments" ("environmentId");
CREATE UNIQUE INDEX "overlays_flag" on "overlays" ("environmentId", "flagId");
CREATE INDEX "releases_created" on "releases" ("createdAt", "id");
CREATE INDEX "releases_project" on "releases" ("projectId", "createdAt", "id");
CREATE INDEX "releases_pipeline" on "releases" ("pipelineId", "createdAt", "id");
CREATE INDEX "releases_live" on "releases" ("id") where "live" = 1;
CREATE INDEX "releases_unstarted" on "releases" ("id") where "live" = 1 and "startDeliveredAt" is null;
CREATE INDEX "releases_wake" on "releases" ("id") where "wake" > 0;
CREATE INDEX "actions_undecided" on "actions" ("releaseId", "number") where "status" = 'undecided';
CREATE INDEX "actions_undelivered" on "actions" ("releaseId", "number") where "deliveredAt" is null;
CREATE UNIQUE INDEX "deployments_release" on "deployments" ("releaseId", "phase", "environmentId", "attempt");
CREATE INDEX "events_at" on "events" ("at", "position");
CREATE INDEX "events_project" on "events" ("projectId", "position");
CREATE INDEX "events_release" on "events" ("releaseId", "position");
CREATE INDEX "events_actor" on "events" ("actorId", "position");
CREATE INDEX "teamMembers_user" on "teamMembers" ("userId");
CREATE INDEX "grants_subject" on "grants" ("subjectKind", "subjectId");
CREATE INDEX "tokens_user" on "tokens" ("userId");
CREATE INDEX "idempotencyKeys_release" on "idempotencyKeys" ("releaseId");
CREATE INDEX "idempotencyKeys_created" on "idempotencyKeys" ("createdAt");
CREATE INDEX "serviceSecrets_service" on "serviceSecrets" ("serviceId");
CREATE INDEX "serviceEndpoints_environment" on "serviceEndpoints" ("environmentId");
CREATE INDEX "effects_release" on "effects" ("releaseId", "startedAt");
CREATE INDEX "effects_sending" on "effects" ("serviceId", "environmentId") where "sendingUntil" is not null;
CREATE INDEX "releases_due" on "releases" ("dueAt") where "live" = 1 and "dueAt" is not null;
CREATE INDEX "releases_unclaimed" on "releases" ("startDeliveredAt") where "live" = 1 and "claimedBy" is null;
CREATE INDEX "interruptions_open" on "interruptions" ("raisedAt", "id") where "state" in ('pending', 'taken');
CREATE INDEX "interruptions_newest" on "interruptions" ("raisedAt", "id");
CREATE INDEX "interruptions_of_deployment" on "interruptions" ("deploymentId");
CREATE INDEX "interruptions_blocking" on "interruptions" ("projectId", "environmentId")
      where "blockConcurrent" = 1 and "state" in ('pending', 'taken');
CREATE INDEX "releases_blocked" on "releases" ("blockedBy") where "blockedBy" is not null;
CREATE INDEX "stepEffects_under_way" on "stepEffects" ("releaseId") where "status" = 'under-way';
CREATE INDEX "deliveries_due" on "deliveries" ("nextAttemptAt") where "status" = 'pending';
CREATE INDEX "deliveries_of_notification" on "deliveries" ("notificationId");
CREATE INDEX "notifications_newest" on "notifications" ("projectId", "createdAt", "id");
CREATE INDEX "notifications_of_release" on "notifications" ("releaseId");
CREATE INDEX "releaseTargets_queue" on "releaseTargets" ("target", "live", "ticket");
