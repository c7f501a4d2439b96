import { inPieces } from '../in-pieces';
import { startVariables } from './deployment-variables';
import type { ProcessChange, ProcessRecording } from './process-recording';

/** Writes down the steps that deployments are to take, and what their variables are. */
export async function startProcess(
  recording: ProcessRecording,
  event: Extract<ProcessChange, { type: 'phase-started' }>,
): Promise<void> {
  const { unit, release, process } = recording;
  const started = recording.start(event);
  const rows = started.flatMap(({ id: deploymentId }) =>
    process.map(({ name, kind }, position) => ({
      deploymentId,
      position,
      name,
      kind,
      state: 'pending' as const,
      try: 1,
      startedAt: null,
      endedAt: null,
      detail: null,
      error: null,
      errored: 0 as const,
    })),
  );
  for (const piece of inPieces(rows)) {
    await unit.sql.insertInto('deploymentSteps').values(piece).execute();
  }
  await startVariables(unit, release, started);
  started.forEach((deployment) => {
    recording.log(deployment, {
      at: event.at,
      step: null,
      message: `The deployment of phase ${deployment.phase} has started`,
    });
  });
}
