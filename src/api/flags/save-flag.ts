import type { FlagRefusal, FlagRefusalCode } from '../../store/flags/flag-refusal';
import { putFlag, type PutFlag } from '../../store/flags/put-flag';
import type { Unit } from '../../store/store';
import { tryDefinition } from '../../targets/flags/try-definition';
import { checkPreconditions, type Preconditions } from '../etag';
import { faultyDefinition } from '../faulty-definition';
import { Problem } from '../problem';
import type { ProblemCode } from '../problem-codes';

/** What PUT and `apply` save. */
export interface FlagToSave extends Omit<PutFlag, 'checkEtag'> {
  preconditions: Preconditions;
  /** Where the definition stands in the request. */
  path: string;
}

/**
 * Checks a definition and saves it: free for a new flag, a direct edit of one that exists (REL-4, FLG-9).
 *
 * @throws Problem 400 `flag.invalid` with all faults, 409 `flag.kind-fixed`, `flag.requires-pipeline`,
 * `flag.being-released`, 410 `flag.gone`, 412 `request.precondition-failed`, 422 `reference.unknown`
 */
export async function saveFlag(
  unit: Unit,
  { preconditions, path, ...flag }: FlagToSave,
): Promise<'created' | 'edited' | 'unchanged'> {
  const faults = tryDefinition(flag.kind, flag.definition, path);
  if (faults.length > 0) {
    throw faultyDefinition('flag.invalid', faults);
  }
  const outcome = await putFlag(unit, { ...flag, checkEtag: (current) => checkPreconditions(preconditions, current) });
  if (outcome.kind === 'refused') {
    throw refusedFlag(outcome.refusal);
  }
  return outcome.kind;
}

const codeOf: Record<FlagRefusalCode, ProblemCode> = {
  'flag.being-released': 'flag.being-released',
  'flag.requires-pipeline': 'flag.requires-pipeline',
  'flag.kind-fixed': 'flag.kind-fixed',
  'flag.gone': 'flag.gone',
  'flag.unknown-environment': 'reference.unknown',
};

/** A refused write of a flag as a problem. */
export function refusedFlag({ refused, detail, facts }: FlagRefusal): Problem {
  return new Problem(codeOf[refused], detail, { facts });
}
