import type { Fault } from './fault';
import type { KnownVariables } from './known-variables';
import type { ProcessJudges } from './process-check';
import { PROCESS_LIMITS } from './process-limits';
import { isShortened } from './shortened-address';
import { parseTemplate, referencesIn } from './template';
import { canonicalName } from './variables';

/** Of one text; nobody mends more at once, and a text could have thousands. */
const MOST_FAULTS = 20;

/** A template that may not be blank. */
export function checkText(
  text: string,
  path: string,
  names: KnownVariables,
  most: number,
  shape: 'lines' | 'one line' = 'lines',
): Fault[] {
  return text.trim() === '' ? [{ path, message: 'must not be blank' }] : checkTemplate(text, path, names, most, shape);
}

/** A template: each variable that it names can exist (VAR-3), and where it stands is told by what is in front of it. */
export function checkTemplate(
  text: string,
  path: string,
  names: KnownVariables,
  most: number,
  shape: 'lines' | 'one line' = 'lines',
): Fault[] {
  if (text.length > most) {
    return [{ path, message: `must have at most ${most} characters` }];
  }
  // PostgreSQL keeps no NUL, and nothing else of these is meant to be read.
  if (/[^\P{Cc}\t\n\r]/u.test(text)) {
    return [{ path, message: 'must hold no control characters but tabs and line breaks' }];
  }
  if (shape === 'one line' && /[\n\r\u2028\u2029]/.test(text)) {
    return [{ path, message: 'must be one line' }];
  }
  const template = parseTemplate(text);
  const unknown = referencesIn(template)
    .filter(({ name }) => !names.has(canonicalName(name)))
    .slice(0, MOST_FAULTS);
  return [...template.faults, ...unknown.map(({ name, position }) => ({ message: names.whyNot(name), position }))]
    .sort((one, other) => one.position - other.position)
    .slice(0, MOST_FAULTS)
    .map(({ message, position }) => ({ path, message: `${message} (character ${position + 1})` }));
}

/**
 * An address that is called; variables in it could lead anywhere, whoever sets them.
 *
 * @param instead what to do instead of naming a user and a password in it
 */
export function checkUrl(url: string, path: string, { endpointFault }: ProcessJudges, instead: string): Fault[] {
  if (url.length > PROCESS_LIMITS.urlLength) {
    return [{ path, message: `must be an address of at most ${PROCESS_LIMITS.urlLength} characters` }];
  }
  if (url.includes('#{')) {
    return [{ path, message: 'must hold no variables' }];
  }
  // Of services the same is said in other words: what goes to them is signed, and this is not.
  if (/^https?:[\\/]*[^\\/?#]*@/i.test(url)) {
    return [{ path, message: `must hold no user and no password: ${instead}` }];
  }
  if (isShortened(url)) {
    return [{ path, message: 'must be whole: this is what is shown of it to those who may not edit it' }];
  }
  const fault = endpointFault(url);
  return fault === null ? [] : [{ path, message: fault }];
}
