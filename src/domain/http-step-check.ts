import { canonicalJson } from './canonical-json';
import { tooMany } from './definition-check';
import type { Fault } from './fault';
import { MINUTE } from './instant';
import type { Json } from './json';
import type { KnownVariables } from './known-variables';
import { faultOfOutputPath } from './output-path';
import type { HttpStep } from './pipeline';
import type { ProcessFacts } from './process-check';
import { PROCESS_LIMITS } from './process-limits';
import { quoted } from './quoted';
import { isReservedHeader } from './reserved-header';
import { parseTemplate } from './template';
import { checkTemplate, checkUrl } from './text-check';

const LONGEST_TIMEOUT_MS = 15 * MINUTE;

/** Lists and objects inside one another; what walks through a body later may recurse. */
const DEEPEST_BODY = 32;

/** Checks an `http` step: all that can be known before it is run (PIPE-4). */
export function checkHttpStep(step: HttpStep, path: string, names: KnownVariables, facts: ProcessFacts): Fault[] {
  const { timeoutMs } = step;
  const isSound = Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_TIMEOUT_MS;
  return [
    ...checkUrl(step.url, `${path}.url`, facts, 'send it in a header, from a sensitive variable'),
    ...checkHeaders(step.headers, `${path}.headers`, names),
    ...(step.method === 'GET' && step.body !== null
      ? [{ path: `${path}.body`, message: 'must be left out: a GET has none' }]
      : checkBody(step.body, `${path}.body`, names)),
    ...(isSound
      ? []
      : [{ path: `${path}.timeout`, message: 'must be a duration of more than 0 to 15m, in whole milliseconds' }]),
    ...checkOutputs(step.outputs, `${path}.outputs`),
  ];
}

function checkHeaders(headers: Readonly<Record<string, string>>, path: string, names: KnownVariables): Fault[] {
  const entries = Object.entries(headers);
  if (entries.length > PROCESS_LIMITS.headers) {
    return tooMany(path, entries.length, PROCESS_LIMITS.headers, 'headers');
  }
  const lower = entries.map(([name]) => name.toLowerCase());
  return entries.flatMap(([name, value], index) => {
    const at = `${path}.${name.slice(0, 100)}`;
    const key = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name)) {
      return [{ path: at, message: 'must have the name of a header: letters, digits and hyphens' }];
    }
    if (isReservedHeader(name)) {
      return [{ path: at, message: 'is set by Sluice itself' }];
    }
    if (lower.indexOf(key) < index) {
      return [{ path: at, message: 'must be unique, ignoring case' }];
    }
    const faults = checkTemplate(value, at, names, PROCESS_LIMITS.headerLength, 'one line');
    // Names of steps inside #{…} may hold anything: they are not sent.
    return faults.length === 0 &&
      /[^\t\x20-\x7e]/.test(
        parseTemplate(value)
          .parts.filter((part) => typeof part === 'string')
          .join(''),
      )
      ? [{ path: at, message: 'must be ASCII: nothing else can be sent in a header' }]
      : faults;
  });
}

/** A text that is a template, or JSON whose texts are. Walked without recursion, so that no body can exhaust it. */
function checkBody(body: Json, path: string, names: KnownVariables): Fault[] {
  const most = PROCESS_LIMITS.templateLength;
  if (typeof body === 'string') {
    return checkTemplate(body, path, names, most);
  }
  if (canonicalJson(body).length > most) {
    return [{ path, message: `must have at most ${most} characters as JSON` }];
  }
  const faults: Fault[] = [];
  const waiting: { value: Json; path: string; depth: number }[] = [{ value: body, path, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path: at, depth } = next;
    if (typeof value === 'string') {
      faults.push(...checkTemplate(value, at, names, most));
    } else if (typeof value === 'object' && value !== null) {
      if (depth === DEEPEST_BODY) {
        return [...faults, { path, message: `must be nested at most ${DEEPEST_BODY} deep` }];
      }
      // In reverse, as the last is taken first: faults come in the order in which they are read.
      for (const [key, member] of Object.entries(value).reverse()) {
        const below = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key.slice(0, 100)}`;
        if (key === '__proto__') {
          faults.push({ path: below, message: 'is a reserved name' });
        }
        waiting.push({ value: member, path: below, depth: depth + 1 });
      }
    }
  }
  return faults;
}

function checkOutputs(outputs: Readonly<Record<string, string>>, path: string): Fault[] {
  const entries = Object.entries(outputs);
  if (entries.length > PROCESS_LIMITS.outputs) {
    return tooMany(path, entries.length, PROCESS_LIMITS.outputs, 'outputs');
  }
  return entries.flatMap(([name, where]) => {
    const at = `${path}.${name.slice(0, 100)}`;
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name)) {
      const message = `must have a name of letters, digits, underscores and hyphens, and ${quoted(name)} is none`;
      return [{ path: at, message }];
    }
    const fault = faultOfOutputPath(where);
    return fault === null ? [] : [{ path: at, message: fault }];
  });
}
