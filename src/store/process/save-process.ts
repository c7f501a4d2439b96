import { withNotes } from '../../domain/one-line';
import type { ReleaseState } from '../../domain/release';
import type { ReleaseEvent } from '../../domain/release-event';
import type { NewEvent } from '../audit/entry';
import type { ReleaseRow } from '../releases/stored-release';
import { planOfRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { abortProcess } from './abort-process';
import { ProcessRecording, type ProcessChange } from './process-recording';
import { saveStep } from './save-step';
import { startProcess } from './start-process';

/**
 * Brings steps, interruptions and variables of deployments up to what these events say of them; `after` is the position
 * behind them. The rows of the deployments are written already. A pipeline without a process costs nothing.
 * Returns what the audit says of interruptions that were closed with it.
 */
export async function saveProcess(
  unit: Unit,
  release: ReleaseRow,
  after: ReleaseState,
  events: readonly ReleaseEvent[],
): Promise<NewEvent[]> {
  const concerned = planOfRow(release).process.length === 0 ? [] : events.filter(isOfProcess);
  if (concerned.length === 0) {
    return [];
  }
  const recording = await ProcessRecording.of(unit, release, concerned);
  for (const event of concerned) {
    await save(recording, event);
  }
  await recording.finish(after);
  return recording.closed;
}

function isOfProcess(event: ReleaseEvent): event is ProcessChange {
  return (
    ('step' in event && 'attempt' in event) ||
    ['phase-started', 'release-aborting', 'deployment-succeeded', 'deployment-failed'].includes(event.type)
  );
}

async function save(recording: ProcessRecording, event: ProcessChange): Promise<void> {
  const { unit } = recording;
  switch (event.type) {
    case 'phase-started':
      return startProcess(recording, event);
    case 'release-aborting':
      return abortProcess(recording, event);
    case 'deployment-succeeded':
    case 'deployment-failed': {
      const deployment = recording.youngest(event.phase, event.environment);
      const how = event.type === 'deployment-succeeded' ? 'succeeded' : `failed: ${await whyFailed(unit, event)}`;
      recording.log(deployment, { at: event.at, step: null, message: `The deployment has ${how}` });
      return;
    }
    default:
      return saveStep(recording, event);
  }
}

/** A person's abort is told as theirs, with what they wrote (INT-5). */
async function whyFailed(
  { sql }: Unit,
  { detail = '', action }: Extract<ProcessChange, { type: 'deployment-failed' }>,
): Promise<string> {
  const answer =
    action === undefined
      ? undefined
      : await sql
          .selectFrom('actions')
          .innerJoin('users', 'users.id', 'actions.actorId')
          .select(['users.slug', 'actions.reason'])
          .where('actions.id', '=', action)
          .executeTakeFirst();
  return answer ? withNotes(`${answer.slug} aborted it`, answer.reason) : detail;
}
