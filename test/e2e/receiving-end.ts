import { freePort } from '../../src/main/temporal/free-port';
import { startReceiver, type DeliveryLine, type ReceiverProcess } from '../support/receiver-process';
import { removeDir, tempDir } from '../support/temp-dir';
import type { KilledService } from './killed-service';

/** The two services of a release, in the order in which it brings them out. */
export const ITEMS = ['payments', 'stock'] as const;
export type Item = (typeof ITEMS)[number];

/** Allows what the receivers of these tests need: addresses of this machine. */
export const ALLOW_LOOPBACK = { SLUICE_ALLOW_PRIVATE_TARGETS: '127.0.0.0/8' };

/**
 * Where services arrive: reference receivers, one of all the `payments-…`, one of all the `stock-…`, so that each can
 * misbehave by itself. A release of a `name` brings out `payments-<name>`, then `stock-<name>`.
 */
export interface ReceivingEnd {
  receivers: Record<Item, ReceiverProcess>;
  /** Both services of that name at that version. */
  services(name: string, version: string): Record<string, string>;
  /** Every delivery to one of the two services, oldest first. */
  log(item: Item, name: string): Promise<DeliveryLine[]>;
  /** What is there now, in staging; null: nothing. */
  versionOf(item: Item, name: string): Promise<string | null>;
  end(): Promise<void>;
}

/**
 * Starts receivers, and creates a pair of services in staging for each name.
 *
 * @param roadTo where a service is sent to, to get to that address; the receiver itself by default
 */
export async function startReceivingEnd(
  service: KilledService,
  names: readonly string[],
  timeout: string,
  roadTo: (url: string, service: string) => Promise<string> = (url) => Promise.resolve(url),
): Promise<ReceivingEnd> {
  const folders: string[] = [];
  const start = async (item: Item): Promise<ReceiverProcess> => {
    const folder = tempDir();
    folders.push(folder);
    const port = await freePort();
    const secrets: string[] = [];
    for (const name of names) {
      const slug = `${item}-${name}`;
      const body = { endpoints: { staging: await roadTo(`http://127.0.0.1:${port}/`, slug) }, timeout };
      const { secret } = await service.put<{ secret: string }>(`/v1/projects/shop/services/${slug}`, body);
      secrets.push(secret);
    }
    return startReceiver({ folder, port, secrets });
  };
  const receivers = { payments: await start('payments'), stock: await start('stock') };
  return {
    receivers,
    services: (name, version) => Object.fromEntries(ITEMS.map((item) => [`${item}-${name}`, version])),
    log: async (item, name) => (await receivers[item].log()).filter((line) => line.service === `${item}-${name}`),
    versionOf: async (item, name) => {
      const there = (await receivers[item].versions()).find((each) => each.service === `${item}-${name}`);
      return there?.version ?? null;
    },
    end: async () => {
      await Promise.all(ITEMS.map((item) => receivers[item].stop()));
      folders.forEach(removeDir);
    },
  };
}

/**
 * What holds at one target whatever was killed: one effect for each key, sequences that rise from key to key, and of a
 * release nothing applied after its revert (WHK-3, WHK-4).
 */
export function expectOnceAndInOrder(log: readonly DeliveryLine[]): void {
  const applied = log.filter(({ result }) => result === 'applied');
  const keys = applied.map(({ id }) => id);
  expect(keys).toEqual([...new Set(keys)]);

  const sequences = applied.map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  const byKey = new Map(log.map(({ id, sequence }) => [id, sequence]));
  expect(log.filter(({ id, sequence }) => byKey.get(id) !== sequence)).toEqual([]);
  expect(new Set(byKey.values()).size).toBe(byKey.size);

  for (const [index, { type, release }] of applied.entries()) {
    const later = applied.slice(index + 1).filter((line) => line.release === release);
    expect(type === 'service.revert' ? later : []).toEqual([]);
  }
}
