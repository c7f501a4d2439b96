import { nextStep } from '../../domain/next-step';
import { isAnythingBlocking } from '../interruptions/lock-blocking';
import type { Unit } from '../store';
import type { ClaimedRelease, ReleaseClaim } from './claim-release';
import { recordStep } from './record-step';

/**
 * Takes a release that a claim has just started into its first phase, in the transaction of the claim: what nobody has
 * acted on and no review stands before needs no second round through Temporal. The step is the one that the workflow
 * would decide with this claim's answer, recorded as its first by the rules of any other (REL-30); a repeated claim
 * finds it in the position. Anything but a phase is the workflow's to decide, and so is what may have to wait for another
 * release's answer: its locks come before that of the release, which the claim has (INT-9).
 */
export async function enterFirstPhase(
  unit: Unit,
  { release, epoch, runId, historyLength, now }: ReleaseClaim,
  claimed: ClaimedRelease,
): Promise<ClaimedRelease> {
  if (!claimed.claimed || claimed.seq > 0 || claimed.held || claimed.actions.length > 0) {
    return claimed;
  }
  const { plan, state } = claimed;
  const next = nextStep({ state, plan, holds: [], mailbox: [], finished: [], held: false, now });
  if (!('step' in next) || next.step.reach?.kind !== 'phase' || (await isAnythingBlocking(unit, release))) {
    return claimed;
  }
  const seq = claimed.seq + 1;
  const step = { release, epoch, seq, step: next.step, runId, historyLength };
  const recorded = await recordStep(unit, step, { isFree: true });
  if (!recorded.recorded) {
    throw new Error(`The first phase of ${release}, claimed in this transaction: ${recorded.why}`);
  }
  return { claimed: true, plan, seq, state: recorded.state, actions: recorded.actions, held: recorded.held };
}
