import { problemOf } from '../problem';
import type { ActionRecord } from './outcome-waiters';
import { toInstant } from '../schemas/common';

const SHOWN = { undecided: 'pending', applied: 'applied', refused: 'refused' } as const;

/** An action as its readers get it, in the shape of the schema `action`. */
export function actionView(action: ActionRecord, by: string) {
  return {
    id: action.id,
    release: action.releaseId,
    number: action.number,
    verb: action.verb,
    state: SHOWN[action.status],
    by,
    reason: action.reason,
    acceptedAt: toInstant(action.acceptedAt),
    decidedAt: action.decidedAt === null ? null : toInstant(action.decidedAt),
    problem: action.refusal ? problemOf(action.refusal).toBody() : null,
  };
}
