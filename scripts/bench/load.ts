/** Sends requests as fast as they are answered, from a process of its own. */
import autocannon from 'autocannon';

import { answerQuestions } from './children';

/** What to send, and for how long. */
export interface LoadQuestion {
  url: string;
  method: 'GET' | 'POST';
  /** Taken in turn: what one of them may ask for in a second is limited. */
  tokens: readonly string[];
  body?: string;
  seconds: number;
}

const CONNECTIONS = 20;

/** Answers a second; anything but 200 fails the benchmark. */
answerQuestions<LoadQuestion>(async ({ url, method, tokens, body, seconds }) => {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: tokens.map((token) => ({
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    })),
  });
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(`${result.errors} errors and ${result.non2xx} refusals at ${url}`);
  }
  return result['2xx'] / result.duration;
});
