import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const WITHIN_MS = 60_000;

/** Looks again and again until there is something. */
export async function poll<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  for (let waited = 0; waited < WITHIN_MS; waited += POLL_MS) {
    const found = await look();
    if (found !== null) {
      return found;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`${what} did not get there in time`);
}
