import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { median, REST_MS } from './figures';
import { act, GATE, STAFF, trigger } from './project';
import type { Service } from './service';

/**
 * Milliseconds from sending a trigger to its first phase being what clients are answered with, as a client hears it that
 * follows the changes of its environment: nothing is polled. Each release is aborted before the next one.
 */
export async function measureTriggers(service: Service, flags: FlagNews, samples: number): Promise<number> {
  const times: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const inEffect = flags.next();
    const startedAt = performance.now();
    const triggering = trigger(service, 'slow', GATE);
    await inEffect;
    times.push(performance.now() - startedAt);

    const release = await triggering;
    await flags.expect(true);
    const back = flags.next();
    await act(service, release, 'abort');
    await back;
    await flags.expect(false);
    await sleep(REST_MS);
  }
  return median(times);
}

/** Milliseconds from sending a pause or unpause of a baking release to the decided answer. */
export async function measureActions(service: Service, flags: FlagNews, samples: number): Promise<number> {
  const inEffect = flags.next();
  const release = await trigger(service, 'slow', GATE);
  await inEffect;
  await sleep(REST_MS);

  const times: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const startedAt = performance.now();
    await act(service, release, sample % 2 === 0 ? 'pause' : 'unpause');
    times.push(performance.now() - startedAt);
    await sleep(REST_MS);
  }
  const back = flags.next();
  await act(service, release, 'abort');
  await back;
  return median(times);
}

/** What a client of the production flags hears and sees. */
export class FlagNews {
  private readonly waiting: (() => void)[] = [];

  private constructor(
    private readonly service: Service,
    private readonly key: string,
  ) {}

  static async follow(service: Service, key: string): Promise<FlagNews> {
    const news = new FlagNews(service, key);
    await service.followFlags(key, () => news.waiting.shift()?.());
    return news;
  }

  /** Resolves at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Throws unless somebody of the first phase now sees that value. */
  async expect(value: boolean): Promise<void> {
    const path = `/ofrep/v1/evaluate/flags/${GATE}`;
    const seen = await this.service.expect<{ value: boolean }>(200, 'POST', path, { context: STAFF }, this.key);
    if (seen.value !== value) {
      throw new Error(`A client was told of a change and sees ${String(seen.value)}`);
    }
  }
}
