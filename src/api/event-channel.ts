import type { ServerResponse } from 'node:http';

/** How much a reader may leave unread before it is cut; it comes back with `Last-Event-ID` (HTTP-9). */
const UNREAD_LIMIT = 1_000_000;

/** How often an open stream says something, so that neither side nor a proxy takes it for dead. */
const HEARTBEAT_MS = 10_000;

/** What a reader that was cut off is told to wait before it comes back. */
const RETRY_MS = 2_000;

/** One event as sent: `data` becomes JSON; without an id the reader's `Last-Event-ID` stays what it was. */
export interface StreamedEvent {
  id?: string;
  type: string;
  data: unknown;
}

/** One reader of server-sent events. */
export interface EventChannel {
  /** Sends one event. A reader that does not keep up is cut instead of filling memory. */
  send(event: StreamedEvent): void;
  /** Moves the reader's `Last-Event-ID` past what is not for it, without an event. */
  skipTo(id: string): void;
  /** Resolves when the reader can take more, or has gone: to be awaited by those who have much to send. */
  ready(): Promise<void>;
  /** Ends the stream. */
  close(): void;
  /** Aborted when the stream has ended, whoever ended it. */
  readonly closed: AbortSignal;
}

/**
 * Opens an event stream on a response. Written out here because the library we tried builds a URL from the Host header,
 * which a caller can make it fail with, and writes on to readers that do not read.
 */
export function openEventChannel(response: ServerResponse): EventChannel {
  const ended = new AbortController();
  const write = (text: string) => {
    if (ended.signal.aborted || response.writableEnded) {
      return;
    }
    if (response.writableLength > UNREAD_LIMIT) {
      response.destroy();
      return;
    }
    response.write(text);
  };
  const heartbeat = setInterval(() => write(':\n\n'), HEARTBEAT_MS);
  response.once('close', () => {
    clearInterval(heartbeat);
    ended.abort();
  });

  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  write(`retry: ${RETRY_MS}\n\n`);

  return {
    closed: ended.signal,
    send: ({ id, type, data }) => {
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    skipTo: (id) => write(`id: ${id}\n\n`),
    ready: () => drained(response, ended.signal),
    close: () => void response.end(),
  };
}

function drained(response: ServerResponse, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!response.writableNeedDrain || ended.aborted) {
      resolve();
      return;
    }
    const done = () => {
      response.off('drain', done);
      ended.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    ended.addEventListener('abort', done);
  });
}
