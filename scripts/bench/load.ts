/** Sends requests as fast as they are answered, from a process of its own. */
import autocannon from 'autocannon';

import { answerQuestions } from './children';

/** What to send, and for how long. */
export interface LoadQuestion {
  url: string;
  token: string;
  body: string;
  seconds: number;
}

const CONNECTIONS = 20;

/** Answers a second; anything but 200 fails the benchmark. */
answerQuestions<LoadQuestion>(async ({ url, token, body, seconds }) => {
  const result = await autocannon({
    url,
    method: 'POST',
    connections: CONNECTIONS,
    duration: seconds,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  });
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(`${result.errors} errors and ${result.non2xx} refusals at ${url}`);
  }
  return result['2xx'] / result.duration;
});
