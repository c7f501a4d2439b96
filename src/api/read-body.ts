import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Json } from '../domain/json';
import { Problem } from './problem';

/** Some editors put it before JSON. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads a JSON body of at most `limit` bytes, with or without Content-Length (HTTP-4, HTTP-9); no body reads as `{}`.
 *
 * @throws Problem 413 `request.too-large`, 415 `request.unsupported-media-type`, 400 `request.malformed`
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Json> {
  const tooLarge = () => new Problem('request.too-large', `The body may have at most ${limit} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    throw tooLarge();
  }

  const bytes = await collect(request, limit, tooLarge);
  if (bytes.length === 0) {
    return {};
  }
  checkMediaType(request);
  return decode(bytes);
}

function collect(request: IncomingMessage, limit: number, tooLarge: () => Problem): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (problem: Problem) => {
      request.off('data', take);
      // What still comes is read and dropped, so that the sender gets to read the answer.
      request.resume();
      reject(problem);
    };
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        stop(tooLarge());
      } else {
        chunks.push(chunk);
      }
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => stop(new Problem('request.malformed', 'The body ended before it was complete')));
  });
}

function checkMediaType(request: IncomingMessage): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  if (type.trim() !== 'application/json' || !isUtf8 || request.headers['content-encoding'] !== undefined) {
    throw new Problem('request.unsupported-media-type', 'Send JSON in UTF-8 as application/json, not compressed');
  }
}

function decode(bytes: Buffer): Json {
  if (!isUtf8(bytes)) {
    throw new Problem('request.malformed', 'The body is not JSON: it is not UTF-8');
  }
  const text = bytes.toString();
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text) as Json;
  } catch (error) {
    // The engine's message says where; it may quote the body, which the sender knows.
    const reason = error instanceof SyntaxError ? error.message.slice(0, 200) : 'it cannot be read';
    throw new Problem('request.malformed', `The body is not JSON: ${reason}`);
  }
}
