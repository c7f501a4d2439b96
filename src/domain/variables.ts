import type { ProcessStep } from './pipeline';

/** Names of the built-in variables that every deployment has (VAR-7). */
export const BUILT_IN = {
  project: 'Octopus.Project.Name',
  environment: 'Octopus.Environment.Name',
  tenant: 'Octopus.Deployment.Tenant.Name',
  release: 'Octopus.Release.Id',
  deployment: 'Octopus.Deployment.Id',
  /** Why an earlier step of this deployment failed; empty while none has (PRO-8). */
  error: 'Octopus.Deployment.Error',
  /** The CI facts of the trigger (REL-5); empty where it had none. */
  repository: 'Octopus.Release.Source.Repository',
  commit: 'Octopus.Release.Source.Commit',
  ref: 'Octopus.Release.Source.Ref',
  runUrl: 'Octopus.Release.Source.RunUrl',
  actor: 'Octopus.Release.Source.Actor',
} as const;

/** What the built-in variables of a deployment say. */
export interface BuiltInFacts extends Record<keyof typeof BUILT_IN, string> {
  /** Versions in the change set by the service's name; '' for the project's other services. */
  versions: ReadonlyMap<string, string>;
}

/** The built-in variables of a deployment, by name (VAR-7). */
export function builtInValues({ versions, ...facts }: BuiltInFacts): Map<string, string> {
  return new Map([
    ...Object.entries(BUILT_IN).map(([fact, name]): [string, string] => [name, facts[fact as keyof typeof BUILT_IN]]),
    ...[...versions].map(([service, version]): [string, string] => [versionName(service), version]),
  ]);
}

/** The variable that holds the version of a service in the change set. */
export function versionName(service: string): string {
  return `Octopus.Release.Version[${service}]`;
}

/** One name for both forms of a step's variable: without `Octopus.` it is the same (VAR-1). Values are kept by it. */
export function canonicalName(name: string): string {
  return name.startsWith('Action[') ? `Octopus.${name}` : name;
}

/** Characters of a name of a project's variable. */
const LONGEST_NAME = 100;

/** Why a project's variable cannot have this name, in half a sentence; null: it can (VAR-6). */
export function faultOfVariableName(name: string): string | null {
  if (name.length > LONGEST_NAME) {
    return `must have at most ${LONGEST_NAME} characters`;
  }
  if (/^(octopus\.|action\[)/i.test(name)) {
    return 'must not begin with Octopus. or Action[: those names are taken by built-in and output variables';
  }
  return /^[A-Za-z][A-Za-z0-9._-]*$/.test(name)
    ? null
    : 'must begin with a letter and hold letters, digits, points, underscores and hyphens only';
}

/** What one person submitted to a manual step. */
export interface Submission {
  /** Opaque. */
  userId: string;
  /** The slug. */
  username: string;
  displayName: string;
  email: string | null;
  /** As entered. */
  notes: string;
}

/** How a manual step ended. */
export interface ManualOutcome {
  /** The step went on: the last answer, or the deadline's outcome. */
  approved: boolean;
  /** In order; with a quorum several. */
  submissions: readonly Submission[];
  /** The deadline ended it, and not the last of them. */
  byDeadline: boolean;
  /** How many people were asked for (INT-6). */
  approvals: number;
}

/** Exactly the six variables of VAR-1, by name; those of a person are empty when nobody's answer ended the step (VAR-8). */
export function manualOutputs(stepName: string, outcome: ManualOutcome): Map<string, string> {
  const last = outcome.byDeadline ? undefined : outcome.submissions.at(-1);
  const values: Record<ManualOutput, string> = {
    'Manual.Notes': notesOf(outcome),
    'Manual.Approved': outcome.approved ? 'True' : 'False',
    'Manual.ResponsibleUser.Id': last?.userId ?? '',
    'Manual.ResponsibleUser.Username': last?.username ?? '',
    'Manual.ResponsibleUser.DisplayName': last?.displayName ?? '',
    'Manual.ResponsibleUser.EmailAddress': last?.email ?? '',
  };
  return new Map(MANUAL_OUTPUTS.map((output) => [outputName(stepName, output), values[output]]));
}

const MANUAL_OUTPUTS = [
  'Manual.Notes',
  'Manual.Approved',
  'Manual.ResponsibleUser.Id',
  'Manual.ResponsibleUser.Username',
  'Manual.ResponsibleUser.DisplayName',
  'Manual.ResponsibleUser.EmailAddress',
] as const;

type ManualOutput = (typeof MANUAL_OUTPUTS)[number];

/** As entered; where several were asked, all in order, each with its author's name. */
function notesOf({ approved, submissions, byDeadline, approvals }: ManualOutcome): string {
  if (!byDeadline && approvals === 1) {
    return submissions.at(-1)?.notes ?? '';
  }
  const named = submissions.filter(({ notes }) => notes !== '').map(({ username, notes }) => `${username}: ${notes}`);
  const outcome = approved ? 'proceeded' : 'was aborted';
  const nobody = `Nobody ${submissions.length > 0 ? 'else ' : ''}submitted in time: at its deadline the step ${outcome}`;
  return [...named, ...(byDeadline ? [nobody] : [])].join('\n');
}

/** Names of the variables that a step leaves behind for later ones. */
export function outputNamesOf(step: ProcessStep): string[] {
  switch (step.kind) {
    case 'manual':
      return MANUAL_OUTPUTS.map((output) => outputName(step.name, output));
    case 'http':
      return Object.keys(step.outputs).map((output) => outputName(step.name, output));
    case 'roll-out':
    case 'email':
    case 'notify':
      return [];
  }
}

/** The variables of a step that did not run: empty, not unknown (VAR-8). */
export function emptyOutputsOf(step: ProcessStep): Map<string, string> {
  return new Map(outputNamesOf(step).map((name) => [name, '']));
}

/** Name of an output variable of a step. */
export function outputName(stepName: string, output: string): string {
  return `Octopus.Action[${stepName}].Output.${output}`;
}

/** What a project has that variables are named by. */
export interface NamedInProject {
  /** Names of its variables (VAR-6). */
  variables: readonly string[];
  /** Names of its services: each may have a version in a change set. */
  services: readonly string[];
}

/**
 * Every name that can exist when a step is reached (VAR-3), in its canonical form: built in, the project's, and outputs
 * of the steps before. Steps that run beside this one have not ended then, and are not among them.
 */
export function namesAt(process: readonly ProcessStep[], index: number, project: NamedInProject): Set<string> {
  return new Set([
    ...Object.values(BUILT_IN),
    ...project.services.map(versionName),
    ...project.variables,
    ...process.slice(0, firstOfGroup(process, index)).flatMap(outputNamesOf),
  ]);
}

/** The step that the one at `index` starts with, itself included. */
export function firstOfGroup(process: readonly ProcessStep[], index: number): number {
  let first = index;
  while (first > 0 && process[first]?.start === 'with-previous') {
    first--;
  }
  return first;
}
