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

/** A pipeline's definition, one version of it (PIPE-1, PIPE-5). */
export interface Pipeline {
  phases: Phase[];
  /** What a failed phase does (REL-22). */
  onFailure: 'hold' | 'abort';
  /** Actions that need a reason (REL-25). */
  reasonRequired: ReleaseAction[];
}

/** What a person may do to a release: route, signal, event and audit use these words. */
export type ReleaseAction = 'approve' | 'pause' | 'unpause' | 'skip' | 'abort' | 'full-rollout' | 'retry';

/** What is decided by a release in the order of acceptance: the actions, and giving a target up (REL-19). */
export type ActionVerb = ReleaseAction | 'accept-drift';

export const RELEASE_ACTIONS: readonly ReleaseAction[] = [
  'approve',
  'pause',
  'unpause',
  'skip',
  'abort',
  'full-rollout',
  'retry',
];

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
