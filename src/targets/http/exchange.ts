import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as requestSecure, type RequestOptions } from 'node:https';
import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Instant } from '../../domain/instant';
import { failureDetail } from '../failure-detail';
import { faultOfUrl, type AddressPolicy } from './address-policy';
import { createGuardedLookup, RefusedAddressError, type LookUpAll } from './guarded-lookup';

export interface ExchangeRequest {
  /** What the other side is called in details. */
  whom: 'target' | 'endpoint';
  url: string;
  method: string;
  headers: Record<string, string>;
  /** Headers that tell the time, made when the request is written; a slow look-up may come before that. */
  headersAt?: (at: Instant) => Record<string, string>;
  /** null: none. */
  body: string | null;
  /** For all of it, from the look-up to the end of the answer. */
  timeoutMs: number;
  /**
   * Ends the exchange sooner where that is before `timeoutMs` has passed: the instant from which others may count on
   * nothing being sent any more (WHK-4). `timeoutMs` alone counts from the call, which may come late.
   */
  notAfter?: Instant;
}

/** What requests are made with. */
export interface ExchangeSurroundings {
  policy: AddressPolicy;
  now: () => Instant;
  /** The system's, unless given. */
  lookup?: LookUpAll;
}

export type ExchangeResult =
  /** `body` is null where it was too long, broke off or did not end in time; a status that has come counts all the same. */
  | { kind: 'answered'; status: number; headers: IncomingHttpHeaders; body: string | null }
  /** The address may not be asked; nothing was sent. */
  | { kind: 'not-allowed'; detail: string }
  /** `isSent`: the request may have arrived all the same. */
  | { kind: 'unanswered'; detail: string; isSent: boolean };

/** Of an answer's body; a longer one is none. */
const LONGEST_ANSWER = 64 * 1024;
const LONGEST_HEAD = 16 * 1024;
/** Where a name has several addresses, what each but the last gets. Node's own 250 ms give up on a far continent. */
const EACH_ADDRESS_MS = 2_000;
const LATE = 'No answer came in time';

/**
 * Makes one HTTP request and reads its answer, to addresses that are allowed, in bounded time and size, following no
 * redirect (WHK-2, PRO-5). Whatever the network or the other side does is a result; thrown is only what is wrong with
 * the request itself, before anything is sent.
 *
 * Every request has a connection of its own: one that is kept open would outlive the check of its address.
 */
export async function exchange(
  request: ExchangeRequest,
  { policy, now, lookup }: ExchangeSurroundings,
): Promise<ExchangeResult> {
  const { whom, url, method, headersAt, body } = request;
  const notAllowed = (fault: string): ExchangeResult => ({
    kind: 'not-allowed',
    detail: `The address of the ${whom} ${fault}`,
  });
  // Also for addresses that are no names: these are connected to without a look-up.
  const fault = faultOfUrl(url, policy);
  if (fault !== null) {
    return notAllowed(fault);
  }
  const startedAt = now();
  const endsAt = Math.min(startedAt + request.timeoutMs, request.notAfter ?? Number.POSITIVE_INFINITY);
  if (startedAt >= endsAt) {
    return { kind: 'unanswered', detail: LATE, isSent: false };
  }

  return new Promise((resolve) => {
    const options: RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'> = {
      method,
      agent: false,
      lookup: createGuardedLookup(policy, lookup),
      autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS,
      maxHeaderSize: LONGEST_HEAD,
      // Not left to NODE_TLS_REJECT_UNAUTHORIZED, which is set for other things and would count here, too.
      rejectUnauthorized: true,
      // Here already, so that one that is no header fails the call, and not whoever waits for the socket.
      headers: {
        ...request.headers,
        ...(body !== null && { 'content-length': String(Buffer.byteLength(body)) }),
      },
    };
    const outgoing = new URL(url).protocol === 'https:' ? requestSecure(url, options) : requestPlain(url, options);
    let answer: IncomingMessage | null = null;
    let isSent = false;
    const timer = setTimeout(() => finish(unanswered(LATE)), endsAt - startedAt);

    /** What is known of the answer decides: a status that has come counts, however its body ends. */
    function finish(otherwise: ExchangeResult, text: string | null = null): void {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(
        answer === null
          ? otherwise
          : { kind: 'answered', status: answer.statusCode ?? 0, headers: answer.headers, body: text },
      );
    }

    function unanswered(detail: string): ExchangeResult {
      return { kind: 'unanswered', detail, isSent };
    }

    outgoing.on('socket', (socket) =>
      whenOpen(socket, () => {
        // A process that was stopped, or whose machine slept, may come back here before the timer fires (WHK-4).
        if (now() >= endsAt) {
          finish(unanswered(LATE));
          return;
        }
        for (const [name, value] of Object.entries(headersAt?.(now()) ?? {})) {
          outgoing.setHeader(name, value);
        }
        // Only now, in one piece: nothing is left over to be written later.
        isSent = true;
        outgoing.end(body ?? undefined);
      }),
    );
    outgoing.on('response', (response) => {
      answer = response;
      readBody(response, (text) => finish(unanswered(LATE), text));
    });
    // Stays for good: a connection that is dropped may complain afterwards.
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      finish(error instanceof RefusedAddressError ? notAllowed(error.message) : unanswered(failureDetail(error, whom))),
    );
    // Node says no more than this where an answer changes the protocol.
    outgoing.on('close', () => {
      if (answer === null) finish(unanswered(`The ${whom} closed the connection without an answer`));
    });
  });
}

/** Calls back when the connection is made, the certificate checked, and nothing written yet. */
function whenOpen(socket: Socket, then: () => void): void {
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', then);
}

/** Calls back with the body, or with none where it is too long or breaks off; more than once, the first counts. */
function readBody(answer: IncomingMessage, then: (text: string | null) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  answer.on('data', (part: Buffer) => {
    length += part.length;
    if (length > LONGEST_ANSWER) {
      then(null);
      return;
    }
    parts.push(part);
  });
  answer.on('end', () => then(Buffer.concat(parts).toString()));
  answer.on('error', () => then(null));
}
