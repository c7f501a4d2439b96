import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { isRunning } from '../../src/main/temporal/processes';
import { eventually } from '../support/eventually';
import { requireBuild } from '../support/service-process';
import { removeDir, tempDir } from '../support/temp-dir';

jest.setTimeout(150_000);

/*
 * `npm run demo` as somebody runs it who has just cloned this. It is a program to look at: what it shows is checked where
 * it tells of something that happened, not how it is laid out.
 */

const ROOT = path.resolve(__dirname, '../..');
const COMES_WITHIN_MS = 60_000;

let demo: Demo | undefined;

beforeAll(requireBuild);
afterEach(() => {
  demo?.discard();
  demo = undefined;
});

/** The demo as a process, with a folder for what it leaves lying about. */
class Demo {
  output = '';
  private readonly folder = tempDir();
  private readonly child: ChildProcess;
  private readonly exit: Promise<unknown[]>;

  constructor() {
    this.child = spawn(process.execPath, ['-r', './scripts/register-ts.cjs', 'scripts/demo.ts'], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: this.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exit = once(this.child, 'exit');
  }

  async says(text: string): Promise<void> {
    await eventually(
      `the demo says: ${text}`,
      () => {
        if (this.child.exitCode !== null) {
          throw new Error(`The demo has ended:\n${this.output}`);
        }
        return this.output.includes(text) || undefined;
      },
      COMES_WITHIN_MS,
    );
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  async ends(): Promise<unknown> {
    const [code] = await this.exit;
    return code;
  }

  /** What it has started that runs now, or is left behind: known by the folder that all of it inherits. */
  running(): number[] {
    return execFileSync('ps', ['axeww', '-o', 'pid=', '-o', 'command='], { encoding: 'utf8', maxBuffer: 64 << 20 })
      .split('\n')
      .filter((line) => line.includes(`TMPDIR=${this.folder}`))
      .map((line) => Number.parseInt(line.trim(), 10))
      .filter((pid) => pid !== this.child.pid && isRunning(pid));
  }

  /** What it has put into its folder and not removed. */
  leftovers(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('sluice-demo-'));
  }

  discard(): void {
    if (this.child.exitCode === null) {
      this.child.kill('SIGKILL');
    }
    this.running().forEach((pid) => process.kill(pid, 'SIGKILL'));
    removeDir(this.folder);
  }
}

/** The service, its Temporal, and the receiver. */
const PROCESSES = 3;

it('shows a release from CI to its end, with a person who is asked and the mail that tells of it', async () => {
  demo = new Demo();
  await demo.says('The process asks a person of operations');
  expect(demo.running().length).toBeGreaterThanOrEqual(PROCESSES);

  const code = await demo.ends();

  expect({ code, output: demo.output }).toMatchObject({ code: 0 });
  const told = [
    'approved by grace',
    'waiting-for-intervention',
    'Check dashboards, in production',
    'grace            wants to take it, and is refused: ada has taken the interruption',
    'ada              proceeds: Errors and sales as before',
    'mail to          checkout@shop.example',
    'subject          shop: everyone in production has it',
    '**Ada** has looked at it:',
    'everyone released   completed',
    'gate, config and service are back',
  ];
  expect(told.filter((text) => !demo?.output.includes(text))).toEqual([]);
  const places = told.map((text) => demo?.output.indexOf(text));
  expect(places).toEqual([...places].sort((a = 0, b = 0) => a - b));
  expect([demo.running(), demo.leftovers()]).toEqual([[], []]);
});

it('leaves nothing behind when somebody has seen enough', async () => {
  demo = new Demo();
  await demo.says('staff phase');
  expect(demo.running().length).toBeGreaterThanOrEqual(PROCESSES);

  // As npm does it, which passes on what the terminal has sent to everybody already.
  demo.interrupt();
  demo.interrupt();
  const code = await demo.ends();

  expect(code).toBe(130);
  expect([demo.running(), demo.leftovers()]).toEqual([[], []]);
});

it('leaves nothing behind when it is ended before anything runs', async () => {
  demo = new Demo();
  await demo.says('Starting Sluice');

  demo.interrupt();
  const code = await demo.ends();

  expect(code).toBe(130);
  expect([demo.running(), demo.leftovers()]).toEqual([[], []]);
});
