import { escapeFor } from '../../domain/escape';
import { resultsOf } from '../../domain/interruption';
import { startOfGroup } from '../../domain/process';
import type { ProcessEvent } from '../../domain/release-event';
import { parseTemplate, renderTemplate } from '../../domain/template';
import { newId } from '../new-id';
import { maskedLookUp, variablesOf } from './deployment-variables';
import type { Deployment, ProcessRecording } from './process-recording';

/** Renders what the person is to see, with the variables of this moment; sensitive ones are masked (VAR-4). */
export async function raiseInterruption(
  recording: ProcessRecording,
  deployment: Deployment,
  event: Extract<ProcessEvent, { type: 'interruption-raised' }>,
): Promise<{ id: string; teams: readonly string[] }> {
  const { unit, release } = recording;
  const plan = recording.planOf(event);
  const definition = await recording.definitionOf(event);
  const manual = event.kind === 'manual' && definition?.kind === 'manual' ? definition : null;
  const variables = manual
    ? await variablesOf(unit.sql, deployment.id, startOfGroup(recording.process, event.step))
    : [];
  const rendered =
    manual && renderTemplate(parseTemplate(manual.instructions), maskedLookUp(variables), escapeFor.markdown);
  const instructions = rendered
    ? 'text' in rendered
      ? rendered.text
      : `The instructions cannot be shown: the text ${rendered.fault}`
    : // A target says the detail, and whoever edits the pipeline the name: neither is markup (VAR-4).
      `Step ${escapeFor.markdown(plan.name)} has failed: ${escapeFor.markdown(event.failure?.detail ?? '')}`;
  const id = newId();
  const teams = manual?.teams ?? [];
  const open = { number: event.interruption, kind: event.kind, deadlineAt: event.deadlineAt, proceeds: [] };
  await unit.sql
    .insertInto('interruptions')
    .values({
      id,
      releaseId: release.id,
      number: event.interruption,
      projectId: release.projectId,
      environmentId: deployment.environmentId,
      deploymentId: deployment.id,
      position: event.step,
      kind: event.kind,
      state: 'pending',
      title: event.kind === 'manual' ? plan.name : `${plan.name} has failed`,
      instructions,
      teams: JSON.stringify(teams),
      results: JSON.stringify(resultsOf({ open, step: plan })),
      notesRequired: manual?.notesRequired ? 1 : 0,
      approvals: manual?.approvals ?? 1,
      authorMaySubmit: (manual?.authorMaySubmit ?? true) ? 1 : 0,
      blockConcurrent: manual?.blockConcurrent ? 1 : 0,
      proceeds: '[]',
      responsibleUserId: null,
      submitAction: null,
      result: null,
      notes: null,
      submittedBy: null,
      closedBy: null,
      closedWhy: null,
      deadlineAt: event.deadlineAt,
      raisedAt: event.at,
      endedAt: null,
    })
    .execute();
  return { id, teams };
}
