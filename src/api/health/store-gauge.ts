import { Gauge, type Registry } from 'prom-client';

/** A scrape must not wait for a store that is away. */
const PATIENCE_MS = 2_000;

/** Adds a gauge that asks the store when it is read, and is NaN where that does not answer; registering twice is fine. */
export function registerGauge(
  registry: Registry,
  { name, help, read }: { name: string; help: string; read: () => Promise<number> },
): void {
  if (registry.getSingleMetric(name) !== undefined) {
    return;
  }
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await inTime(read()));
    },
  });
}

async function inTime(value: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(NaN), PATIENCE_MS);
  });
  try {
    return await Promise.race([value.catch(() => NaN), late]);
  } finally {
    clearTimeout(timer);
  }
}
