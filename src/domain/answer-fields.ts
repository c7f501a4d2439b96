import type { Json } from './json';
import { valueAt } from './output-path';
import { quoted } from './quoted';

/** The output variables of an `http` step by name, or what keeps the step from having them. */
export type Outputs = { values: Record<string, string> } | { fault: string };

/**
 * Reads the chosen fields of an answer (VAR-2). One that is missing is a fault: later steps would go on with an empty
 * text where an id should be.
 *
 * @param body of the answer; null: it was too long or broke off
 * @param outputs names of variables, and where their values are
 */
export function readOutputs(body: string | null, outputs: Readonly<Record<string, string>>): Outputs {
  const chosen = Object.entries(outputs);
  if (chosen.length === 0) {
    return { values: {} };
  }
  if (body === null) {
    return { fault: 'The answer was too long, or did not come to its end' };
  }
  const answer = parsed(body);
  if (answer === undefined) {
    return { fault: 'The answer is no JSON' };
  }
  const values: [string, string][] = [];
  for (const [name, path] of chosen) {
    const value = fieldOf(answer, path);
    if (value === null) {
      return { fault: `The answer has no field ${quoted(path)} that is a text, a boolean or an exact number` };
    }
    values.push([name, value]);
  }
  return { values: Object.fromEntries(values) };
}

/**
 * One field of a JSON value as a text (VAR-2): a text as it is but for NUL, numbers and booleans as JSON. Anything else is null, and
 * so is an integer beyond 2^53: its last digits were lost when it was read, and it would name another thing.
 *
 * @param path see output-path.ts
 */
export function fieldOf(json: Json, path: string): string | null {
  const value = valueAt(json, path);
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return isExact ? JSON.stringify(value) : null;
  }
  // PostgreSQL keeps no NUL: the answer could not be recorded, and would be asked for again without end.
  const text = typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : null;
  return typeof value === 'boolean' ? String(value) : text;
}

function parsed(text: string): Json | undefined {
  try {
    // Some write a byte order mark before it, which is no JSON and means nothing.
    return JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch {
    return undefined;
  }
}
