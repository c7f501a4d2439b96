import type { ServerResponse } from 'node:http';
import { startTarget, type ReceivedRequest } from '../targets/webhooks/webhook-target';

/** The way to a target, on which a request can be kept until its sender has long gone; `stopTargets` ends it. */
export interface Road {
  url: string;
  /** Keeps the next request. */
  block(): void;
  /** How many are kept. */
  kept(): number;
  /** Lets go what is kept, byte for byte; settles when the target has answered. */
  open(): Promise<void>;
}

/** What a target judges a request by. */
const SIGNED = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

export async function startRoad(to: string): Promise<Road> {
  const waiting: (() => Promise<void>)[] = [];
  let isBlocked = false;
  const forward = async (received: ReceivedRequest, response: ServerResponse): Promise<void> => {
    const headers = Object.fromEntries(SIGNED.map((name) => [name, String(received.headers[name])]));
    const answer = await fetch(to, { method: 'POST', headers, body: received.body });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  };
  const { url } = await startTarget((response, received) => {
    if (isBlocked) {
      isBlocked = false;
      waiting.push(() => forward(received, response));
    } else {
      // A target that is down closes the connection, as it would without a road.
      forward(received, response).catch(() => response.destroy());
    }
  });
  return {
    url,
    block: () => {
      isBlocked = true;
    },
    kept: () => waiting.length,
    open: async () => {
      await Promise.all(waiting.splice(0).map((go) => go()));
    },
  };
}
