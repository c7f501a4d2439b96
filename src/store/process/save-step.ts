import type { ProcessEvent } from '../../domain/release-event';
import type { StepPlan } from '../../domain/release-plan';
import { whereTo } from '../../domain/where-to';
import { failedWith, NO_ERROR, type ProcessRecording, type StepChange } from './process-recording';
import { raiseInterruption } from './raise-interruption';
import { saveAnswer, saveDeadline } from './save-answer';

/** Brings the row of a step, and what it asks a person, up to what one event says of it. */
export async function saveStep(recording: ProcessRecording, event: ProcessEvent): Promise<void> {
  const deployment = recording.touch(event);
  const { at } = event;
  switch (event.type) {
    case 'step-checking':
      return recording.change(
        deployment,
        event,
        { state: 'running', startedAt: at, ...NO_ERROR },
        'Its condition is being evaluated',
      );
    case 'condition-answered': {
      const message = `Its condition is ${String(event.answer)}`;
      return recording.change(deployment, event, { detail: message }, message);
    }
    case 'step-skipped': {
      const detail = whySkipped(event.why, recording.planOf(event));
      return recording.change(deployment, event, { state: 'skipped', endedAt: at, detail }, `Skipped: ${detail}`);
    }
    case 'step-started': {
      const again = event.try === 1 ? '' : `, try ${event.try}`;
      const change: StepChange = {
        state: 'running',
        startedAt: at,
        endedAt: null,
        ...NO_ERROR,
        try: event.try,
      };
      const to = await whereItSends(recording, event);
      return recording.change(deployment, event, change, `Started${again}${to === null ? '' : `: ${to}`}`);
    }
    case 'step-succeeded':
      return recording.change(deployment, event, { state: 'succeeded', endedAt: at }, 'Succeeded');
    case 'step-failed': {
      const { detail, errored } = event;
      const to = await whereItSends(recording, event);
      const message = `Failed: ${detail}${to === null ? '' : ` (${to})`}`;
      return recording.change(deployment, event, failedWith(at, detail, errored), message);
    }
    case 'interruption-raised': {
      const { id, teams } = await raiseInterruption(recording, deployment, event);
      const { failure } = event;
      const change: StepChange = {
        state: 'waiting',
        ...(failure && { error: failure.detail, errored: failure.errored ? 1 : 0 }),
      };
      return recording.change(
        deployment,
        event,
        event.kind === 'manual' ? { ...change, startedAt: at } : change,
        failure
          ? `Failed: ${failure.detail}. Whoever may deploy is asked what to do (interruption ${id})`
          : `Waiting for ${whomFor(teams, event.deadlineAt)} (interruption ${id})`,
      );
    }
    case 'interruption-proceeded':
    case 'interruption-submitted':
      return saveAnswer(recording, deployment, event);
    case 'interruption-deadline-passed':
      return saveDeadline(recording, deployment, event);
  }
}

function whomFor(teams: readonly string[], deadlineAt: number | null): string {
  const whom = teams.length === 0 ? 'whoever may deploy' : `a member of ${teams.join(' or ')}`;
  return deadlineAt === null ? whom : `${whom} until ${new Date(deadlineAt).toISOString()}`;
}

async function whereItSends(recording: ProcessRecording, event: ProcessEvent): Promise<string | null> {
  const { kind } = recording.planOf(event);
  const definition = kind === 'http' || kind === 'notify' ? await recording.definitionOf(event) : undefined;
  return definition ? whereTo(definition) : null;
}

function whySkipped(why: Extract<ProcessEvent, { type: 'step-skipped' }>['why'], { runWhen }: StepPlan): string {
  switch (why) {
    case 'limits':
      return 'it is not for this environment or phase';
    case 'asked':
      return 'the trigger asked for that';
    case 'status':
      return runWhen === 'failure' ? 'no earlier step has failed' : 'an earlier step has failed';
    case 'condition':
      return 'its condition is false';
  }
}
