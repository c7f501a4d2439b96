import { appendEntries } from '../../../src/store/audit/append-entries';
import { chainHeads } from '../../../src/store/audit/chain-heads';
import { GENESIS_HASH, hashEntry } from '../../../src/store/audit/entry';
import { exportChain } from '../../../src/store/audit/export-chain';
import { asEntry } from '../../../src/store/audit/read-audit';
import { verifyExport } from '../../../src/store/audit/verify-export';
import type { Store } from '../../../src/store/store';
import { someEvent } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let test: TestStore;
beforeEach(async () => {
  test = await openTestStore();
});
afterEach(() => test.dispose());

async function entriesOf(store: Store) {
  return (await store.read.selectFrom('events').selectAll().orderBy('position').execute()).map(asEntry);
}

async function verified(store: Store, chain: string) {
  const lines: Uint8Array[] = [];
  for await (const line of exportChain(store.read, chain)) lines.push(Buffer.from(line));
  return verifyExport(lines);
}

describe('INV-4: the audit', () => {
  it('chains each entry to the one before it, one chain per project and one for the rest', async () => {
    await test.store.write(async (unit) => {
      unit.record(someEvent({ projectId: 'shop', data: { n: 1 } }));
      unit.record(someEvent({ projectId: null, data: { n: 2 } }));
      unit.record(someEvent({ projectId: 'shop', data: { n: 3 } }));
    });

    const entries = await entriesOf(test.store);

    expect(entries.map(({ position, chain, sequence }) => [position, chain, sequence])).toEqual([
      [1, 'project:shop', 1],
      [2, 'installation', 1],
      [3, 'project:shop', 2],
    ]);
    const [first, other, second] = entries;
    expect([first?.previousHash, other?.previousHash]).toEqual([GENESIS_HASH, GENESIS_HASH]);
    expect(second?.previousHash).toBe(first?.hash);
    for (const entry of entries) expect(hashEntry(entry)).toBe(entry.hash);
  });

  it('has no gap and no double place after many writers at once, some of whom failed', async () => {
    const projects = ['shop', 'bank', null];
    const writers = Array.from({ length: 60 }, (_, n) =>
      test.store
        .write(async (unit) => {
          unit.record(someEvent({ projectId: projects[n % 3] ?? null, data: { n } }));
          // In the other order than the next writer: the heads are locked in one order all the same.
          if (n % 2 === 0)
            unit.record(someEvent({ projectId: projects[(n + 1) % 3] ?? null, data: { n, more: true } }));
          await unit.sql.selectFrom('users').selectAll().execute();
          if (n % 5 === 0) throw new Error('no');
          return n;
        })
        .catch(() => null),
    );

    const written = (await Promise.all(writers)).filter((n) => n !== null);

    const entries = await entriesOf(test.store);
    expect(written).toHaveLength(48);
    expect(new Set(entries.map(({ data }) => data['n']))).toEqual(new Set(written));
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index + 1));
    for (const { chain, sequence } of await chainHeads(test.store.read)) {
      expect(await verified(test.store, chain)).toMatchObject({ ok: true, chain, count: sequence });
    }
  });

  it('gives positions in the order of commits: whoever has read up to one misses nothing before it', async () => {
    const seen: number[] = [];
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const after = seen.at(-1) ?? 0;
        const rows = test.store.read.selectFrom('events').select('position').where('position', '>', after);
        seen.push(...(await rows.orderBy('position').execute()).map(({ position }) => position));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();

    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        test.store.write(async (unit) => unit.record(someEvent({ projectId: `p${n % 4}` }))),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    reading = false;
    await reader;

    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('takes more entries in one transaction than fit into one statement', async () => {
    await test.store.write(async (unit) => {
      for (let n = 0; n < 1_203; n += 1) unit.record(someEvent({ data: { n } }));
    });

    expect(await verified(test.store, 'project:shop')).toMatchObject({ ok: true, count: 1_203 });
  });

  it('keeps any text and number as it was said', async () => {
    const data = {
      text: 'é \u2028 \u0000 \ud800 😀 "\\',
      numbers: [0.1, -0, 1e21, 2 ** 53],
      b: null,
      a: { z: [], y: {} },
    };
    await test.store.write(async (unit) => unit.record(someEvent({ data })));

    const [entry] = await entriesOf(test.store);

    expect(entry?.data).toEqual({ ...data, numbers: [0.1, 0, 1e21, 2 ** 53] });
    expect(await verified(test.store, 'project:shop')).toMatchObject({ ok: true });
  });

  it('shows the head of every chain', async () => {
    await test.store.write(async (unit) => {
      unit.record(someEvent({ projectId: null }));
      unit.record(someEvent());
      unit.record(someEvent());
    });
    const entries = await entriesOf(test.store);

    expect(await chainHeads(test.store.read)).toEqual([
      { chain: 'installation', sequence: 1, hash: entries[0]?.hash },
      { chain: 'project:shop', sequence: 2, hash: entries[2]?.hash },
    ]);
  });

  it('does not write a place twice', async () => {
    await test.store.write(async (unit) => unit.record(someEvent()));

    const again = test.store.write(async (unit) => {
      await unit.sql.updateTable('chains').set({ sequence: 0 }).execute();
      await appendEntries(unit.sql, unit.forUpdate, [someEvent()]);
    });

    await expect(again).rejects.toThrow(/unique/i);
  });
});
