import type { DeploymentState, PlanItem, ReleasePlan, ReleaseState, TouchedService } from './release';
import { phaseAt, planAt } from './release';

/** What a release has begun to do with a service in one environment; `undefined`: nothing. */
export function touchOf(state: ReleaseState, service: string, environment: string): TouchedService | undefined {
  return state.touched.find((touched) => touched.service === service && touched.environment === environment);
}

/**
 * What a deployment of that phase applies in an environment, in order. A service goes where a rule without conditions
 * names the environment and the release has not brought it yet: a later phase finds the version there (CHG-2).
 */
export function itemsDue(plan: ReleasePlan, state: ReleaseState, phase: number, environment: string): PlanItem[] {
  const { unconditional } = planAt(plan, phase);
  return plan.items.filter(
    (item) =>
      item.kind === 'flags' ||
      (unconditional.includes(environment) &&
        item.environments.includes(environment) &&
        !hasArrived(plan, state, item.service, environment)),
  );
}

/**
 * Whether the release has brought a service to an environment. Where a deployment without conditions has succeeded, all
 * of them are there: the workflow hears of that before it hears of what the job has recorded about each.
 */
function hasArrived(plan: ReleasePlan, state: ReleaseState, service: string, environment: string): boolean {
  return (
    touchOf(state, service, environment)?.state === 'applied' ||
    plan.phases.some(
      ({ unconditional }, phase) =>
        unconditional.includes(environment) &&
        phaseAt(state, phase).deployments.some(
          (deployment) => deployment.environment === environment && deployment.state === 'succeeded',
        ),
    )
  );
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
export function hasSwitchedFlags({ state, flagsApplied, ofFullRollout }: DeploymentState): boolean {
  return flagsApplied || (state === 'succeeded' && !ofFullRollout);
}

/** Where a full roll-out still has services to bring: each environment by the first phase that brings services there (REL-20). */
export function fullRolloutLeft(plan: ReleasePlan, state: ReleaseState): { phase: number; environments: string[] }[] {
  const seen = new Set<string>();
  return plan.phases.flatMap(({ unconditional }, phase) => {
    const own = unconditional.filter((environment) => !seen.has(environment));
    own.forEach((environment) => seen.add(environment));
    const environments = own.filter((environment) =>
      itemsDue(plan, state, phase, environment).some(({ kind }) => kind === 'service'),
    );
    return environments.length > 0 ? [{ phase, environments }] : [];
  });
}

/** Nothing that was touched is still on its way back (REL-19). */
export function isAllBack(state: ReleaseState): boolean {
  return state.touched.every((touched) => touched.state === 'reverted' || touched.state === 'drifted');
}

/** Something to be brought about outside, for as long as the position asks for it. */
export type Job =
  | { kind: 'roll-out'; phase: number; environment: string; attempt: number }
  | { kind: 'revert'; service: string; environment: string };

/** What became of a job, and when. */
export type FinishedJob =
  | { job: Extract<Job, { kind: 'roll-out' }>; at: number; outcome: 'succeeded' }
  | {
      job: Extract<Job, { kind: 'roll-out' }>;
      at: number;
      outcome: 'failed';
      detail: string;
      /** The machinery broke; the process did not say no. */
      errored: boolean;
    }
  | { job: Extract<Job, { kind: 'revert' }>; at: number; outcome: 'reverted' }
  | { job: Extract<Job, { kind: 'revert' }>; at: number; outcome: 'drifted'; detail: string };

/** What has to be under way outside in this position: deployments that run, services on their way back. */
export function jobsOf(state: ReleaseState): Job[] {
  switch (state.stage) {
    case 'running':
      return state.phases.flatMap(({ deployments }, phase) =>
        deployments.flatMap((deployment): Job[] =>
          deployment.state === 'running'
            ? [{ kind: 'roll-out', phase, environment: deployment.environment, attempt: deployment.attempt }]
            : [],
        ),
      );
    case 'aborting':
      return state.touched.flatMap(({ state: progress, service, environment }): Job[] =>
        progress === 'reverting' ? [{ kind: 'revert', service, environment }] : [],
      );
    default:
      return [];
  }
}

/** Whether the position still asks for a job. */
export function asksFor(state: ReleaseState, job: Job): boolean {
  return jobsOf(state).some((asked) => jobName(asked) === jobName(job));
}

/** The same for the same job, another for any other. */
export function jobName(job: Job): string {
  return job.kind === 'roll-out'
    ? `roll-out/${job.phase}/${job.environment}/${job.attempt}`
    : `revert/${job.service}/${job.environment}`;
}

/** Whether a deployment applies its flags in the very transaction that starts it: where nothing comes before them (REL-30). */
export function flagsComeFirst(items: readonly PlanItem[]): boolean {
  return items[0]?.kind === 'flags';
}

/** The deployment of that phase, environment and attempt. */
export function deploymentOf(state: ReleaseState, job: Extract<Job, { kind: 'roll-out' }>) {
  return phaseAt(state, job.phase).deployments.find(
    ({ environment, attempt }) => environment === job.environment && attempt === job.attempt,
  );
}
