import type { Generated } from 'kysely';

import type { StepKind } from '../domain/pipeline';

/**
 * The store's tables as Kysely sees them, the same on SQLite and PostgreSQL. Ids are ULIDs, instants epoch
 * milliseconds, booleans 0/1, JSON is text. Columns are camelCase, as in the code.
 */
export interface Tables {
  installation: InstallationTable;
  projects: ProjectsTable;
  environments: EnvironmentsTable;
  evaluationKeys: EvaluationKeysTable;
  flags: FlagsTable;
  flagEnvironments: FlagEnvironmentsTable;
  overlays: OverlaysTable;
  pipelines: PipelinesTable;
  pipelineVersions: PipelineVersionsTable;
  releases: ReleasesTable;
  releaseTargets: ReleaseTargetsTable;
  releaseSteps: ReleaseStepsTable;
  actions: ActionsTable;
  deployments: DeploymentsTable;
  drift: DriftTable;
  services: ServicesTable;
  serviceEndpoints: ServiceEndpointsTable;
  serviceSecrets: ServiceSecretsTable;
  serviceVersions: ServiceVersionsTable;
  effects: EffectsTable;
  deploymentSteps: DeploymentStepsTable;
  deploymentLog: DeploymentLogTable;
  deploymentVariables: DeploymentVariablesTable;
  interruptions: InterruptionsTable;
  stepEffects: StepEffectsTable;
  variables: VariablesTable;
  subscriptions: SubscriptionsTable;
  notifications: NotificationsTable;
  deliveries: DeliveriesTable;
  events: EventsTable;
  chains: ChainsTable;
  counters: CountersTable;
  users: UsersTable;
  teams: TeamsTable;
  teamMembers: TeamMembersTable;
  grants: GrantsTable;
  tokens: TokensTable;
  idempotencyKeys: IdempotencyKeysTable;
}

/** One row: which installation this store belongs to; part of the task queue's and workflows' names. */
interface InstallationTable {
  id: string;
  createdAt: number;
}

/** 0 or 1: neither engine's driver agrees with the other on a boolean. */
export type Bit = 0 | 1;

interface ProjectsTable {
  id: string;
  slug: string;
  displayName: string;
  createdAt: number;
  deletedAt: number | null;
}

interface EnvironmentsTable {
  id: string;
  projectId: string;
  slug: string;
  displayName: string;
  /** `order` of the HTTP surface. */
  position: number;
  requiresPipeline: Bit;
  requiresReview: Bit;
  /** Raised by every transaction that changes what the environment's clients see (FLG-3). */
  revision: Generated<number>;
  createdAt: number;
  deletedAt: number | null;
}

interface EvaluationKeysTable {
  id: string;
  environmentId: string;
  kind: 'server' | 'client';
  name: string;
  keyHash: string;
  createdAt: number;
  deletedAt: number | null;
}

interface FlagsTable {
  id: string;
  projectId: string;
  slug: string;
  kind: 'gate' | 'config';
  description: string;
  /** What was last put or completed: `definition` of the HTTP surface. */
  definition: string;
  /** What `apply` wrote last, to tell a changed document from a changed flag (REL-4); null: never applied. */
  appliedDefinition: string | null;
  /** Raised by every change; the flag's ETag. */
  version: Generated<number>;
  createdAt: number;
  deletedAt: number | null;
}

/** What is live per environment: the definition everyone gets when no overlay matches. */
interface FlagEnvironmentsTable {
  flagId: string;
  environmentId: string;
  definition: string;
  /** Raised by every write of `definition`; how completion sees a direct edit since the snapshot (CHG-3). */
  version: number;
}

/** What a running release has put over the live definition (FLG-3). */
interface OverlaysTable {
  releaseId: string;
  environmentId: string;
  flagId: string;
  definition: string;
  /** `Condition[][]`: OR of AND-lists, of all phases applied so far. */
  rules: string;
}

interface PipelinesTable {
  id: string;
  projectId: string;
  slug: string;
  version: number;
  createdAt: number;
  deletedAt: number | null;
}

interface PipelineVersionsTable {
  pipelineId: string;
  version: number;
  definition: string;
  createdBy: string;
  createdAt: number;
}

interface ReleasesTable {
  id: string;
  projectId: string;
  pipelineId: string;
  pipelineVersion: number;
  /** SHA-256 of the change set: what a review approves (CHG-1). */
  digest: string;
  /** `ReleaseState` of the domain: the release's position (REL-33). */
  position: string;
  /** The shown state (REL-6), for filters. */
  state: string;
  /** 1 until terminal. */
  live: Bit;
  /** Number of the last recorded step; a recording carries the next one. */
  seq: number;
  /** Raised when the release is started anew from the store; recordings of an older one are refused. */
  epoch: number;
  /** First run id of the workflow that claimed the release in this epoch. */
  claimedBy: string | null;
  /** Number of the last accepted action (REL-28). */
  lastAction: number;
  /** Instant at which Temporal acknowledged the start of this epoch's workflow; null: the dispatcher's to do. */
  startDeliveredAt: number | null;
  /** Above 0: a hold may have ended and the workflow is to be told; counts, so that telling clears what it has seen. */
  wake: number;
  /** `StoredChange[]`: the pinned change set with the ids of what it names. */
  changes: string;
  /** `ReleasePlan` of the domain: the pinned pipeline version as the rules see it, and the authors (REL-10). */
  plan: string;
  triggeredBy: string;
  reason: string | null;
  source: string | null;
  labels: string;
  createdAt: number;
  endedAt: number | null;
  /** Run id of the workflow that was last heard of in this epoch; null: none was. */
  runId: string | null;
  /** How long the history of that run was when it was: one that is shorter now is an older copy (REL-33). */
  historyLength: Generated<number>;
  /** When something happens by itself: the end of a bake, a deadline; null: not before it is told. */
  dueAt: number | null;
  /** Id of the release for whose interruption its next deployments wait (INT-9); null: for none. */
  blockedBy: string | null;
}

/** Which release holds or waits for a target: one queue per target, in ticket order (REL-3). */
interface ReleaseTargetsTable {
  releaseId: string;
  /** `flag:<flag id>` or `service:<service id>`. */
  target: string;
  /** The same for all targets of a release, so that two releases never wait for each other. */
  ticket: number;
  /** 1 from the transaction that gave the release its targets. */
  held: Bit;
  /** That of its release: 0 once it has ended and left the queue. */
  live: Bit;
  /** `FlagSnapshot` or `ServiceSnapshot`: the pre-release state (REL-1); null while queued. */
  snapshot: string | null;
}

/** What was recorded under a step's number; a repetition with the same digest gets the same result. */
interface ReleaseStepsTable {
  releaseId: string;
  seq: number;
  digest: string;
  result: string;
}

interface ActionsTable {
  id: string;
  releaseId: string;
  /** Consecutive within the release, in order of acceptance (REL-28). */
  number: number;
  verb: string;
  actorId: string;
  /** The whole action as signalled: `AcceptedAction` of the domain. */
  action: string;
  reason: string | null;
  acceptedAt: number;
  deliveredAt: number | null;
  status: 'undecided' | 'applied' | 'refused';
  /** `Refusal` of the domain when refused. */
  refusal: string | null;
  decidedAt: number | null;
}

interface DeploymentsTable {
  id: string;
  releaseId: string;
  phase: string;
  environmentId: string;
  attempt: number;
  state: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'aborted';
  errored: Bit;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** What went wrong, for people; null: nothing. */
  error: string | null;
  /** User id of who ended it early; null: nobody. */
  endedBy: string | null;
  /** What that person wrote; null: nothing. */
  endedNotes: string | null;
}

/** Targets that did not come back, or were not overwritten (REL-19, CHG-3). */
interface DriftTable {
  releaseId: string;
  item: string;
  environmentId: string;
  detail: string;
  at: number;
}

/** Something deployed through a webhook target (WHK-1). */
interface ServicesTable {
  id: string;
  projectId: string;
  slug: string;
  displayName: string;
  /** How long one request may take, answer included. */
  timeoutMs: number;
  /** 1: a 202 means that the outcome comes by a callback (PRO-6). */
  callback: Generated<Bit>;
  /** How long a callback may take from the 202. */
  callbackTimeoutMs: Generated<number>;
  /** Raised by every change; the service's ETag. */
  version: Generated<number>;
  createdAt: number;
  deletedAt: number | null;
}

/** Where a service is deployed to; read at each attempt, so that mending it heals what is under way (REL-19). */
interface ServiceEndpointsTable {
  serviceId: string;
  environmentId: string;
  url: string;
}

/** What requests to a service are signed with; an older one signs beside the newest for a day. */
interface ServiceSecretsTable {
  id: string;
  serviceId: string;
  /** `SecretBox`, bound to the service's and this row's id. */
  sealed: string;
  createdAt: number;
  /** null: the current one. */
  expiresAt: number | null;
}

/** What each target has, as far as Sluice brought it there. */
interface ServiceVersionsTable {
  serviceId: string;
  environmentId: string;
  /** null: nothing, or nothing that Sluice knows of. */
  version: string | null;
  /** The highest that was given out (WHK-4). */
  sequence: number;
}

/** One thing to bring about at a webhook target, by its idempotency key (WHK-3). */
export interface EffectsTable {
  key: string;
  releaseId: string;
  serviceId: string;
  environmentId: string;
  phase: string;
  direction: 'apply' | 'revert';
  attempt: number;
  /** Rising per service and environment, repeated by retries (WHK-4). */
  sequence: number;
  version: string | null;
  previousVersion: string | null;
  expectedVersion: string | null;
  /** `given-up`: a person accepted the drift, or an abort ended it. */
  status: 'under-way' | 'done' | 'failed' | 'drifted' | 'given-up';
  /** Of a failed one: the machinery broke, the target did not say no. */
  errored: Bit;
  /** How often it was sent. */
  tries: number;
  /** The time limit of a send that has not been answered; null: none is under way (WHK-4). */
  sendingUntil: number | null;
  nextAttemptAt: number | null;
  /** What the last answer said, for people; null: nothing of note. */
  detail: string | null;
  startedAt: number;
  endedAt: number | null;
  /** The target took it and will call back; until then at the latest (PRO-6). null: nothing is awaited. */
  awaitedUntil: number | null;
}

/** A step of a deployment whose pipeline has a process of its own; those of no process have no rows. */
export interface DeploymentStepsTable {
  deploymentId: string;
  /** Index in the plan's process. */
  position: number;
  name: string;
  kind: StepKind;
  state: 'pending' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'aborted';
  /** Raised by every retry that a person decides (INT-10). */
  try: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Why it ended as it did, for people; null: nothing of note. */
  detail: string | null;
  /** What went wrong, for people; null: nothing. */
  error: string | null;
  errored: Bit;
}

/** What happened in a deployment, for people, in order. */
interface DeploymentLogTable {
  deploymentId: string;
  /** Consecutive within the deployment. */
  number: number;
  at: number;
  /** Name of the step; null: it is of the whole deployment. */
  step: string | null;
  message: string;
}

/** What a deployment can use: the project's variables as of its start (VAR-6), what its steps have put out, built-in ones. */
export interface DeploymentVariablesTable {
  deploymentId: string;
  name: string;
  /** As the variable's row had it: sealed where `sensitive`. */
  value: string;
  sensitive: Bit;
  source: 'built-in' | 'project' | 'output';
  /** The project's variable it was read from, or repeats, to whose id a sealed value is bound; null: there is none. */
  variableId: string | null;
}

/** One of several people who have to proceed has (INT-6). */
export interface StoredProceed {
  /** Id of the action. */
  action: string;
  by: string;
}

/** A run asks a person (INT-1, INT-10). */
export interface InterruptionsTable {
  id: string;
  releaseId: string;
  /** Consecutive within the release: what the rules call it. */
  number: number;
  projectId: string;
  environmentId: string;
  deploymentId: string;
  /** The step's index in the plan's process. */
  position: number;
  kind: 'manual' | 'failure';
  state: 'pending' | 'taken' | 'submitted' | 'closed';
  title: string;
  /** Markdown, variables filled in. */
  instructions: string;
  /** Slugs of the responsible teams; empty: whoever holds `DeploymentCreate` (INT-3). */
  teams: string;
  /** What may be answered. */
  results: string;
  notesRequired: Bit;
  /** How many people have to proceed. */
  approvals: number;
  authorMaySubmit: Bit;
  blockConcurrent: Bit;
  /** `StoredProceed[]`: those who have said so, while others are still to (INT-6). */
  proceeds: string;
  responsibleUserId: string | null;
  /** The answer that is accepted and not decided; null: there is none. Nobody else takes it meanwhile. */
  submitAction: string | null;
  result: string | null;
  notes: string | null;
  submittedBy: string | null;
  closedBy: string | null;
  closedWhy: string | null;
  deadlineAt: number | null;
  /** When a deadline gave it to other teams (INT-6). */
  escalatedAt: number | null;
  raisedAt: number;
  endedAt: number | null;
}

/** Something that a step other than `roll-out` brings about outside, by its idempotency key (WHK-3). */
export interface StepEffectsTable {
  key: string;
  releaseId: string;
  deploymentId: string;
  position: number;
  status: 'under-way' | 'done' | 'failed' | 'given-up';
  errored: Bit;
  tries: number;
  nextAttemptAt: number | null;
  detail: string | null;
  startedAt: number;
  endedAt: number | null;
}

/** A variable of a project (VAR-6). */
export interface VariablesTable {
  id: string;
  projectId: string;
  name: string;
  /** `SecretBox`, bound to this row's id, where `sensitive`. */
  value: string;
  sensitive: Bit;
  /** Ids of the environments in which it has its value; empty: all. */
  environments: string;
  /** Raised by every change; its ETag. */
  version: Generated<number>;
  createdAt: number;
  deletedAt: number | null;
}

/** Who wants to be told of what happens in a project (NOT-2): at a URL, or by mail. */
export interface SubscriptionsTable {
  id: string;
  projectId: string;
  slug: string;
  url: string | null;
  email: string | null;
  /** Types of notifications. */
  events: string;
  /** `SecretBox`, bound to this row's id: what webhooks are signed with; null for mail. */
  sealed: string | null;
  version: Generated<number>;
  createdAt: number;
  deletedAt: number | null;
}

/** Something that people are to be told of, written with what it is about (NOT-1, NOT-2). */
export interface NotificationsTable {
  id: string;
  projectId: string;
  releaseId: string | null;
  type: string;
  /** What it says, as webhooks carry it. */
  data: string;
  createdAt: number;
}

/** One notification on its way to one receiver. */
export interface DeliveriesTable {
  id: string;
  notificationId: string;
  channel: 'email' | 'webhook';
  /** Mail address or URL, as of the last try. */
  recipient: string;
  subscriptionId: string | null;
  userId: string | null;
  status: 'pending' | 'sent' | 'failed';
  tries: number;
  nextAttemptAt: number | null;
  /** What the last try said, for people; null: nothing of note. */
  detail: string | null;
  createdAt: number;
  endedAt: number | null;
}

/** Every change, once, in commit order: audit, event stream and read model are views of it (INV-4). */
interface EventsTable {
  /** Global, in commit order; the event stream's id. */
  position: number;
  /** `project:<id>` or `installation`. */
  chain: string;
  /** Consecutive within the chain. */
  sequence: number;
  type: string;
  projectId: string | null;
  releaseId: string | null;
  /** User id; null: Sluice itself. */
  actorId: string | null;
  at: number;
  data: string;
  previousHash: string;
  hash: string;
}

interface ChainsTable {
  chain: string;
  sequence: number;
  hash: string;
}

/** Counters handed out in commit order: `event-position`, `ticket`. */
interface CountersTable {
  name: string;
  value: number;
}

interface UsersTable {
  id: string;
  slug: string;
  displayName: string;
  email: string | null;
  createdAt: number;
  deletedAt: number | null;
}

interface TeamsTable {
  id: string;
  slug: string;
  displayName: string;
  createdAt: number;
  deletedAt: number | null;
}

interface TeamMembersTable {
  teamId: string;
  userId: string;
}

/** One entry of `roles`: a role or a single permission, everywhere or in one project. */
interface GrantsTable {
  id: string;
  subjectKind: 'user' | 'team' | 'token';
  subjectId: string;
  role: string | null;
  permission: string | null;
  projectId: string | null;
}

interface TokensTable {
  id: string;
  userId: string;
  name: string;
  /** SHA-256 of the token; the token itself is never stored. */
  hash: string;
  /** User id of who made it (SEC-3). */
  madeBy: string;
  /** 1: set by `SLUICE_ADMIN_TOKEN` (SEC-6). */
  fromSetting: Bit;
  /** 1: `grants` narrow it. */
  narrowed: Bit;
  expiresAt: number | null;
  createdAt: number;
  deletedAt: number | null;
}

/** Answers to accepted requests, for repetitions (HTTP-6). */
interface IdempotencyKeysTable {
  userId: string;
  /** Method and path with its ids. */
  route: string;
  key: string;
  /** SHA-256 of the canonical JSON body. */
  bodyHash: string;
  /** `{ status, location, body }` or a reference to the action: what the repetition answers. */
  answer: string;
  releaseId: string | null;
  createdAt: number;
}
