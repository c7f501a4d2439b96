import { createHash } from 'node:crypto';
import { Problem } from './problem';

/** `If-Match` and `If-None-Match` as sent; null where absent. */
export interface Preconditions {
  ifMatch: string | null;
  ifNoneMatch: string | null;
}

/** A strong ETag of a version: changes exactly when the content does (HTTP-7). */
export function etagOf(...parts: (string | number)[]): string {
  return `"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}"`;
}

/**
 * Guards a write (HTTP-7): `If-Match` must name the current version, `If-None-Match: *` wants none. To be called in the
 * transaction that writes, with the ETag read there; null when the thing does not exist.
 *
 * @throws Problem 412 `request.precondition-failed`
 */
export function checkPreconditions(preconditions: Preconditions, current: string | null): void {
  const { ifMatch, ifNoneMatch } = preconditions;
  if (ifMatch !== null && (current === null || !names(ifMatch, current))) {
    throw new Problem('request.precondition-failed', 'If-Match names a version that is not the current one', {
      facts: { current },
    });
  }
  if (ifNoneMatch !== null && current !== null && names(ifNoneMatch, current)) {
    throw new Problem('request.precondition-failed', 'It exists already, and If-None-Match says it must not', {
      facts: { current },
    });
  }
}

/** Whether a header's list of ETags names this one; `*` names all. A weak tag never matches: writes need certainty. */
export function names(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim() === etag);
}
