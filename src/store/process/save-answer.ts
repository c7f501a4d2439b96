import { withNotes } from '../../domain/one-line';
import type { ProcessEvent } from '../../domain/release-event';
import { manualOutputs } from '../../domain/variables';
import { answersOf, type Answer } from '../interruptions/answers-of';
import { wakeBlocked } from '../interruptions/wake-blocked';
import { saveOutputs, type OutputValue } from './deployment-variables';
import { failedWith, NO_ERROR, type Deployment, type ProcessRecording } from './process-recording';

/** A person's answer: it ends the interruption or, where others have to say so as well, leaves it open to them (INT-6). */
export async function saveAnswer(
  recording: ProcessRecording,
  deployment: Deployment,
  event: Extract<ProcessEvent, { type: 'interruption-proceeded' | 'interruption-submitted' }>,
): Promise<void> {
  const { unit, release } = recording;
  const { at, by, action, interruption } = event;
  const answers = await answersOf(unit.sql, release.id, interruption, action);
  const last = answers.at(-1);
  const notes = last?.notes ?? '';
  const who = last?.username ?? by;
  if (event.type === 'interruption-proceeded') {
    // Pending again: others have to say so as well (INT-6).
    await changeInterruption(recording, interruption, {
      state: 'pending',
      responsibleUserId: null,
      submitAction: null,
      proceeds: JSON.stringify(answers.map(({ action: given, userId }) => ({ action: given, by: userId }))),
    });
    recording.log(deployment, {
      at,
      step: recording.planOf(event).name,
      message: withNotes(`${who} says to proceed; others have to as well`, notes),
    });
    return;
  }
  const { result } = event;
  await changeInterruption(recording, interruption, {
    state: 'submitted',
    submitAction: action,
    result,
    notes,
    submittedBy: by,
    endedAt: at,
  });
  await wakeBlocked(unit, release);
  if (result === 'proceed' || result === 'abort') {
    await saveManual(recording, deployment, event, { approved: result === 'proceed', byDeadline: false, answers });
  }
  const message = withNotes(`${who} answered ${result}`, notes);
  switch (result) {
    case 'proceed':
      return recording.change(deployment, event, { state: 'succeeded', endedAt: at, detail: message }, message);
    case 'ignore': {
      // What went wrong is a thing of the past, and told as that.
      const failure = await recording.errorOf(deployment, event);
      const detail = failure === null ? message : `${message}: ${failure}`;
      return recording.change(deployment, event, { state: 'succeeded', endedAt: at, detail, ...NO_ERROR }, message);
    }
    case 'abort': {
      // A person said no, which is no error (INT-5).
      const detail = notes === '' ? `${who} aborted it` : `${who} aborted it: ${notes}`;
      return recording.change(deployment, event, { state: 'failed', endedAt: at, detail, ...NO_ERROR }, message);
    }
    case 'fail':
      return recording.change(deployment, event, { state: 'failed', endedAt: at, detail: message }, message);
    case 'retry':
      return recording.change(deployment, event, { state: 'running', detail: message, ...NO_ERROR }, message);
  }
}

/** Nobody answered in time: others are asked, or the deadline stands for an answer. */
export async function saveDeadline(
  recording: ProcessRecording,
  deployment: Deployment,
  event: Extract<ProcessEvent, { type: 'interruption-deadline-passed' }>,
): Promise<void> {
  const { unit, release } = recording;
  const { at, interruption, outcome } = event;
  const definition = await recording.definitionOf(event);
  if (outcome === 'escalate') {
    const deadline = definition?.kind === 'manual' ? definition.deadline : null;
    const teams = deadline?.outcome === 'escalate' ? deadline.escalateTo : [];
    // Whoever had it did not answer: it is for the others now.
    await changeInterruption(recording, interruption, {
      state: 'pending',
      responsibleUserId: null,
      teams: JSON.stringify(teams),
      deadlineAt: null,
      escalatedAt: at,
    });
    const message = `Nobody answered before the deadline: ${teams.join(', ')} are responsible now`;
    recording.log(deployment, { at, step: recording.planOf(event).name, message });
    return;
  }
  await changeInterruption(recording, interruption, {
    state: 'submitted',
    result: outcome,
    notes: 'Nobody answered before the deadline',
    endedAt: at,
  });
  await wakeBlocked(unit, release);
  const answers = await answersOf(unit.sql, release.id, interruption, null);
  await saveManual(recording, deployment, event, { approved: outcome === 'proceed', byDeadline: true, answers });
  const message = `Nobody answered before the deadline, so it is to ${outcome}`;
  return recording.change(
    deployment,
    event,
    outcome === 'proceed'
      ? { state: 'succeeded', endedAt: at, detail: message }
      : { ...failedWith(at, 'Nobody answered before the deadline', false), detail: message },
    message,
  );
}

/** What later steps can use of a manual one (VAR-1, VAR-8). */
function saveManual(
  recording: ProcessRecording,
  deployment: Deployment,
  event: ProcessEvent,
  { answers, ...outcome }: { approved: boolean; byDeadline: boolean; answers: readonly Answer[] },
): Promise<void> {
  const { name, manual } = recording.planOf(event);
  const outputs = manualOutputs(name, { ...outcome, submissions: answers, approvals: manual?.approvals ?? 1 });
  const kept = [...outputs].map(([output, value]): [string, OutputValue] => [
    output,
    { value, sensitive: 0, variableId: null },
  ]);
  return saveOutputs(recording.unit, deployment.id, new Map(kept));
}

async function changeInterruption(
  { unit, release }: ProcessRecording,
  number: number,
  change: Record<string, string | number | null>,
): Promise<void> {
  await unit.sql
    .updateTable('interruptions')
    .set(change)
    .where('releaseId', '=', release.id)
    .where('number', '=', number)
    .execute();
}
