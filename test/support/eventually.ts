import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again every 25 ms until `check` answers something other than undefined or false, or fails after `withinMs`. */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (Date.now() > deadline) throw new Error(`Still not after ${withinMs} ms: ${what}`);
    await sleep(25);
  }
}
