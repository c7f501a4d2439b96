import { sql, type Kysely } from 'kysely';

/**
 * Deployment processes: the steps of a deployment, what they ask of people and of the world, variables, and who is told;
 * src/store/tables.ts says what the columns mean.
 */
export async function process(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const [int, bit, strict] = engine === 'sqlite' ? ['integer', 'integer', ' strict'] : ['bigint', 'smallint', ''];

  const tables = [
    `create table "deploymentSteps" (
      "deploymentId" text not null references "deployments" ("id"),
      "position" ${int} not null,
      "name" text not null,
      "kind" text not null check ("kind" in ('roll-out', 'manual', 'http', 'email', 'notify')),
      "state" text not null check ("state" in
        ('pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'aborted')),
      "try" ${int} not null,
      "startedAt" ${int},
      "endedAt" ${int},
      "detail" text,
      "error" text,
      "errored" ${bit} not null check ("errored" in (0, 1)),
      primary key ("deploymentId", "position")
    )`,
    `create table "deploymentLog" (
      "deploymentId" text not null references "deployments" ("id"),
      "number" ${int} not null,
      "at" ${int} not null,
      "step" text,
      "message" text not null,
      primary key ("deploymentId", "number")
    )`,
    `create table "interruptions" (
      "id" text primary key,
      "releaseId" text not null references "releases" ("id"),
      "number" ${int} not null,
      "projectId" text not null references "projects" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "deploymentId" text not null references "deployments" ("id"),
      "position" ${int} not null,
      "kind" text not null check ("kind" in ('manual', 'failure')),
      "state" text not null check ("state" in ('pending', 'taken', 'submitted', 'closed')),
      "title" text not null,
      "instructions" text not null,
      "teams" text not null,
      "results" text not null,
      "notesRequired" ${bit} not null check ("notesRequired" in (0, 1)),
      "approvals" ${int} not null,
      "authorMaySubmit" ${bit} not null check ("authorMaySubmit" in (0, 1)),
      "blockConcurrent" ${bit} not null check ("blockConcurrent" in (0, 1)),
      "proceeds" text not null,
      "responsibleUserId" text,
      "submitAction" text,
      "result" text,
      "notes" text,
      "submittedBy" text,
      "closedBy" text,
      "closedWhy" text,
      "deadlineAt" ${int},
      "raisedAt" ${int} not null,
      "endedAt" ${int},
      unique ("releaseId", "number")
    )`,
    `create table "variables" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "name" text not null,
      "value" text not null,
      "sensitive" ${bit} not null check ("sensitive" in (0, 1)),
      "environments" text not null,
      "version" ${int} not null default 1,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "name")
    )`,
    `create table "deploymentVariables" (
      "deploymentId" text not null references "deployments" ("id"),
      "name" text not null,
      "value" text not null,
      "sensitive" ${bit} not null check ("sensitive" in (0, 1)),
      "source" text not null check ("source" in ('built-in', 'project', 'output')),
      "variableId" text references "variables" ("id"),
      primary key ("deploymentId", "name")
    )`,
    `create table "stepEffects" (
      "key" text primary key,
      "releaseId" text not null references "releases" ("id"),
      "deploymentId" text not null references "deployments" ("id"),
      "position" ${int} not null,
      "status" text not null check ("status" in ('under-way', 'done', 'failed', 'given-up')),
      "errored" ${bit} not null check ("errored" in (0, 1)),
      "tries" ${int} not null,
      "nextAttemptAt" ${int},
      "detail" text,
      "startedAt" ${int} not null,
      "endedAt" ${int}
    )`,
    `create table "subscriptions" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "slug" text not null,
      "url" text,
      "email" text,
      "events" text not null,
      "sealed" text,
      "version" ${int} not null default 1,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "slug")
    )`,
    `create table "notifications" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "releaseId" text references "releases" ("id"),
      "type" text not null,
      "data" text not null,
      "createdAt" ${int} not null
    )`,
    `create table "deliveries" (
      "id" text primary key,
      "notificationId" text not null references "notifications" ("id"),
      "channel" text not null check ("channel" in ('email', 'webhook')),
      "recipient" text not null,
      "subscriptionId" text references "subscriptions" ("id"),
      "userId" text references "users" ("id"),
      "status" text not null check ("status" in ('pending', 'sent', 'failed')),
      "tries" ${int} not null,
      "nextAttemptAt" ${int},
      "detail" text,
      "createdAt" ${int} not null,
      "endedAt" ${int}
    )`,
  ];
  const additions = [
    `alter table "services" add column "callback" ${bit} not null default 0`,
    `alter table "services" add column "callbackTimeoutMs" ${int} not null default 3600000`,
    `alter table "effects" add column "awaitedUntil" ${int}`,
    `alter table "releases" add column "blockedBy" text`,
    `alter table "deployments" add column "endedNotes" text`,
  ];
  const indexes = [
    `create index "interruptions_open" on "interruptions" ("raisedAt", "id") where "state" in ('pending', 'taken')`,
    `create index "interruptions_newest" on "interruptions" ("raisedAt", "id")`,
    `create index "interruptions_of_deployment" on "interruptions" ("deploymentId")`,
    `create index "interruptions_blocking" on "interruptions" ("projectId", "environmentId")
      where "blockConcurrent" = 1 and "state" in ('pending', 'taken')`,
    `create index "releases_blocked" on "releases" ("blockedBy") where "blockedBy" is not null`,
    `create index "stepEffects_under_way" on "stepEffects" ("releaseId") where "status" = 'under-way'`,
    `create index "deliveries_due" on "deliveries" ("nextAttemptAt") where "status" = 'pending'`,
    `create index "deliveries_of_notification" on "deliveries" ("notificationId")`,
    `create index "notifications_newest" on "notifications" ("projectId", "createdAt", "id")`,
    `create index "notifications_of_release" on "notifications" ("releaseId")`,
  ];

  for (const table of tables) await sql.raw(table + strict).execute(db);
  for (const statement of [...additions, ...indexes]) await sql.raw(statement).execute(db);
}
