import MarkdownIt from 'markdown-it';
import { escapeFor } from '../../domain/escape';

/** What is too short says nothing: a few characters of base64, or a few digits, are in any text. */
const SHORTEST_BYTES = 3;
/** A text that was encoded twice is found: JSON in a page, an address in JSON, base64 of either. */
const DEEPEST = 2;

/**
 * The first of these secrets that an answer repeats: as it is, or as it stands in a header, JSON, an address, a form, HTML,
 * base64 or hexadecimal digits, alone or in the middle of more. What was computed from it is another thing, and is not
 * found.
 */
export function repeatedIn<T extends { value: string }>(text: string, secrets: readonly T[]): T | undefined {
  const readings = secrets.length === 0 ? [] : readingsOf(text);
  return secrets.find(({ value }) => isIn(readings, value));
}

/** The same of one secret. */
export function repeatsSecret(text: string, secret: string): boolean {
  return repeatedIn(text, [{ value: secret }]) !== undefined;
}

interface Reading {
  text: string;
  /** What base64 and hexadecimal digits could stand in: both may be broken into lines. */
  base64: string;
  hex: string;
}

function isIn(readings: readonly Reading[], secret: string): boolean {
  const written = [
    secret,
    secret.trim(),
    escapeFor['mail-header'](secret),
    escapeFor['http-header'](secret),
    secret.replace(/\p{Cs}/gu, '\ufffd'),
    withLineFeeds(secret),
  ].filter((form) => form !== '');
  const bytes = Buffer.from(secret);
  const base64 = base64Of(bytes).filter((form) => form.length > SHORTEST_BYTES);
  const hex = bytes.length >= SHORTEST_BYTES ? [bytes.toString('hex')] : [];
  return readings.some(
    (reading) =>
      written.some((form) => reading.text.includes(form)) ||
      base64.some((form) => reading.base64.includes(form)) ||
      hex.some((form) => reading.hex.includes(form)),
  );
}

/** A text, and what it says decoded; no form is longer than the one that it was read from. */
function readingsOf(text: string): Reading[] {
  const all = new Set([text, withLineFeeds(text)]);
  let last = [...all];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const known = all.size;
    for (const reading of last) {
      for (const decode of DECODERS) {
        all.add(decode(reading));
      }
    }
    last = [...all].slice(known);
  }
  return [...all].map((reading) => ({
    text: reading,
    base64: standardBase64(reading).replace(/\s/g, ''),
    hex: reading.toLowerCase().replace(/[\s:]/g, ''),
  }));
}

const { utils } = new MarkdownIt();

const DECODERS: readonly ((text: string) => string)[] = [
  percentDecoded,
  // A form writes a blank as a plus; in an address a plus may be one.
  (text) => percentDecoded(text.replaceAll('+', ' ')),
  (text) => text.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/gi, (entity) => utils.unescapeAll(entity)),
  (text) =>
    text.replace(/\\(?:u([0-9a-f]{4})|(["\\/bfnrt]))/gi, (_, unit?: string, character?: string) =>
      unit === undefined
        ? (JSON_ESCAPES[character ?? ''] ?? character ?? '')
        : String.fromCharCode(Number.parseInt(unit, 16)),
    ),
  (text) =>
    (standardBase64(text).match(/[A-Za-z0-9+/]{8,}/g) ?? [])
      .map((run) => Buffer.from(run, 'base64').toString())
      .join('\n'),
];

const JSON_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    const decoded = bytes.toString();
    // Older forms are not UTF-8.
    return decoded.includes('\ufffd') ? bytes.toString('latin1') : decoded;
  });
}

function standardBase64(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/');
}

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/** Base64 takes three bytes at a time, so a text looks in three ways in the middle of more: these, without their edges. */
function base64Of(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), secret]);
    return bytes.toString('base64').slice(Math.ceil((before * 4) / 3), Math.floor((bytes.length * 4) / 3));
  });
}
