// Runs the store's tests on PostgreSQL: a private cluster in a temporary folder, on a free port, gone afterwards.
// Takes the newest PostgreSQL installed; as root on Debian it installs one where there is none.
//   npm run test:postgres -- [arguments for jest]
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const root = path.resolve(import.meta.dirname, '..');
const isRoot = process.getuid?.() === 0;

function findPrograms() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(debian, version, 'bin')), ...process.env.PATH.split(':')];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(path.join(folder, name))));
}

function installPostgres() {
  if (!isRoot || !existsSync('/usr/bin/apt-get')) {
    throw new Error('PostgreSQL is not installed: initdb and postgres have to be on PATH');
  }
  console.log('Installing PostgreSQL');
  // Without this the package starts a cluster of its own, for the whole machine.
  const setting = '/etc/postgresql-common/createcluster.conf';
  if (!existsSync(setting)) {
    mkdirSync(path.dirname(setting), { recursive: true });
    writeFileSync(setting, 'create_main_cluster = false\n');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
  const keepSetting = ['-o', 'Dpkg::Options::=--force-confold'];
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...keepSetting, 'postgresql'];
  execFileSync('apt-get', install, { stdio: 'inherit', env });
}

/** PostgreSQL refuses to run as root; its package brings a user for it. */
function unprivilegedUser() {
  if (!isRoot) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function untilReady(url, server) {
  for (const deadline = Date.now() + 30_000; ;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await sleep(100);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

if (findPrograms() === undefined) installPostgres();
const programs = findPrograms();
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-postgres-'));
const user = unprivilegedUser();
if (isRoot) chownSync(folder, user.uid, user.gid);
const data = path.join(folder, 'data');

// The shell ends the server when its input ends: with `stop`, and also when this process is killed. It leads a group of
// its own, so that Ctrl-C comes to us alone and jest is not left without its database.
const untilInputEnds = '"$@" </dev/null & server=$!; read -r _; kill -INT "$server"; wait "$server"';
let server;

async function stop() {
  if (server !== undefined && server.exitCode === null && server.signalCode === null) {
    const exit = once(server, 'exit');
    server.stdin.end();
    await exit;
  }
  rmSync(folder, { recursive: true, force: true });
}

let jest;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => jest?.kill(name));

try {
  // Nothing survives this cluster, so nothing waits for the disk.
  const unsafe = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  const initdb = ['-D', data, '-U', 'sluice', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const made = spawnSync(path.join(programs, 'initdb'), initdb, { ...user, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);

  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  for (const setting of [...unsafe, 'max_connections=200', 'log_min_messages=fatal']) args.push('-c', setting);
  server = spawn('/bin/sh', ['-c', untilInputEnds, 'sh', path.join(programs, 'postgres'), ...args], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const url = `postgresql://sluice@127.0.0.1:${port}/postgres`;
  await untilReady(url, server);

  const command = ['node_modules/jest/bin/jest.js', '--selectProjects', 'store', ...process.argv.slice(2)];
  jest = spawn(process.execPath, command, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SLUICE_TEST_DATABASE_URL: url },
  });
  const [code] = await once(jest, 'exit');
  process.exitCode = code ?? 1;
} finally {
  await stop();
}
