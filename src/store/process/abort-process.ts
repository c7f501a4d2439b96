import { closeInterruptions } from '../interruptions/close-interruptions';
import type { ProcessChange, ProcessRecording } from './process-recording';

/** Abort stops the process where it stands, and closes what it asks (REL-32, INT-7). */
export async function abortProcess(
  recording: ProcessRecording,
  { at, by, action, cause }: Extract<ProcessChange, { type: 'release-aborting' }>,
): Promise<void> {
  const { unit, release, deployments } = recording;
  const ids = deployments.map(({ id }) => id);
  if (ids.length === 0) {
    return;
  }
  await unit.sql
    .updateTable('deploymentSteps')
    .set({ state: 'aborted', endedAt: at })
    .where('deploymentId', 'in', ids)
    .where('state', 'in', ['pending', 'running', 'waiting'])
    .execute();
  await unit.sql
    .updateTable('stepEffects')
    .set({ status: 'given-up', nextAttemptAt: null, endedAt: at })
    .where('releaseId', '=', release.id)
    .where('status', '=', 'under-way')
    .execute();
  recording.closed.push(...(await closeInterruptions(unit, release, { at, by, action, cause })));
  // Their rows have been ended already, and a release is aborted once.
  deployments
    .filter(({ state }) => state === 'aborted')
    .forEach((deployment) => {
      recording.log(deployment, { at, step: null, message: 'The release is being aborted: the deployment ends here' });
    });
}
