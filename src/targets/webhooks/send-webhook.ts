import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure, type RequestOptions } from 'node:https';
import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Instant } from '../../domain/instant';
import { judgeAnswer, type WebhookOutcome } from '../../domain/webhook-answer';
import { faultOfUrl, type AddressPolicy } from './address-policy';
import { failureDetail } from './failure-detail';
import { createGuardedLookup, RefusedAddressError, type LookUpAll } from './guarded-lookup';
import { readCurrentVersion } from './read-current-version';
import { readRetryAfter } from './read-retry-after';
import { createWebhookSigner } from './webhook-signer';

export interface WebhookRequest {
  url: string;
  /** The idempotency key: the same on every retry (WHK-3). */
  id: string;
  /** JSON. */
  body: string;
  /** Newest first. */
  secrets: readonly string[];
  /** For all of it, from the look-up to the end of the answer. */
  timeoutMs: number;
  /**
   * Ends the exchange sooner where that is before `timeoutMs` has passed: the instant from which others may count on
   * nothing being sent any more (WHK-4). `timeoutMs` alone counts from the call, which may come late.
   */
  notAfter?: Instant;
  /** What the target is asked to have; null for the revert of a first deployment. */
  version: string | null;
}

export interface WebhookSurroundings {
  policy: AddressPolicy;
  now: () => Instant;
  /** The system's, unless given. */
  lookup?: LookUpAll;
}

/** Of an answer's body; what comes behind is of no interest. */
const LONGEST_ANSWER = 64 * 1024;
const LONGEST_HEAD = 16 * 1024;
/** Where a name has several addresses, what each but the last gets. Node's own 250 ms give up on a far continent. */
const EACH_ADDRESS_MS = 2_000;

/**
 * Sends one signed webhook and says what came of it (WHK-1, WHK-2, WHK-5, PRO-5). Whatever the network or the target does
 * is an outcome; thrown is only what is wrong with the request itself, before anything is sent.
 *
 * Every send has a connection of its own: one that is kept open would outlive the check of its address.
 */
export async function sendWebhook(
  request: WebhookRequest,
  { policy, now, lookup }: WebhookSurroundings,
): Promise<WebhookOutcome> {
  const { url, id, body, secrets, version } = request;
  const sign = createWebhookSigner(secrets);
  // Also for addresses that are no names: these are connected to without a look-up.
  const fault = faultOfUrl(url, policy);
  if (fault !== null) {
    return refused(fault);
  }
  const startedAt = now();
  const endsAt = Math.min(startedAt + request.timeoutMs, request.notAfter ?? Number.POSITIVE_INFINITY);
  if (startedAt >= endsAt) {
    return late();
  }

  return new Promise((resolve) => {
    const options: RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'> = {
      method: 'POST',
      agent: false,
      lookup: createGuardedLookup(policy, lookup),
      autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS,
      maxHeaderSize: LONGEST_HEAD,
      // Not left to NODE_TLS_REJECT_UNAUTHORIZED, which is set for other things and would count here, too.
      rejectUnauthorized: true,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Sluice',
        // Here already, so that one that is no header fails the call, and not whoever waits for the socket.
        'webhook-id': id,
      },
    };
    const exchange = new URL(url).protocol === 'https:' ? requestSecure(url, options) : requestPlain(url, options);
    let answer: IncomingMessage | null = null;
    let isSent = false;
    const timer = setTimeout(() => finish(late()), endsAt - startedAt);

    /** What is known of the answer decides: a status that has come counts, however its body ends. */
    function finish(otherwise: WebhookOutcome, text = ''): void {
      clearTimeout(timer);
      exchange.destroy();
      resolve(answer === null ? open(otherwise) : judge(answer, text, version, now()));
    }

    /** A request without an answer may have arrived all the same. */
    function open(outcome: WebhookOutcome): WebhookOutcome {
      return isSent && outcome.kind === 'broken' ? { ...outcome, isOpen: true } : outcome;
    }

    exchange.on('socket', (socket) =>
      whenOpen(socket, () => {
        // A process that was stopped, or whose machine slept, may come back here before the timer fires (WHK-4).
        if (now() >= endsAt) {
          finish(late());
          return;
        }
        for (const [name, value] of Object.entries(sign(id, body, now()))) {
          exchange.setHeader(name, value);
        }
        // Only now, in one piece: nothing is left over to be written later.
        isSent = true;
        exchange.end(body);
      }),
    );
    exchange.on('response', (response) => {
      answer = response;
      readBody(response, (text) => finish(late(), text));
    });
    // Stays for good: a connection that is dropped may complain afterwards.
    exchange.on('error', (error: NodeJS.ErrnoException) =>
      finish(error instanceof RefusedAddressError ? refused(error.message) : broken(failureDetail(error))),
    );
    // Node says no more than this where an answer changes the protocol.
    exchange.on('close', () => {
      if (answer === null) finish(broken('The target closed the connection without an answer'));
    });
  });
}

/** Calls back when the connection is made, the certificate checked, and nothing written yet. */
function whenOpen(socket: Socket, then: () => void): void {
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', then);
}

/** Calls back with the body, or with none where it is too long or breaks off; more than once, the first counts. */
function readBody(answer: IncomingMessage, then: (text: string) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  answer.on('data', (part: Buffer) => {
    length += part.length;
    if (length > LONGEST_ANSWER) {
      then('');
      return;
    }
    parts.push(part);
  });
  answer.on('end', () => then(Buffer.concat(parts).toString()));
  answer.on('error', () => then(''));
}

function judge(answer: IncomingMessage, text: string, version: string | null, now: Instant): WebhookOutcome {
  return judgeAnswer({
    status: answer.statusCode ?? 0,
    retryAfterMs: readRetryAfter(answer.headers['retry-after'], now),
    currentVersion: readCurrentVersion(text),
    version,
  });
}

function refused(fault: string): WebhookOutcome {
  return { kind: 'refused', detail: `The address of the target ${fault}` };
}

function broken(detail: string): WebhookOutcome {
  return { kind: 'broken', detail, retryAfterMs: null };
}

function late(): WebhookOutcome {
  return broken('No answer came in time');
}
