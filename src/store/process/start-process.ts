import { startVariables } from './deployment-variables';
import { insertSteps } from './insert-steps';
import type { ProcessChange, ProcessRecording } from './process-recording';

/** Writes down the steps that deployments are to take, and what their variables are. */
export async function startProcess(
  recording: ProcessRecording,
  event: Extract<ProcessChange, { type: 'phase-started' }>,
): Promise<void> {
  const { unit, release, process } = recording;
  const started = recording.start(event);
  await insertSteps(unit, started, process);
  await startVariables(unit, release, started);
  started.forEach((deployment) => {
    recording.log(deployment, {
      at: event.at,
      step: null,
      message: `The deployment of phase ${deployment.phase} has started`,
    });
  });
}
