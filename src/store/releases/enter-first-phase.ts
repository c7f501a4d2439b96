import { nextStep } from '../../domain/next-step';
import type { Unit } from '../store';
import type { ClaimedRelease, ReleaseClaim } from './claim-release';
import { recordStep } from './record-step';

/**
 * Takes a release that a claim has just started into its first phase, in the transaction of the claim: what nobody has
 * acted on and no review stands before needs no second round through Temporal. The step is the one that the workflow
 * would decide with this claim's answer, recorded as its first by the rules of any other (REL-30); a repeated claim
 * finds it in the position. Anything but a phase is the workflow's to decide.
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
  if (!('step' in next) || next.step.reach?.kind !== 'phase') {
    return claimed;
  }
  const seq = claimed.seq + 1;
  const recorded = await recordStep(unit, { release, epoch, seq, step: next.step, runId, historyLength });
  if (!recorded.recorded) {
    throw new Error(`The first phase of ${release}, claimed in this transaction: ${recorded.why}`);
  }
  return { claimed: true, plan, seq, state: recorded.state, actions: recorded.actions, held: recorded.held };
}
