import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { BinarySearch } from '../../src/main/temporal/resolve-temporal-binary';
import { resolveTemporalBinary, TemporalBinaryError } from '../../src/main/temporal/resolve-temporal-binary';
import { removeDir, tempDir } from '../support/temp-dir';

const SDK_VERSION = (require('@temporalio/worker/package.json') as { version: string }).version;

/** Nothing listens on port 1: like a machine without a way out. */
const NO_NETWORK = 'http://127.0.0.1:1';

let root: string;
let lines: string[];

beforeEach(() => {
  root = tempDir();
  lines = [];
  for (const folder of ['bin', 'sdk', 'cache', 'module']) mkdirSync(path.join(root, folder));
  writeFileSync(path.join(root, 'module', 'go.mod'), 'require (\n\tgithub.com/temporalio/cli v9.8.7 // indirect\n)\n');
});

afterEach(() => removeDir(root));

function search(options: Partial<BinarySearch> = {}): BinarySearch {
  return {
    // The system's folders hold `sh` and `tar`; a `temporal` installed there must not decide these tests.
    env: { PATH: path.join(root, 'bin'), XDG_CACHE_HOME: path.join(root, 'cache'), HOME: root },
    sdkCache: path.join(root, 'sdk'),
    toolModule: path.join(root, 'module'),
    downloadOrigin: NO_NETWORK,
    progress: (line) => lines.push(line),
    ...options,
  };
}

function script(file: string, ...commands: string[]): string {
  writeFileSync(file, ['#!/bin/sh', ...commands, ''].join('\n'));
  chmodSync(file, 0o755);
  return file;
}

function fakeTemporal(file: string, server: string): string {
  return script(file, `echo "temporal version 9.8.7 (Server ${server}, UI 2.0.0)"`);
}

/** A Go that "builds" a fake Temporal, and counts how often. */
function fakeGo(server: string): string {
  const program = ['#!/bin/sh', `echo "temporal version 9.8.7 (Server ${server}, UI 2.0.0)"`].join('\n');
  return script(
    path.join(root, 'bin', 'go'),
    '[ "$1" = version ] && exit 0',
    `echo built >> '${root}/builds'`,
    'while [ "$1" != -o ]; do shift; done',
    `echo '${program}' > "$2"`,
    '/bin/chmod +x "$2"',
  );
}

const inCache = () => path.join(root, 'cache', 'sluice', 'temporal', '9.8.7', 'temporal');

describe("Temporal's binary", () => {
  it('is the configured one before all others', async () => {
    const configured = fakeTemporal(path.join(root, 'mine'), '1.1.1');
    fakeTemporal(path.join(root, 'bin', 'temporal'), '1.2.2');

    const binary = await resolveTemporalBinary(search({ configured }));

    expect(binary).toEqual({ path: configured, serverVersion: '1.1.1', source: 'configured' });
  });

  it('is refused when the configured one does not work, whatever else there is', async () => {
    fakeTemporal(path.join(root, 'bin', 'temporal'), '1.2.2');
    const other = script(path.join(root, 'other'), 'echo something else');

    await expect(resolveTemporalBinary(search({ configured: path.join(root, 'none') }))).rejects.toThrow(
      /^SLUICE_TEMPORAL_BINARY: .*none was not found$/,
    );
    await expect(resolveTemporalBinary(search({ configured: other }))).rejects.toThrow(
      /^SLUICE_TEMPORAL_BINARY: .* does not answer like Temporal's command line$/,
    );
  });

  it('is the one on PATH next', async () => {
    const onPath = fakeTemporal(path.join(root, 'bin', 'temporal'), '1.2.2');
    fakeTemporal(path.join(root, 'sdk', `temporal-sdk-typescript-${SDK_VERSION}`), '1.3.3');

    expect(await resolveTemporalBinary(search())).toEqual({ path: onPath, serverVersion: '1.2.2', source: 'path' });
  });

  it("is the SDK's own download next, also where the one on PATH is broken", async () => {
    script(path.join(root, 'bin', 'temporal'), 'exit 1');
    const cached = fakeTemporal(path.join(root, 'sdk', `temporal-sdk-typescript-${SDK_VERSION}`), '1.3.3');

    expect(await resolveTemporalBinary(search())).toEqual({
      path: cached,
      serverVersion: '1.3.3',
      source: 'sdk-cache',
    });
  });

  it('is never one that somebody else could have put into the temporary folder', async () => {
    const cached = fakeTemporal(path.join(root, 'sdk', `temporal-sdk-typescript-${SDK_VERSION}`), '1.3.3');
    chmodSync(cached, 0o777);

    await expect(resolveTemporalBinary(search())).rejects.toThrow('could have been put there by somebody else');
  });

  it('is built with Go where there is nothing else, once', async () => {
    fakeGo('1.4.4');

    const first = await resolveTemporalBinary(search());
    const second = await resolveTemporalBinary(search());

    expect(first).toEqual({ path: inCache(), serverVersion: '1.4.4', source: 'build' });
    expect(second).toEqual({ path: inCache(), serverVersion: '1.4.4', source: 'cache' });
    expect(lines).toEqual(['Building the Temporal server 9.8.7 with Go; this happens once and takes some minutes']);
  });

  it('is built by one of two that start at once', async () => {
    fakeGo('1.4.4');

    const both = await Promise.all([resolveTemporalBinary(search()), resolveTemporalBinary(search())]);

    expect(both.map(({ source }) => source).sort()).toEqual(['build', 'cache']);
    expect(readFileSync(path.join(root, 'builds'), 'utf8')).toBe('built\n');
  });

  it('is built anew where what is in the cache does not run, and over what a killed build left', async () => {
    mkdirSync(path.dirname(inCache()), { recursive: true });
    script(inCache(), 'exit 1');
    writeFileSync(`${inCache()}.partial-1`, 'half');
    fakeGo('1.4.4');

    expect(await resolveTemporalBinary(search())).toMatchObject({ serverVersion: '1.4.4', source: 'build' });
    expect(readdirSync(path.dirname(inCache())).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('fails with the end of what Go said, and leaves nothing half-built', async () => {
    script(path.join(root, 'bin', 'go'), '[ "$1" = version ] && exit 0', 'echo "go: no route to proxy" >&2', 'exit 1');

    await expect(resolveTemporalBinary(search())).rejects.toThrow(/go build ended with 1\n +go: no route to proxy/);
    expect(existsSync(inCache())).toBe(false);
  });

  it('fails with every way that was tried, and the remedies', async () => {
    const failure = await resolveTemporalBinary(search()).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TemporalBinaryError);
    const { message } = failure as TemporalBinaryError;
    expect(message).toMatch(/`temporal` is not on PATH/);
    expect(message).toMatch(/the SDK has no download in/);
    expect(message).toMatch(/downloading it from http:\/\/127\.0\.0\.1:1 failed/);
    expect(message).toMatch(/building it needs Go: go was not found/);
    expect(message).toMatch(/install Go/);
    expect(message).toMatch(/SLUICE_TEMPORAL_BINARY/);
    expect(message).toMatch(/TEMPORAL_ADDRESS/);
  });
});

describe('the download', () => {
  let server: Server;
  let origin: string;

  beforeEach(async () => {
    const archive = path.join(root, 'archive.tar.gz');
    fakeTemporal(path.join(root, 'temporal'), '1.5.5');
    execFileSync('tar', ['-czf', archive, '-C', root, 'temporal']);
    server = createServer((request, response) => {
      if (request.url?.startsWith('/cli/v9.8.7?arch=')) {
        response.end(JSON.stringify({ archiveUrl: `${origin}/archive.tar.gz`, fileToExtract: 'temporal' }));
      } else {
        response.end(readFileSync(archive));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is taken before building', async () => {
    fakeGo('1.4.4');

    expect(await resolveTemporalBinary(search({ downloadOrigin: origin }))).toEqual({
      path: inCache(),
      serverVersion: '1.5.5',
      source: 'download',
    });
    expect(existsSync(path.join(root, 'builds'))).toBe(false);
    expect(readdirSync(path.dirname(inCache())).sort()).toEqual(expect.arrayContaining(['temporal']));
  });

  it('gives way to building where the answer is nonsense', async () => {
    server.removeAllListeners('request');
    server.on('request', (_request, response) => response.end('<html>Please log in</html>'));
    fakeGo('1.4.4');

    expect(await resolveTemporalBinary(search({ downloadOrigin: origin }))).toMatchObject({ source: 'build' });
  });
});
