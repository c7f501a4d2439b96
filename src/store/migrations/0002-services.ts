import { sql, type Kysely } from 'kysely';

/**
 * Services deployed by webhook, what is sent to them, and what tells a running workflow from an older copy of it;
 * src/store/tables.ts says what the columns mean.
 */
export async function services(db: Kysely<unknown>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const [int, bit, strict] = engine === 'sqlite' ? ['integer', 'integer', ' strict'] : ['bigint', 'smallint', ''];

  const tables = [
    `create table "services" (
      "id" text primary key,
      "projectId" text not null references "projects" ("id"),
      "slug" text not null,
      "displayName" text not null,
      "timeoutMs" ${int} not null,
      "version" ${int} not null default 1,
      "createdAt" ${int} not null,
      "deletedAt" ${int},
      unique ("projectId", "slug")
    )`,
    `create table "serviceEndpoints" (
      "serviceId" text not null references "services" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "url" text not null,
      primary key ("serviceId", "environmentId")
    )`,
    `create table "serviceSecrets" (
      "id" text primary key,
      "serviceId" text not null references "services" ("id"),
      "sealed" text not null,
      "createdAt" ${int} not null,
      "expiresAt" ${int}
    )`,
    `create table "serviceVersions" (
      "serviceId" text not null references "services" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "version" text,
      "sequence" ${int} not null,
      primary key ("serviceId", "environmentId")
    )`,
    `create table "effects" (
      "key" text primary key,
      "releaseId" text not null references "releases" ("id"),
      "serviceId" text not null references "services" ("id"),
      "environmentId" text not null references "environments" ("id"),
      "phase" text not null,
      "direction" text not null check ("direction" in ('apply', 'revert')),
      "attempt" ${int} not null,
      "sequence" ${int} not null,
      "version" text,
      "previousVersion" text,
      "expectedVersion" text,
      "status" text not null check ("status" in ('under-way', 'done', 'failed', 'drifted', 'given-up')),
      "errored" ${bit} not null check ("errored" in (0, 1)),
      "tries" ${int} not null,
      "sendingUntil" ${int},
      "nextAttemptAt" ${int},
      "detail" text,
      "startedAt" ${int} not null,
      "endedAt" ${int}
    )`,
  ];
  const additions = [
    `alter table "releases" add column "runId" text`,
    `alter table "releases" add column "historyLength" ${int} not null default 0`,
    `alter table "deployments" add column "error" text`,
    `alter table "deployments" add column "endedBy" text`,
  ];
  const indexes = [
    `create index "serviceSecrets_service" on "serviceSecrets" ("serviceId")`,
    `create index "serviceEndpoints_environment" on "serviceEndpoints" ("environmentId")`,
    `create index "effects_release" on "effects" ("releaseId", "startedAt")`,
    // Whoever sends to a target asks who may still be sending to it (WHK-4).
    `create index "effects_sending" on "effects" ("serviceId", "environmentId") where "sendingUntil" is not null`,
  ];

  for (const table of tables) await sql.raw(table + strict).execute(db);
  for (const statement of [...additions, ...indexes]) await sql.raw(statement).execute(db);
}
