import type { ActionRights, InterruptionResult } from '../../domain/accepted-action';
import type { Instant } from '../../domain/instant';
import { mayAnswer, refuseDeadline, submitAnswer, take, type Person } from '../../domain/interruption';
import { isRefusal, refuse, type Refusal } from '../../domain/refusal';
import type { ReleasePlan } from '../../domain/release-plan';
import { acceptAction } from '../releases/accept-action';
import { planOfRow, positionOf } from '../releases/stored-release';
import type { Unit } from '../store';
import { heldOf, type InterruptionRecord } from './find-interruption';
import { changeHolder, lockInterruption, recordRefusal } from './hold-interruption';

/** An answer, and who gives it. */
export interface AnswerRequest {
  id: string;
  result: InterruptionResult;
  /** '' for none. */
  notes: string;
  /** Takes it first, where it is free (INT-8); who is refused has not taken it. */
  takesFirst: boolean;
  person: Person;
  /** Judged now and kept with the answer (REL-10). */
  rights: (plan: ReleasePlan, projectId: string) => ActionRights;
  now: Instant;
}

/**
 * Accepts an answer as an action of the release: from here on it is decided exactly once (REL-25), and nobody else gets
 * the interruption before it is. An answer that its giver may not give, or that does not fit the interruption as it is
 * now, is refused at once. Undefined: there is no such interruption.
 */
export async function acceptAnswer(
  unit: Unit,
  { id, result, notes, takesFirst, person, rights, now }: AnswerRequest,
): Promise<{ action: string; releaseId: string } | Refusal | undefined> {
  const locked = await lockInterruption(unit, id);
  if (!locked) {
    return undefined;
  }
  const { interruption, release: row, name } = locked;
  const { projectId, releaseId, number } = interruption;
  const plan = planOfRow(row);
  const answer = { interruption: number, result, hasNotes: notes.trim() !== '' };
  const asked = { verb: 'submit' as const, by: person.userId, phase: null, attempt: null };
  const judged = rights(plan, projectId);
  const held = heldOf(interruption);
  const taking = takesFirst ? take(held, person, name) : { kind: 'none' as const };
  const isTaken = !isRefusal(taking) && taking.kind === 'held';
  const refusal =
    (isRefusal(taking) ? taking : null) ??
    mayAnswer(isTaken ? { ...held, state: 'taken', responsibleUser: person.userId } : held, person, name) ??
    overdue(plan, interruption, now) ??
    submitAnswer(
      { state: positionOf(row), plan },
      { ...asked, id: '', number: 0, acceptedAt: now, expiresAt: null, rights: judged, answer },
      now,
    );
  if (isRefusal(refusal)) {
    const told = isRefusal(taking) ? { verb: 'take' } : { verb: 'submit', result };
    recordRefusal(unit, interruption, { by: person.userId, at: now, asked: told, refusal });
    return refusal;
  }
  if (isTaken) {
    await changeHolder(unit, interruption, { verb: 'take', by: person.userId, at: now, holder: person.userId });
  }
  const action = await acceptAction(unit, {
    ...asked,
    releaseId,
    reason: notes === '' ? null : notes,
    expiresAfterMs: null,
    answer,
    now,
    judge: () => judged,
  });
  if (action === undefined) {
    return undefined;
  }
  await unit.sql.updateTable('interruptions').set({ submitAction: action }).where('id', '=', id).execute();
  return { action, releaseId };
}

/**
 * From its deadline on nobody has it as before, whether that is recorded yet or not (REL-29): an answer that was accepted
 * now would count for the teams it has gone to, with whom this person need not be (INT-6).
 */
function overdue(
  plan: ReleasePlan,
  { deadlineAt, position }: Pick<InterruptionRecord, 'deadlineAt' | 'position'>,
  now: Instant,
): Refusal | null {
  if (deadlineAt === null || now < deadlineAt) {
    return null;
  }
  const outcome = plan.process[position]?.manual?.deadline?.outcome ?? 'escalate';
  return outcome === 'escalate'
    ? refuse('interruption.not-taken', 'Its deadline has passed: it is for others now, and nobody has taken it')
    : refuseDeadline(outcome, 'is what it brings');
}
