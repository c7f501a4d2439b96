import { SECOND, type Instant } from '../../domain/instant';

/** The one form of date that HTTP writes today. `Date.parse` alone takes `-5` for a day in 2001. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * What `Retry-After` asks for, in seconds or as a date (PRO-5); a date that has passed is negative.
 *
 * @returns null when there is nothing that can be read
 */
export function readRetryAfter(header: string | undefined, now: Instant): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) {
    return Number(text) * SECOND;
  }
  const at = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at - now;
}
