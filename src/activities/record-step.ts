import { Divergence, recordStep, type RecordedStep, type StepToRecord } from '../store/releases/record-step';
import { repairRelease, type Repaired } from '../store/releases/repair-release';
import type { Store } from '../store/store';
import { isLate } from './lateness';

/** Told of every divergence, for log and metrics, and what became of the repair. */
export type OnDivergence = (divergence: Divergence, step: StepToRecord, repaired: Repaired) => void;

/**
 * Records a decision and takes effect, in one transaction (REL-30). Idempotent by release, step number and digest. A
 * workflow that diverges is told to end, and the release goes on from the store in another (REL-33).
 */
export const recordStepActivity =
  (store: Store, since: number, onDivergence: OnDivergence) =>
  async (input: StepToRecord): Promise<RecordedStep> => {
    const facts = { isLate: isLate(since) };
    try {
      return await store.write((unit) => recordStep(unit, input, facts));
    } catch (error) {
      if (!(error instanceof Divergence)) {
        throw error;
      }
      return endDiverged(store, input, error, onDivergence);
    }
  };

/** In a transaction of its own, as nothing of the other one is left; without the store both are tried again. */
async function endDiverged(
  store: Store,
  step: StepToRecord,
  divergence: Divergence,
  onDivergence: OnDivergence,
): Promise<RecordedStep> {
  const { message } = divergence;
  const repaired = await store.write((unit) =>
    repairRelease(unit, {
      releaseId: step.release,
      epoch: step.epoch,
      why: 'diverged',
      detail: message,
      by: null,
      reason: null,
      at: Date.now(),
    }),
  );
  onDivergence(divergence, step, repaired);
  return { recorded: false, why: message };
}
