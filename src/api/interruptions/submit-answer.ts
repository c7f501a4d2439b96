import { isRefusal, type Refusal } from '../../domain/refusal';
import type { InterruptionResult } from '../../domain/accepted-action';
import { acceptAnswer } from '../../store/interruptions/accept-answer';
import { findInterruption, type InterruptionRecord } from '../../store/interruptions/find-interruption';
import type { Caller } from '../caller';
import type { Deps } from '../deps';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import { problemOf, type Problem } from '../problem';
import { actionRights } from '../releases/caller-rights';
import { DECISION_WAIT_MS, refusedAction } from '../releases/request-action';
import { unknownInterruption } from './interruption-scope';
import { personOf } from './interruption-view';
import type { ActionRecord } from '../releases/outcome-waiters';

/** An answer as it is asked for. */
export interface AnswerAsked {
  interruption: InterruptionRecord;
  result: InterruptionResult;
  notes: string;
  /** Takes it first, where it is free (INT-8). */
  takesFirst: boolean;
}

/** What became of it: decided, on its way, or refused. */
export type Answered =
  | { kind: 'applied'; action: string; interruption: InterruptionRecord }
  | { kind: 'undecided'; action: ActionRecord }
  | { kind: 'refused'; action: string | null; problem: Problem };

/**
 * The one loop for answers: accepts one, once for each idempotency key, and waits for its decision (REL-25, INT-2). What
 * is refused at once leaves the key free; what was accepted and is then refused keeps it (HTTP-6).
 */
export async function submitAnswer(
  deps: Deps,
  { interruption: { id, projectId }, result, notes, takesFirst }: AnswerAsked,
  caller: Caller,
  idempotency: IdempotentRequest | null,
): Promise<Answered> {
  const now = deps.now();
  const accepted = await deps.store.write(async (unit): Promise<string | Refusal | undefined> => {
    const claim = await claimIdempotencyKey<string>(unit, idempotency, now);
    if (claim.repeated !== null) {
      return claim.repeated;
    }
    const answer = await acceptAnswer(unit, {
      ...{ id, result, notes, takesFirst, now },
      person: personOf(caller, projectId),
      rights: (plan, of) => actionRights(caller, of, plan, notes !== ''),
    });
    if (!answer || isRefusal(answer)) {
      // It is recorded, so nothing is thrown; but it was not accepted, and what was in its way may be gone next time.
      await claim.free();
      return answer;
    }
    await claim.keep(answer.action, answer.releaseId);
    return answer.action;
  });
  if (accepted === undefined) {
    return { kind: 'refused', action: null, problem: unknownInterruption(id) };
  }
  return typeof accepted === 'string'
    ? outcomeOf(deps, id, accepted)
    : { kind: 'refused', action: null, problem: problemOf(accepted) };
}

async function outcomeOf(deps: Deps, id: string, actionId: string): Promise<Answered> {
  const action = await deps.outcomes.wait(actionId, DECISION_WAIT_MS);
  const interruption = await findInterruption(deps.store.read, id);
  if (!action || !interruption) {
    throw new Error(`The answer ${actionId} to ${id} is not there`);
  }
  switch (action.status) {
    case 'applied':
      return { kind: 'applied', action: actionId, interruption };
    case 'refused':
      return {
        kind: 'refused',
        action: actionId,
        problem: refusedAction(action.refusal, `/v1/actions/${actionId}`),
      };
    case 'undecided':
      return { kind: 'undecided', action };
  }
}
