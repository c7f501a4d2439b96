/** A point in time: milliseconds since the Unix epoch. Always handed in; no rule reads a clock. */
export type Instant = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The longest duration a definition may hold (HTTP-2, PIPE-4). */
export const LONGEST_MS = 366 * DAY;
