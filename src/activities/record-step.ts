import { recordStep, type RecordedStep, type StepToRecord } from '../store/releases/record-step';
import type { Store } from '../store/store';
import { isLate } from './lateness';

/** Records a decision and takes effect, in one transaction (REL-30). Idempotent by release, step number and digest. */
export const recordStepActivity =
  (store: Store, since: number) =>
  (input: StepToRecord): Promise<RecordedStep> => {
    const facts = { isLate: isLate(since) };
    return store.write((unit) => recordStep(unit, input, facts));
  };
