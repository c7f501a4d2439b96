import { recordStep, type RecordedStep, type StepToRecord } from '../store/releases/record-step';
import type { Store } from '../store/store';

/** Records a decision and takes effect, in one transaction (REL-30). Idempotent by release, step number and digest. */
export const recordStepActivity =
  (store: Store) =>
  (input: StepToRecord): Promise<RecordedStep> =>
    store.write((unit) => recordStep(unit, input));
