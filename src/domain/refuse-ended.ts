import type { AcceptedAction, ActionOutcome } from './accepted-action';
import { refuseSettled } from './callback';
import { refuseClosed } from './interruption';
import type { Refusal } from './refusal';
import { refuse } from './refusal';
import type { ReleaseState } from './release';

/** What becomes of actions that were accepted before the end and not decided: everyone is told the same (REL-25). */
export function refuseEnded(state: ReleaseState, actions: readonly AcceptedAction[]): ActionOutcome[] {
  return actions.map((action) => ({
    action: action.id,
    number: action.number,
    at: state.lastAt,
    refusal:
      action.verb === 'callback'
        ? refuseSettled()
        : { ...refusalOf(state, action), allowed: [], facts: { state: state.stage } },
  }));
}

function refusalOf({ stage }: ReleaseState, { verb }: AcceptedAction): Refusal {
  return verb === 'submit' && stage === 'aborted' ? refuseClosed() : refuse('release.ended', `The release is ${stage}`);
}
