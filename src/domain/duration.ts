import { DAY, HOUR, LONGEST_MS, MINUTE, SECOND } from './instant';

const TEXT = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Longer texts cannot be a duration of at most a year, whatever their digits. */
const MAX_LENGTH = 64;

/** A duration, or in one sentence why it is none. */
export type ParsedDuration = { ms: number } | { fault: string };

/**
 * Reads a duration (HTTP-2): whole milliseconds, text with the largest unit first (`90s`, `30m`, `12h`, `2d`, `1h30m`)
 * or ISO 8601 without years and months (`PT30M`, `P2W`). At most 366 days; never negative, fractional or empty.
 */
export function parseDuration(value: number | string): ParsedDuration {
  const ms = typeof value === 'number' ? value : msOf(value);
  if (ms === null) {
    return { fault: 'Must be a duration like 90s, 30m, 12h, 2d, 1h30m or PT30M (no years, months or fractions)' };
  }
  if (!Number.isInteger(ms) && ms <= LONGEST_MS) {
    return { fault: 'Must be whole milliseconds' };
  }
  if (ms < 0) {
    return { fault: 'Must not be negative' };
  }
  if (!(ms <= LONGEST_MS)) {
    return { fault: 'Must be at most 366 days' };
  }
  return { ms };
}

function msOf(text: string): number | null {
  if (text.length > MAX_LENGTH) {
    return null;
  }
  const short = TEXT.exec(text);
  if (short) {
    return sum(short.slice(1), [DAY, HOUR, MINUTE, SECOND]);
  }
  const iso = ISO.exec(text);
  return iso && !text.endsWith('T') ? sum(iso.slice(1), [7 * DAY, DAY, HOUR, MINUTE, SECOND]) : null;
}

/** null when no unit is named at all (``, `P`). */
function sum(amounts: (string | undefined)[], units: number[]): number | null {
  if (amounts.every((amount) => amount === undefined)) {
    return null;
  }
  return amounts.reduce((ms, amount, index) => ms + Number(amount ?? 0) * (units[index] ?? 0), 0);
}
