import { Gauge, type Registry } from 'prom-client';

/** A scrape must not wait for a store that is away. */
const PATIENCE_MS = 2_000;

/** Adds a gauge that asks the store when it is read, and is NaN where that does not answer; registering twice is fine. */
export function registerGauge(
  registry: Registry,
  { name, help, read }: { name: string; help: string; read: () => Promise<number> },
): void {
  register(registry, { name, help, labelNames: [] }, async (gauge) => gauge.set(await inTime(read(), NaN)));
}

/** The same of several states, each its own number. */
export function registerGaugeByState<S extends string>(
  registry: Registry,
  {
    name,
    help,
    states,
    read,
  }: { name: string; help: string; states: readonly S[]; read: () => Promise<Record<S, number>> },
): void {
  register(registry, { name, help, labelNames: ['state'] }, async (gauge) => {
    const numbers = await inTime<Partial<Record<S, number>>>(read(), {});
    states.forEach((state) => gauge.set({ state }, numbers[state] ?? NaN));
  });
}

function register<L extends string>(
  registry: Registry,
  of: { name: string; help: string; labelNames: L[] },
  collect: (gauge: Gauge<L>) => Promise<void>,
): void {
  if (registry.getSingleMetric(of.name) === undefined) {
    new Gauge({
      ...of,
      registers: [registry],
      collect() {
        return collect(this);
      },
    });
  }
}

async function inTime<T>(value: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), PATIENCE_MS);
  });
  try {
    return await Promise.race([value.catch(() => otherwise), late]);
  } finally {
    clearTimeout(timer);
  }
}
