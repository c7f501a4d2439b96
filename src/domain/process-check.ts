import { checkName, checkNames, tooMany } from './definition-check';
import type { Fault } from './fault';
import { variablesAt, type KnownVariables } from './known-variables';
import { environmentsOf, type Pipeline, type ProcessStep, type RunWhen } from './pipeline';
import { PROCESS_LIMITS } from './process-limits';
import { quoted } from './quoted';
import { checkStepOfKind } from './step-check';

/** What a process is judged against: the project as it is at that moment. */
export interface ProcessFacts extends ProcessJudges {
  environments: readonly { slug: string }[];
  /** User ids of each team's members, by the team's slug. People, not numbers: one person may be in two teams. */
  teams: ReadonlyMap<string, readonly string[]>;
  /** User ids of those who hold `DeploymentCreate` in the project. */
  deployers: readonly string[];
  /** User ids of those who hold `InterruptionSubmit` in the project: members of a team answer only where they do. */
  submitters: readonly string[];
  /** Names of the project's variables (VAR-6). */
  variables: readonly string[];
  /** Those of them that are sensitive: no mail holds one (VAR-4). */
  sensitive: readonly string[];
  /** Of those that have their value in some environments alone, these. */
  valuesIn: ReadonlyMap<string, readonly string[]>;
  /** Names of the project's services. */
  services: readonly string[];
}

/** What the domain cannot judge by itself. */
export interface ProcessJudges {
  /** What is wrong with a run condition, given the variables that it can name (PRO-3); null: nothing. */
  checkExpression: (
    expression: string,
    names: KnownVariables,
  ) => { message: string; /** Characters before it. */ position: number } | null;
  /** Why an address may not be used, in half a sentence; null: it may (WHK-2). */
  endpointFault: (url: string) => string | null;
}

/** Checks a process at save and again at trigger (PIPE-4, PRO-7, PRO-9): every fault at once, each with its path. */
export function checkProcess({ phases, process }: Pick<Pipeline, 'phases' | 'process'>, facts: ProcessFacts): Fault[] {
  const judged = process.slice(0, PROCESS_LIMITS.steps);
  return [
    ...tooMany('process', process.length, PROCESS_LIMITS.steps, 'steps'),
    ...tooMany('process', stepsOfRelease(phases, judged), PROCESS_LIMITS.stepsOfRelease, STEPS_OF_RELEASE),
    ...checkNamesOfSteps(process),
    ...checkRollOuts(process),
    ...judged.flatMap((step, index) => {
      const path = `process[${index}]`;
      const names = variablesAt(process, index, facts);
      const where = checkWhere(step, path, phases, facts);
      return [
        ...where,
        // With its limits in doubt so is what they leave out: one fault is named once.
        ...(step.kind === 'roll-out' && where.length === 0 ? checkRollOut(step, path, phases) : []),
        ...checkRunWhen(step.runWhen, `${path}.runWhen`, names, facts),
        ...(index === 0 && step.start === 'with-previous'
          ? [{ path: `${path}.start`, message: 'must be after-previous: no step stands before it' }]
          : []),
        ...checkStepOfKind(step, path, names, facts),
      ];
    }),
  ];
}

const STEPS_OF_RELEASE = 'steps in all environments of all phases together';

/** Where no roll-out is listed, one is implied in each deployment (PRO-7). */
function stepsOfRelease(phases: Pipeline['phases'], process: readonly ProcessStep[]): number {
  const deployments = phases.reduce((sum, phase) => sum + environmentsOf(phase).length, 0);
  const isListed = process.some(({ kind }) => kind === 'roll-out');
  return process.length === 0 ? 0 : deployments * (process.length + (isListed ? 0 : 1));
}

function checkNamesOfSteps(process: readonly ProcessStep[]): Fault[] {
  const firstOf = new Map<string, number>();
  return process.flatMap(({ name }, index) => {
    const path = `process[${index}].name`;
    const key = name.toLowerCase();
    const first = firstOf.get(key);
    if (first !== undefined) {
      const message = `must be unique, ignoring case: process[${first}] has the name ${quoted(name)} already`;
      return [{ path, message }];
    }
    firstOf.set(key, index);
    return checkStepName(name, path);
  });
}

/** A variable's name holds the step's in brackets (VAR-1), and has to end where it seems to. */
function checkStepName(name: string, path: string): Fault[] {
  return /[[\]]|#\{/.test(name)
    ? [{ path, message: 'must hold none of [, ] and #{' }]
    : checkName(name, path, PROCESS_LIMITS.nameLength);
}

function checkRollOuts(process: readonly ProcessStep[]): Fault[] {
  const first = process.findIndex(({ kind }) => kind === 'roll-out');
  return process.flatMap(({ kind }, index) =>
    kind === 'roll-out' && index > first
      ? [{ path: `process[${index}].kind`, message: `must be another: process[${first}] is the roll-out already` }]
      : [],
  );
}

/** A roll-out runs in every deployment: one without it would release a phase with nothing in it (PRO-7, PRO-8). */
function checkRollOut(step: ProcessStep, path: string, phases: Pipeline['phases']): Fault[] {
  const { environments, notEnvironments } = step;
  const faults: Fault[] = [];
  if (step.runWhen === 'failure') {
    const message = 'must be another: where nothing fails before the roll-out, nothing would be released';
    faults.push({ path: `${path}.runWhen`, message });
  }
  const left = phases.find(({ name }) => step.phases.length > 0 && !step.phases.includes(name));
  if (left) {
    const message = `must name every phase or none: ${quoted(left.name)} would be released with nothing in it`;
    faults.push({ path: `${path}.phases`, message });
  }
  const reached = phases.flatMap((phase) => environmentsOf(phase).map((environment) => ({ phase, environment })));
  const leaves = (field: string, isLeftOut: (environment: string) => boolean) => {
    const first = reached.find(({ environment }) => isLeftOut(environment));
    if (first) {
      const { phase, environment } = first;
      const message = `must not leave ${quoted(environment)} out: phase ${quoted(phase.name)} would be released there with nothing in it`;
      faults.push({ path: `${path}.${field}`, message });
    }
  };
  leaves('environments', (environment) => environments.length > 0 && !environments.includes(environment));
  leaves('notEnvironments', (environment) => notEnvironments.includes(environment));
  return faults;
}

function checkWhere(step: ProcessStep, path: string, phases: Pipeline['phases'], facts: ProcessFacts): Fault[] {
  const environments = facts.environments.map(({ slug }) => slug);
  const most = PROCESS_LIMITS.names;
  const faults = [
    ...checkNames('environment', step.environments, `${path}.environments`, environments, most),
    ...checkNames('environment', step.notEnvironments, `${path}.notEnvironments`, environments, most),
  ];
  const left = (step.environments.length > 0 ? step.environments : environments).filter(
    (environment) => !step.notEnvironments.includes(environment),
  );
  if (faults.length === 0 && left.length === 0 && step.notEnvironments.length > 0) {
    faults.push({ path: `${path}.notEnvironments`, message: 'must leave an environment that the step runs in' });
  }
  const phaseNames = phases.map(({ name }) => name);
  faults.push(...checkNames('phase', step.phases, `${path}.phases`, phaseNames, most));
  if (step.tenants.length > 0) {
    faults.push({ path: `${path}.tenants`, message: 'must be empty: there are no tenants yet' });
  }
  return faults;
}

function checkRunWhen(
  runWhen: RunWhen,
  path: string,
  names: KnownVariables,
  { checkExpression }: ProcessFacts,
): Fault[] {
  const fault = typeof runWhen === 'string' ? null : checkExpression(runWhen.expression, names);
  return fault ? [{ path: `${path}.expression`, message: `${fault.message} (character ${fault.position + 1})` }] : [];
}
