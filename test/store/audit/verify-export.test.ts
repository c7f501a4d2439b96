import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { exportChain } from '../../../src/store/audit/export-chain';
import { verifyExport } from '../../../src/store/audit/verify-export';
import { someEvent } from '../../support/store-fixtures';
import { removeDir, tempDir } from '../../support/temp-dir';
import { openTestStore } from '../../support/test-store';

const COUNT = 8;
let exported: Buffer;
let lines: string[];
let hashes: string[];

beforeAll(async () => {
  const test = await openTestStore();
  for (let n = 0; n < COUNT; n += 1) {
    const data = { n, note: `grün ${'x'.repeat(n)}`, nested: { list: [n, null, true] } };
    await test.store.write(async (unit) => {
      unit.record(someEvent({ data, actorId: 'ada', releaseId: n % 2 === 0 ? 'r1' : null }));
      unit.record(someEvent({ projectId: null }));
    });
  }
  lines = [];
  for await (const line of exportChain(test.store.read, 'project:shop')) lines.push(line);
  exported = Buffer.from(lines.join(''));
  hashes = lines.slice(0, COUNT).map((line) => (JSON.parse(line) as { hash: string }).hash);
  await test.dispose();
});

const verify = (content: Uint8Array | string[]) =>
  verifyExport(Array.isArray(content) ? content.map((line) => Buffer.from(line)) : [content]);

describe('INV-4: an exported chain', () => {
  it('is whole up to its head', async () => {
    expect(await verify(exported)).toEqual({
      ok: true,
      chain: 'project:shop',
      count: COUNT,
      hash: hashes.at(-1),
    });
  });

  it('is read in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), async (size) => {
        const pieces: Uint8Array[] = [];
        for (let start = 0; start < exported.length; start += size) pieces.push(exported.subarray(start, start + size));
        expect(await verifyExport(pieces)).toMatchObject({ ok: true, count: COUNT });
      }),
      { numRuns: 30 },
    );
  });

  it('shows any one byte that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(exported.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const tampered = Buffer.from(exported);
        tampered[place] = (tampered[place] ?? 0) ^ change;
        expect(await verify(tampered)).toMatchObject({ ok: false });
      }),
      { numRuns: 600 },
    );
  });

  it('shows a byte that was added or left out', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(exported.length - 1), fc.nat(255), async (place, byte) => {
        const [before, from] = [exported.subarray(0, place), exported.subarray(place)];
        expect(await verify(Buffer.concat([before, Buffer.from([byte]), from]))).toMatchObject({ ok: false });
        expect(await verify(Buffer.concat([before, from.subarray(1)]))).toMatchObject({ ok: false });
      }),
      { numRuns: 300 },
    );
  });

  it('shows a tail that was cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(exported.length - 1), async (length) => {
        expect(await verify(exported.subarray(0, length))).toMatchObject({ ok: false });
      }),
      { numRuns: 300 },
    );
  });

  it('shows entries cut out of the tail before the end', async () => {
    const cut = [...lines.slice(0, COUNT - 2), lines[COUNT] ?? ''];

    expect(await verify(cut)).toEqual({
      ok: false,
      line: COUNT - 1,
      fault: `names another end than entry ${COUNT - 2}, the last one here`,
    });
  });

  it('shows a head that was cut', async () => {
    expect(await verify(lines.slice(1))).toEqual({
      ok: false,
      line: 1,
      fault: 'has sequence 2 where 1 belongs',
    });
  });

  it('shows two entries that were swapped, and one that is there twice', async () => {
    const swapped = [...lines];
    [swapped[3], swapped[4]] = [lines[4] ?? '', lines[3] ?? ''];
    const doubled = [...lines.slice(0, 5), ...lines.slice(4)];

    expect(await verify(swapped)).toMatchObject({ ok: false, line: 4 });
    expect(await verify(doubled)).toMatchObject({ ok: false, line: 6 });
  });

  it('shows what stands behind the end', async () => {
    expect(await verify([...lines, lines[COUNT] ?? ''])).toMatchObject({ ok: false, line: COUNT + 2 });
  });

  it('is held against a head from the log', async () => {
    const cutAndEnded = [
      ...lines.slice(0, 5),
      `{"end":{"chain":"project:shop","count":5,"hash":"${hashes[4] ?? ''}"}}\n`,
    ].map((line) => Buffer.from(line));

    expect(await verifyExport(cutAndEnded)).toMatchObject({ ok: true, count: 5 });
    expect(await verifyExport(cutAndEnded, { sequence: 7, hash: hashes[6] ?? '' })).toMatchObject({ ok: false });
    expect(await verifyExport([exported], { sequence: 7, hash: hashes[6] ?? '' })).toMatchObject({ ok: true });
    expect(await verifyExport([exported], { sequence: 7, hash: hashes[5] ?? '' })).toMatchObject({
      ok: false,
      line: 7,
    });
  });

  it('may be empty', async () => {
    const test = await openTestStore();
    const empty: Uint8Array[] = [];
    for await (const line of exportChain(test.store.read, 'installation')) empty.push(Buffer.from(line));

    expect(await verifyExport(empty)).toMatchObject({ ok: true, chain: 'installation', count: 0 });
    expect(await verifyExport([])).toEqual({ ok: false, line: 1, fault: 'the end is missing: the file was cut' });

    await test.dispose();
  });
});

describe('verify-audit', () => {
  const folder = tempDir();
  afterAll(() => removeDir(folder));

  const run = (...args: string[]) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const root = path.resolve(__dirname, '../../..');
      const program = ['--require', './scripts/register-ts.cjs', 'src/cli/verify-audit.ts', ...args];
      execFile(process.execPath, program, { cwd: root }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
      );
    });

  it('says whether a file is whole, and where it is not', async () => {
    const file = path.join(folder, 'shop.ndjson');
    writeFileSync(file, exported);
    const head = `3:${hashes[2] ?? ''}`;

    expect(await run(file, '--head', head)).toEqual({
      code: 0,
      output: `project:shop: ${COUNT} entries, whole up to ${hashes.at(-1) ?? ''}\n`,
    });

    writeFileSync(file, exported.toString().replace('"n":4', '"n":5'));
    expect(await run(file)).toEqual({
      code: 1,
      output: `${file}:5: has another content than its hash says\n`,
    });
  });

  it('tells apart what it cannot read', async () => {
    expect(await run(path.join(folder, 'nothing'))).toMatchObject({ code: 2 });
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining('Usage') as string });
    expect(await run('file', '--head', 'x')).toMatchObject({ code: 2 });
  });
});
