import type { AcceptedAction, ActionRights, Callback, InterruptionAnswer } from '../../domain/accepted-action';
import type { Instant } from '../../domain/instant';
import type { ActionVerb } from '../../domain/pipeline';
import { refuseEnded } from '../../domain/refuse-ended';
import type { ReleaseState, UserId } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import { planAt, type ReleasePlan } from '../../domain/release-plan';
import { newId } from '../new-id';
import type { Unit } from '../store';
import { recordEvents } from './record-events';
import { lockRelease, planOfRow, positionOf } from './stored-release';

/** What a person asks of a release, or a target tells it. */
export interface ActionRequest {
  releaseId: string;
  verb: ActionVerb;
  by: UserId;
  /** Phase and attempt that the caller saw; null: those current at acceptance (REL-14). */
  phase: string | null;
  attempt: number | null;
  reason: string | null;
  expiresAfterMs: number | null;
  /** `accept-drift`: what is given up; `callback`: what was applied where. */
  item?: AcceptedAction['item'];
  /** `submit`: what is answered. */
  answer?: InterruptionAnswer;
  /** `callback`: what the target says. */
  callback?: Callback;
  now: Instant;
  /** What this person may do to a release of that plan and project; throws when the verb as such is not allowed. */
  judge: (plan: ReleasePlan, projectId: string) => ActionRights;
}

/** What means the release as a whole, whatever phase it is in. */
const UNBOUND: readonly ActionVerb[] = ['abort', 'full-rollout', 'accept-drift', 'submit'];

/**
 * Accepts an action: from here on it is decided exactly once, whatever dies (REL-25, REL-28). One on a release that has
 * ended is refused here, since nobody is left to decide it. Returns its id, or `undefined` for an unknown release.
 */
export async function acceptAction(unit: Unit, request: ActionRequest): Promise<string | undefined> {
  const row = await lockRelease(unit, request.releaseId);
  if (!row) {
    return undefined;
  }
  const state = positionOf(row);
  const plan = planOfRow(row);
  const rights = request.judge(plan, row.projectId);
  const boundToPhase = !UNBOUND.includes(request.verb);
  const phase = request.phase ?? (boundToPhase ? planAt(plan, state.current).name : null);
  const action: AcceptedAction = {
    id: newId(),
    number: row.lastAction + 1,
    verb: request.verb,
    by: request.by,
    phase,
    attempt: request.attempt ?? (boundToPhase ? attemptOf(state, plan, phase) : null),
    acceptedAt: request.now,
    expiresAt: request.expiresAfterMs === null ? null : request.now + request.expiresAfterMs,
    rights,
    ...(request.item && { item: request.item }),
    ...(request.answer && { answer: request.answer }),
    ...(request.callback && { callback: request.callback }),
  };
  const [ended] = isTerminal(state) ? refuseEnded(state, [action]) : [];

  await unit.sql
    .insertInto('actions')
    .values({
      id: action.id,
      releaseId: row.id,
      number: action.number,
      verb: action.verb,
      actorId: action.by,
      action: JSON.stringify(action),
      reason: request.reason,
      acceptedAt: action.acceptedAt,
      deliveredAt: ended ? request.now : null,
      status: ended ? 'refused' : 'undecided',
      refusal: ended ? JSON.stringify(ended.refusal) : null,
      decidedAt: ended ? request.now : null,
    })
    .execute();
  await unit.sql.updateTable('releases').set({ lastAction: action.number }).where('id', '=', row.id).execute();

  if (ended) {
    await recordEvents(unit, row, [{ ...ended, at: request.now }], []);
  } else {
    unit.notify({ kind: 'work', releaseId: row.id });
  }
  return action.id;
}

/** The attempt that a phase is in at acceptance; `null` for a phase that there is not, which is refused when decided. */
function attemptOf(state: ReleaseState, plan: ReleasePlan, name: string | null): number | null {
  return state.phases[plan.phases.findIndex((phase) => phase.name === name)]?.attempt ?? null;
}
