import { environmentsOf, type Pipeline, type ProcessStep } from './pipeline';

/** Where a step is to run (PRO-2): empty lists leave nothing out. */
type StepLimits = Pick<ProcessStep, 'environments' | 'notEnvironments' | 'phases'>;

/** Whether the limits of a step let it run in an environment, in a deployment for any of those phases (PRO-2). */
export function isIn(
  { environments, notEnvironments, phases }: StepLimits,
  phaseNames: readonly string[],
  environment: string,
): boolean {
  return (
    (environments.length === 0 || environments.includes(environment)) &&
    !notEnvironments.includes(environment) &&
    (phases.length === 0 || phases.some((name) => phaseNames.includes(name)))
  );
}

/** The environments in which a step of a pipeline ever runs, each once. */
export function whereItRuns(limits: StepLimits, phases: Pipeline['phases']): string[] {
  const reached = phases.flatMap((phase) =>
    environmentsOf(phase).filter((environment) => isIn(limits, [phase.name], environment)),
  );
  return [...new Set(reached)];
}
