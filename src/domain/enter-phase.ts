import { evolveAll } from './evolve';
import type { Instant } from './instant';
import type { StepKind } from './pipeline';
import { advanceProcesses } from './process';
import { kindsOf } from './process-plan';
import { currentPhase } from './release';
import type { ReleaseEvent } from './release-event';
import { planAt, type ReleasePlan } from './release-plan';
import { flagsComeFirst, itemsDue } from './roll-out';
import type { Situation } from './situation';
import { withWhatFollows } from './what-follows';

/**
 * The current phase takes effect: a deployment to each environment without a success. Where it is flags alone, they are
 * switched with it and that is all; with services, the rest of the deployment follows (CHG-1, REL-30).
 */
export function enterPhase(situation: Situation, at: Instant): ReleaseEvent[] {
  const { state, plan } = situation;
  const phase = state.current;
  const { attempt, deployments } = currentPhase(state);
  const environments = planAt(plan, phase).environments.filter(
    (environment) => !deployments.some((d) => d.environment === environment && d.state === 'succeeded'),
  );
  const started: ReleaseEvent = { type: 'phase-started', at, phase, attempt, environments, ...stepsOf(plan) };
  if (plan.process.length > 0) {
    return withWhatFollows(situation, [started, ...firstSteps(situation, started)], at, true);
  }
  const rolledOut: ReleaseEvent[] = [
    started,
    ...environments.flatMap((environment): ReleaseEvent[] => {
      const items = itemsDue(plan, state, phase, environment);
      if (items.every(({ kind }) => kind === 'flags')) {
        return [{ type: 'deployment-succeeded', at, phase, environment }];
      }
      return flagsComeFirst(items) ? [{ type: 'flags-applied', at, phase, environment }] : [];
    }),
  ];
  return withWhatFollows(situation, rolledOut, at, true);
}

/** What the deployments of a pipeline with a process begin with. */
export function stepsOf({ process }: ReleasePlan): { steps?: StepKind[] } {
  return process.length > 0 ? { steps: kindsOf(process) } : {};
}

/**
 * The steps with which deployments begin. Where a roll-out is among them its flags are switched in the very transaction
 * that starts it, if nothing comes before them, and with flags alone that is all of it (REL-30).
 */
function firstSteps({ state, plan }: Situation, started: ReleaseEvent): ReleaseEvent[] {
  const all: ReleaseEvent[] = [];
  let position = evolveAll(state, [started]);
  // Each round is one deployment's, which may be over before the next one begins.
  for (;;) {
    const begun = advanceProcesses(position, plan, started.at);
    if (begun.length === 0) {
      return all;
    }
    const events = begun.flatMap((event): ReleaseEvent[] => {
      if (event.type !== 'step-started' || plan.process[event.step]?.kind !== 'roll-out') {
        return [event];
      }
      const { phase, environment, attempt, step, at } = event;
      const items = itemsDue(plan, position, phase, environment);
      const isAll = items.every(({ kind }) => kind === 'flags');
      return [
        event,
        ...(flagsComeFirst(items) ? [{ type: 'flags-applied' as const, at, phase, environment }] : []),
        ...(isAll ? [{ type: 'step-succeeded' as const, at, phase, environment, attempt, step }] : []),
      ];
    });
    all.push(...events);
    position = evolveAll(position, events);
  }
}
