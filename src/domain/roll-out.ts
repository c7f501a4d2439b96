import { hasSucceeded, lastSuccess, phasesToCome } from './phases-to-come';
import { hasRolledOut } from './process';
import type { DeploymentState, ReleaseState, TouchedService } from './release';
import { phaseAt } from './release';
import type { StepPlace } from './release-event';
import { planAt, type PlanItem, type ReleasePlan } from './release-plan';
import { isIn } from './step-limits';

/** What a release has begun to do with a service in one environment; `undefined`: nothing. */
export function touchOf(state: ReleaseState, service: string, environment: string): TouchedService | undefined {
  return state.touched.find((touched) => touched.service === service && touched.environment === environment);
}

/**
 * What a deployment of that phase applies in an environment, in order. A service goes where a rule without conditions
 * names the environment and the release has not brought it yet: a later phase finds the version there (CHG-2). In a full
 * roll-out the rules of all phases count: it makes one deployment, whichever phase that belongs to (REL-20).
 */
export function itemsDue(plan: ReleasePlan, state: ReleaseState, phase: number, environment: string): PlanItem[] {
  const isNamed = state.fullRollout
    ? isEverUnconditional(plan, environment)
    : planAt(plan, phase).unconditional.includes(environment);
  return plan.items.filter(
    (item) =>
      item.kind === 'flags' ||
      (isNamed && item.environments.includes(environment) && !hasArrived(plan, state, item.service, environment)),
  );
}

/**
 * Whether the release has brought a service to an environment. Where a deployment without conditions has succeeded, all
 * of them are there: the workflow hears of that before it hears of what the job has recorded about each.
 */
function hasArrived(plan: ReleasePlan, state: ReleaseState, service: string, environment: string): boolean {
  return (
    touchOf(state, service, environment)?.state === 'applied' ||
    deploymentsServing(plan, state, environment).some(hasRolledOut)
  );
}

/** The deployments to an environment that bring services there, where it is named without conditions at all. */
function deploymentsServing(plan: ReleasePlan, state: ReleaseState, environment: string): DeploymentState[] {
  return isEverUnconditional(plan, environment)
    ? plan.phases.flatMap(({ unconditional }, phase) =>
        phaseAt(state, phase).deployments.filter(
          (each) => each.environment === environment && (each.ofFullRollout || unconditional.includes(environment)),
        ),
      )
    : [];
}

function isEverUnconditional({ phases }: ReleasePlan, environment: string): boolean {
  return phases.some(({ unconditional }) => unconditional.includes(environment));
}

/** Whether a release can touch more than flags. */
export function hasServices(plan: ReleasePlan): boolean {
  return plan.items.some(({ kind }) => kind === 'service');
}

/** The phases whose rules clients of an environment see: applied there, and not switched back by a skip (FLG-3, REL-16). */
export function phasesShown(state: ReleaseState, environment: string): number[] {
  return state.phases.flatMap(({ deployments }, index) => {
    const isShown = deployments.some(
      (deployment) => deployment.environment === environment && hasSwitchedFlags(deployment),
    );
    return isShown ? [index] : [];
  });
}

/** Whether a deployment has switched its flags, whatever became of it since: they are touched (REL-19). */
export function hasSwitchedFlags({ state, flagsApplied, ofFullRollout, steps }: DeploymentState): boolean {
  return flagsApplied || (state === 'succeeded' && !ofFullRollout && !steps);
}

/**
 * Where a full roll-out still has something to do: services to bring, each environment by the first phase that brings
 * services there, and a process to run where no deployment has succeeded, which is never bypassed (REL-20). Where a phase
 * that is still to come asks for more than an environment has gone through, the deployment is that phase's.
 */
export function fullRolloutLeft(plan: ReleasePlan, state: ReleaseState): { phase: number; environments: string[] }[] {
  const byPhase = plan.phases.map(() => new Set<string>());
  const seen = new Set<string>();
  for (const environment of environmentsOf(plan)) {
    const asking = plan.phases.findLastIndex((_, phase) => asksForMore(plan, state, phase, environment));
    if (asking !== -1) {
      byPhase[asking]?.add(environment);
      seen.add(environment);
    }
  }
  const isAsked = new Set(seen);
  plan.phases.forEach(({ unconditional }, phase) => {
    const own = unconditional.filter((environment) => !seen.has(environment) && !isServed(plan, state, environment));
    own.forEach((environment) => seen.add(environment));
    own
      .filter((environment) => itemsDue(plan, state, phase, environment).some(({ kind }) => kind === 'service'))
      .forEach((environment) => byPhase[phase]?.add(environment));
  });
  const unrun = plan.process.length > 0 ? environmentsOf(plan).filter((each) => lastSuccess(state, each) === -1) : [];
  for (const environment of unrun.filter((each) => !isAsked.has(each))) {
    const first = plan.phases.findIndex(({ unconditional }) => unconditional.includes(environment));
    const phase =
      first === -1 ? plan.phases.findIndex(({ environments }) => environments.includes(environment)) : first;
    byPhase[phase]?.add(environment);
  }
  return byPhase.flatMap((environments, phase) =>
    environments.size > 0 ? [{ phase, environments: [...environments] }] : [],
  );
}

/**
 * A phase that is still to come has a required step for an environment that no deployment which has succeeded there was
 * to run: a sign-off for everyone is not given by the one for staff.
 */
function asksForMore(plan: ReleasePlan, state: ReleaseState, phase: number, environment: string): boolean {
  if (!phasesToCome(plan, state, environment).includes(phase)) {
    return false;
  }
  const done = plan.phases.flatMap(({ name }, index) => (hasSucceeded(state, index, environment) ? [name] : []));
  return plan.process.some(
    (step) =>
      step.required &&
      step.kind !== 'roll-out' &&
      step.phases.length > 0 &&
      isIn(step, [planAt(plan, phase).name], environment) &&
      !isIn(step, done, environment),
  );
}

function environmentsOf({ phases }: ReleasePlan): string[] {
  return [...new Set(phases.flatMap(({ environments }) => environments))];
}

/** A deployment that may bring services there has succeeded. */
function isServed(plan: ReleasePlan, state: ReleaseState, environment: string): boolean {
  return deploymentsServing(plan, state, environment).some((each) => each.state === 'succeeded');
}

/** Nothing that was touched is still on its way back (REL-19). */
export function isAllBack(state: ReleaseState): boolean {
  return state.touched.every((touched) => touched.state === 'reverted' || touched.state === 'drifted');
}

/** Something to be brought about outside, for as long as the position asks for it. */
export type Job = RollOutJob | RevertJob | StepJob;

/** `try`: of the roll-out step, where the pipeline has a process; left out: the first. */
export interface RollOutJob {
  kind: 'roll-out';
  phase: number;
  environment: string;
  attempt: number;
  try?: number;
}

export interface RevertJob {
  kind: 'revert';
  service: string;
  environment: string;
}

/** A step that calls somebody, or whose expression has to be evaluated. */
export interface StepJob extends StepPlace {
  kind: 'step' | 'condition';
  try: number;
}

/** What became of a job, and when. */
export type FinishedJob =
  | { job: RollOutJob; at: number; outcome: 'succeeded' }
  | {
      job: RollOutJob;
      at: number;
      outcome: 'failed';
      detail: string;
      /** The machinery broke; the process did not say no. */
      errored: boolean;
    }
  | { job: StepJob; at: number; outcome: 'succeeded' }
  | { job: StepJob; at: number; outcome: 'failed'; detail: string; errored: boolean }
  | { job: StepJob; at: number; outcome: 'answered'; answer: boolean }
  | { job: RevertJob; at: number; outcome: 'reverted' }
  | { job: RevertJob; at: number; outcome: 'drifted'; detail: string };

/** What has to be under way outside in this position: deployments that run, services on their way back. */
export function jobsOf(state: ReleaseState): Job[] {
  switch (state.stage) {
    case 'running':
      return state.phases.flatMap(({ deployments }, phase) =>
        deployments.flatMap((deployment): Job[] => {
          const { environment, attempt, steps } = deployment;
          if (steps) {
            return jobsOfSteps(deployment, phase);
          }
          return deployment.state === 'running' ? [{ kind: 'roll-out', phase, environment, attempt }] : [];
        }),
      );
    case 'aborting':
      return state.touched.flatMap(({ state: progress, service, environment }): Job[] =>
        progress === 'reverting' ? [{ kind: 'revert', service, environment }] : [],
      );
    default:
      return [];
  }
}

function jobsOfSteps({ state, environment, attempt, steps = [] }: DeploymentState, phase: number): Job[] {
  if (state !== 'running' && state !== 'waiting') {
    return [];
  }
  return steps.flatMap((each, step): Job[] => {
    const place = { phase, environment, attempt, step, try: each.try };
    switch (each.state) {
      case 'checking':
        return [{ kind: 'condition', ...place }];
      case 'running':
        return each.kind === 'roll-out'
          ? [{ kind: 'roll-out', phase, environment, attempt, try: each.try }]
          : [{ kind: 'step', ...place }];
      default:
        return [];
    }
  });
}

/** Whether the position still asks for a job. */
export function asksFor(state: ReleaseState, job: Job): boolean {
  return jobsOf(state).some((asked) => jobName(asked) === jobName(job));
}

/** The same for the same job, another for any other. */
export function jobName(job: Job): string {
  switch (job.kind) {
    case 'roll-out':
      return `roll-out/${job.phase}/${job.environment}/${attemptOf(job)}`;
    case 'revert':
      return `revert/${job.service}/${job.environment}`;
    default:
      return `${job.kind}/${job.phase}/${job.environment}/${attemptOf(job)}/${job.step}`;
  }
}

/**
 * The attempt as keys of effects name it: another try of a step that a person has decided is another key (WHK-3,
 * INT-10), and no retry of the phase has the same.
 */
export function attemptOf({ attempt, try: tried = 1 }: { attempt: number; try?: number }): string {
  return tried === 1 ? String(attempt) : `${attempt}.${tried}`;
}

/** Whether a deployment applies its flags in the very transaction that starts it: where nothing comes before them (REL-30). */
export function flagsComeFirst(items: readonly PlanItem[]): boolean {
  return items[0]?.kind === 'flags';
}

/** The deployment of that phase, environment and attempt. */
export function deploymentOf(state: ReleaseState, job: Pick<RollOutJob, 'phase' | 'environment' | 'attempt'>) {
  return phaseAt(state, job.phase).deployments.find(
    ({ environment, attempt }) => environment === job.environment && attempt === job.attempt,
  );
}
