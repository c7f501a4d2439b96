import { spawn } from 'node:child_process';
import path from 'node:path';
import { chainHeads } from '../../src/store/audit/chain-heads';
import { exportChain } from '../../src/store/audit/export-chain';
import { verifyExport } from '../../src/store/audit/verify-export';
import type { Store, StoreLocation } from '../../src/store/store';
import { openTestStore } from '../support/test-store';

const KILLS = 5;
const ROOT = path.resolve(__dirname, '../..');

/** Lets a process write until it has acknowledged something and a little longer, kills it, and returns what it said. */
function writeAndKill(location: StoreLocation, run: number): Promise<string[]> {
  const program = ['--require', './scripts/register-ts.cjs', 'test/support/store-writer.ts'];
  const writer = spawn(process.execPath, [...program, JSON.stringify(location), String(run)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '') setTimeout(() => writer.kill('SIGKILL'), 30 + 37 * run);
    said += text;
  });
  return new Promise((resolve) => {
    // A line that was cut by the kill is no acknowledgement.
    writer.on('close', () => resolve(said.split('\n').slice(0, -1)));
  });
}

async function countVerified(store: Store): Promise<number> {
  let count = 0;
  for (const { chain, sequence } of await chainHeads(store.read)) {
    const lines: Buffer[] = [];
    for await (const line of exportChain(store.read, chain)) lines.push(Buffer.from(line));
    expect(await verifyExport(lines)).toMatchObject({ ok: true, chain, count: sequence });
    count += sequence;
  }
  return count;
}

it(`INV-1, INV-4: ${KILLS} times kill -9 lose nothing acknowledged, and the audit tells exactly what is there`, async () => {
  const test = await openTestStore();
  await test.store.close();
  const acknowledged: string[] = [];

  for (let run = 0; run < KILLS; run += 1) {
    const said = await writeAndKill(test.location, run);
    expect(said.length).toBeGreaterThan(0);
    acknowledged.push(...said);
    const store = await test.reopen();

    const kept = new Set((await store.read.selectFrom('users').select('id').execute()).map(({ id }) => id));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect(await countVerified(store)).toBe(kept.size);
    await store.close();
  }
  await test.dispose();
}, 60_000);
