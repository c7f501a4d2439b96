import type { ActionOutcome } from '../../domain/accepted-action';
import type { JsonObject } from '../../domain/json';
import type { ReleaseEvent } from '../../domain/release-event';
import type { NewEvent } from '../audit/entry';
import { factsOf, numberedInterruptions } from '../interruptions/find-interruption';
import { queueNotifications } from '../notifications/queue-notifications';
import type { Unit } from '../store';
import type { ReleaseRow } from './stored-release';
import { planOfRow } from './stored-release';

/**
 * Puts what happened to a release into the audit, which is also its list of events and its stream (INV-4). Phases go
 * by name there, an event that a person caused carries that person's reason, and stands behind the outcome of what
 * that person asked for. What an abort has closed stands behind the abort. Whoever is to be told of it is noted in the
 * same transaction (NOT-1).
 */
export async function recordEvents(
  unit: Unit,
  release: ReleaseRow,
  outcomes: readonly ActionOutcome[],
  events: readonly ReleaseEvent[],
  closed: readonly NewEvent[] = [],
): Promise<void> {
  const plan = planOfRow(release);
  const of = { projectId: release.projectId, releaseId: release.id };
  const reasons = await reasonsOf(unit, outcomes, events);
  const interruptions = await interruptionFacts(unit, release, events);

  const recordOutcome = ({ action, number, at, refusal }: ActionOutcome): void => {
    const asked = reasons.get(action);
    unit.record({
      ...of,
      type: refusal ? 'action-refused' : 'action-applied',
      at,
      actorId: asked?.actorId ?? null,
      data: {
        action,
        number,
        verb: asked?.verb ?? null,
        reason: asked?.reason ?? null,
        ...(refusal ? { code: refusal.refused, detail: refusal.detail } : {}),
      },
    });
  };
  const recordEvent = (event: ReleaseEvent): void => {
    const { type, at, ...facts } = event;
    const data: JsonObject = { ...(facts as JsonObject) };
    delete data['by'];
    if ('phase' in event) {
      data['phase'] = plan.phases[event.phase]?.name ?? null;
    }
    if ('step' in event) {
      data['step'] = plan.process[event.step]?.name ?? null;
    }
    if ('interruption' in event) {
      Object.assign(data, interruptions.get(event.interruption));
    }
    const actionId = 'action' in event ? (event.action ?? null) : null;
    if (actionId !== null) {
      data['reason'] = reasons.get(actionId)?.reason ?? null;
    }
    unit.record({ ...of, type, at, actorId: ('by' in event ? event.by : null) ?? null, data });
  };

  const waiting = [...outcomes];
  for (const event of events) {
    waiting.splice(0, decidedBefore(waiting, event)).forEach(recordOutcome);
    recordEvent(event);
    if (event.type === 'release-aborting') {
      closed.forEach((entry) => unit.record(entry));
    }
  }
  waiting.forEach(recordOutcome);
  await queueNotifications(unit, release, plan, events, (action) => reasons.get(action)?.reason ?? null);
}

/**
 * How many of these outcomes belong before an event: up to the one that brought it about, and all earlier ones
 * (REL-29).
 */
function decidedBefore(outcomes: readonly ActionOutcome[], event: ReleaseEvent): number {
  const cause = 'action' in event ? outcomes.findIndex(({ action }) => action === event.action) : -1;
  const later = outcomes.findIndex(({ at }) => at >= event.at);
  return Math.max(cause + 1, later === -1 ? outcomes.length : later);
}

/** What is told of them, by their number in the release. */
async function interruptionFacts(
  unit: Unit,
  release: ReleaseRow,
  events: readonly ReleaseEvent[],
): Promise<Map<number, JsonObject>> {
  const numbers = events.flatMap((event) => ('interruption' in event ? [event.interruption] : []));
  const rows = numbers.length === 0 ? [] : await numberedInterruptions(unit.sql, release.id, numbers);
  return new Map(rows.map((row) => [row.number, factsOf(row)]));
}

async function reasonsOf(unit: Unit, outcomes: readonly ActionOutcome[], events: readonly ReleaseEvent[]) {
  const ids = new Set(outcomes.map((outcome) => outcome.action));
  for (const event of events) {
    if ('action' in event && event.action != null) {
      ids.add(event.action);
    }
  }
  const rows =
    ids.size === 0
      ? []
      : await unit.sql
          .selectFrom('actions')
          .select(['id', 'actorId', 'verb', 'reason'])
          .where('id', 'in', [...ids])
          .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
