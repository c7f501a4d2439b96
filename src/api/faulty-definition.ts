import type { Fault } from '../domain/fault';
import { Problem } from './problem';

/** More than anybody mends at once; an answer stays small whatever the definition is. */
const MOST_NAMED = 100;

/** A definition that fits its schema and has faults: 400 with the path of each, `at` being where it stands. */
export function faultyDefinition(
  code:
    | 'pipeline.invalid'
    | 'flag.invalid'
    | 'service.invalid'
    | 'variable.invalid'
    | 'subscription.invalid'
    | 'release.invalid',
  faults: readonly Fault[],
  at = '',
): Problem {
  const errors = faultsAt(at, faults).slice(0, MOST_NAMED);
  const [first] = errors;
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : '';
  return new Problem(code, first ? `${first.path} ${first.message}${more}` : 'The definition has faults', { errors });
}

/** The same faults with paths from further outside: `at` is where their own paths begin. */
export function faultsAt(at: string, faults: readonly Fault[]): Fault[] {
  return at === '' ? [...faults] : faults.map(({ path, message }) => ({ path: `${at}.${path}`, message }));
}
