import type { Json } from './json';

/** Comparison operators of a condition; the same on versions with the prefix `sem_ver_`. */
export type Operator =
  | 'in'
  | 'not_in'
  | 'starts_with'
  | 'ends_with'
  | 'contains'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'sem_ver_='
  | 'sem_ver_!='
  | 'sem_ver_<'
  | 'sem_ver_<='
  | 'sem_ver_>'
  | 'sem_ver_>='
  | 'percentage';

/** One test of a context's attribute; the conditions of a rule are AND-ed (PIPE-2). */
export interface Condition {
  /** Name of the context's attribute; `percentage` may leave it out and takes the targeting key (FLG-8). */
  attribute: string | null;
  operator: Operator;
  values: (string | number | boolean)[];
}

/** Where a phase takes effect; the rules of a phase are OR-ed (PIPE-2). */
export interface Rule {
  environments: string[];
  /** Empty: everyone in these environments. */
  conditions: Condition[];
}

/** Consent needed before a phase starts (REL-10). */
export interface Review {
  /** Anyone in one of these; empty: holders of `ReleaseApprove` (SEC-4). */
  teams: string[];
  /** How many different people must approve. */
  approvals: number;
  authorMayApprove: boolean;
  deadline: { afterMs: number; outcome: ReviewOutcome } | null;
}

/** What happens when a review's deadline passes unanswered (REL-10). */
export type ReviewOutcome = 'abort' | 'proceed' | 'keep-waiting';

/** One ordered step of a pipeline (PIPE-1). */
export interface Phase {
  name: string;
  /** How long the phase bakes after its deployments; 0 goes on at once (REL-23). */
  bakeMs: number;
  requiredReview: Review | null;
  rules: Rule[];
}

export type StepKind = 'roll-out' | 'manual' | 'http' | 'email' | 'notify';

/** When a step runs, by what became of the steps before it (PRO-8); an expression in CEL over `vars` decides by itself. */
export type RunWhen = 'success' | 'failure' | 'always' | { expression: string };

/** What all steps of a process have (PRO-1, PRO-2). */
interface StepBase {
  /** Free text, unique in the process ignoring case (PRO-9). */
  name: string;
  /** Only there; empty: everywhere. */
  environments: string[];
  /** Nowhere there. */
  notEnvironments: string[];
  /** Only in these phases; empty: in all. */
  phases: string[];
  /** Only for these tenants; empty: for all. */
  tenants: string[];
  runWhen: RunWhen;
  /** After the step before it has ended, or together with it. */
  start: 'after-previous' | 'with-previous';
  /** Nobody may leave it out of a release (PRO-4). */
  required: boolean;
}

/** Applies the change set to its targets (PRO-7). */
export interface RollOutStep extends StepBase {
  kind: 'roll-out';
}

/** Asks a person (INT-1). */
export interface ManualStep extends StepBase {
  kind: 'manual';
  /** Markdown, a template. */
  instructions: string;
  /** A member of one of these may take it; empty: whoever holds `DeploymentCreate` (INT-3). */
  teams: string[];
  notesRequired: boolean;
  /** How many different people must proceed (INT-6). */
  approvals: number;
  authorMaySubmit: boolean;
  deadline: ManualDeadline | null;
  /** Other deployments to the same project and environment wait while it does (INT-9). */
  blockConcurrent: boolean;
}

/** What happens when nobody has answered by then; `escalateTo`: the teams that are responsible from then on (INT-6). */
export type ManualDeadline =
  { afterMs: number; outcome: 'abort' | 'proceed' } | { afterMs: number; outcome: 'escalate'; escalateTo: string[] };

/** Calls an endpoint (PRO-5). */
export interface HttpStep extends StepBase {
  kind: 'http';
  method: HttpMethod;
  url: string;
  /** Values are templates. */
  headers: Record<string, string>;
  /** A template, or JSON whose strings are; null: none. */
  body: Json;
  timeoutMs: number;
  /** Names of output variables, and where in the JSON of the answer their values are (VAR-2). */
  outputs: Record<string, string>;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const HTTP_METHODS: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Sends a mail; all three are templates. */
export interface EmailStep extends StepBase {
  kind: 'email';
  to: string[];
  subject: string;
  body: string;
}

/** Posts a text to a chat's webhook. */
export interface NotifyStep extends StepBase {
  kind: 'notify';
  url: string;
  /** A template. */
  text: string;
}

export type ProcessStep = RollOutStep | ManualStep | HttpStep | EmailStep | NotifyStep;

/** The teams that a step asks, at once or at its deadline. */
export function teamsOfStep(step: ProcessStep): string[] {
  if (step.kind !== 'manual') {
    return [];
  }
  const { teams, deadline } = step;
  return [...teams, ...(deadline !== null && 'escalateTo' in deadline ? deadline.escalateTo : [])];
}

/** A pipeline's definition, one version of it (PIPE-1, PIPE-5). */
export interface Pipeline {
  phases: Phase[];
  /** What a deployment does, as written; empty: it rolls out the change set and that is all (PRO-7). */
  process: ProcessStep[];
  /** A step that fails asks a person before the deployment fails with it (INT-10). */
  guidedFailure: boolean;
  /** What a failed phase does (REL-22). */
  onFailure: 'hold' | 'abort';
  /** Actions that need a reason (REL-25). */
  reasonRequired: ReleaseAction[];
}

/** What a person may do to a release: route, signal, event and audit use these words. */
export type ReleaseAction = 'approve' | 'pause' | 'unpause' | 'skip' | 'abort' | 'full-rollout' | 'retry';

/**
 * What is decided by a release in the order of acceptance: the actions, giving a target up (REL-19), answers to
 * interruptions (INT-2), and what targets say by their callbacks (PRO-6).
 */
export type ActionVerb = ReleaseAction | 'accept-drift' | 'submit' | 'callback';

export const RELEASE_ACTIONS: readonly ReleaseAction[] = [
  'approve',
  'pause',
  'unpause',
  'skip',
  'abort',
  'full-rollout',
  'retry',
];

/** A definition of any version: before there were processes, pipelines had none. */
export type AnyPipeline = Omit<Pipeline, 'process' | 'guidedFailure'> & Partial<Pipeline>;

/** What a definition that was stored by an earlier version meant (REL-27). */
export function completePipeline(pipeline: AnyPipeline): Pipeline {
  return { ...pipeline, process: pipeline.process ?? [], guidedFailure: pipeline.guidedFailure ?? false };
}

/** The environments a phase reaches, each once, in the order in which its rules name them. */
export function environmentsOf(phase: Phase): string[] {
  return [...new Set(phase.rules.flatMap((rule) => rule.environments))];
}

/** The condition lists under which a phase reaches an environment (PIPE-2): what an overlay of that phase adds. */
export function rulesIn(phase: Phase, environment: string): Condition[][] {
  return phase.rules.filter((rule) => rule.environments.includes(environment)).map((rule) => rule.conditions);
}

/** The environments that a rule without conditions names: services go there, as they cannot be narrowed (CHG-2). */
export function unconditionalIn(phase: Phase): string[] {
  return [...new Set(phase.rules.flatMap((rule) => (rule.conditions.length === 0 ? rule.environments : [])))];
}

/** The same of all phases. */
export function unconditionalEnvironmentsOf({ phases }: Pick<Pipeline, 'phases'>): string[] {
  return [...new Set(phases.flatMap(unconditionalIn))];
}
