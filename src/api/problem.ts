import type { Fault } from '../domain/fault';
import type { Json } from '../domain/json';
import type { Refusal } from '../domain/refusal';
import { problemKinds, type ProblemCode } from './problem-codes';

export const PROBLEM_TYPE = 'application/problem+json';

/** What a problem carries beyond its code; only what helps the caller goes in. */
export interface ProblemExtras {
  /** Where the request is wrong (HTTP-4). */
  errors?: Fault[];
  /** What is possible instead. */
  allowed?: string[];
  /** Facts a program can use, e.g. the permission that is missing or the releases in the way. */
  facts?: Record<string, Json>;
  headers?: Record<string, string>;
}

/** A problem's body (RFC 9457). */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  errors?: Fault[];
  allowed?: string[];
  facts?: Record<string, Json>;
}

/** The request is answered with a problem: thrown anywhere below a route, rendered in one place. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail);
    this.status = problemKinds[code].status;
  }

  /** The body as sent. The type is a URN: it identifies the code and never goes stale. */
  toBody(): ProblemBody {
    const { errors, allowed, facts } = this.extras;
    return {
      type: `urn:sluice:problem:${this.code}`,
      title: problemKinds[this.code].title,
      status: this.status,
      detail: this.detail,
      code: this.code,
      ...(errors && { errors }),
      ...(allowed && { allowed }),
      ...(facts && { facts }),
    };
  }
}

/** A request that does not fit: 400 with the path of each fault. */
export function invalidRequest(errors: Fault[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  return new Problem(
    'request.invalid',
    first ? `${first.path || 'body'}: ${first.message}${more}` : 'Invalid request',
    {
      errors,
    },
  );
}

/** A rule's refusal as a problem: its code, what is allowed instead, and its facts. */
export function problemOf(refusal: Refusal): Problem {
  return new Problem(refusal.refused, refusal.detail, {
    ...(refusal.allowed && { allowed: refusal.allowed }),
    ...(refusal.facts && { facts: refusal.facts }),
  });
}
