import type { Instant } from './instant';
import { conditionFailed, failedStep, rollOutStep } from './process';
import type { ReleaseState } from './release';
import type { ReleaseEvent } from './release-event';
import type { ReleasePlan } from './release-plan';
import type { FinishedJob, RollOutJob, StepJob } from './roll-out';
import { deploymentOf } from './roll-out';

/** What the end of a job means for the release. */
export function whatBecameOf(
  { state, plan }: { state: ReleaseState; plan: ReleasePlan },
  finished: FinishedJob,
  at: Instant,
): ReleaseEvent[] {
  switch (finished.outcome) {
    case 'answered': {
      const place = placeOf(finished.job, at);
      const { answer } = finished;
      const answered: ReleaseEvent = { ...place, type: 'condition-answered', answer };
      return answer ? [answered] : [answered, conditionFailed({ state, plan }, place)];
    }
    case 'succeeded':
    case 'failed': {
      const { job } = finished;
      const { phase, environment } = job;
      const step = job.kind === 'roll-out' ? stepOfRollOut(state, job) : job.step;
      if (step === null) {
        return finished.outcome === 'succeeded'
          ? [{ type: 'deployment-succeeded', at, phase, environment }]
          : [
              {
                type: 'deployment-failed',
                at,
                phase,
                environment,
                detail: finished.detail,
                errored: finished.errored,
              },
            ];
      }
      const place = { at, phase, environment, attempt: job.attempt, step };
      return finished.outcome === 'succeeded'
        ? [{ ...place, type: 'step-succeeded' }]
        : [failedStep(state, plan, place, finished)];
    }
    case 'reverted':
    case 'drifted': {
      const { service, environment } = finished.job;
      return finished.outcome === 'reverted'
        ? [{ type: 'service-reverted', at, environment, service }]
        : [{ type: 'service-drifted', at, environment, service, detail: finished.detail }];
    }
  }
}

function placeOf({ phase, environment, attempt, step }: StepJob, at: Instant) {
  return { at, phase, environment, attempt, step };
}

/** The step that a roll-out is; null: it is the whole deployment, as the pipeline has no process. */
function stepOfRollOut(state: ReleaseState, job: RollOutJob): number | null {
  const deployment = deploymentOf(state, job);
  const step = deployment ? rollOutStep(deployment) : -1;
  return step === -1 ? null : step;
}
