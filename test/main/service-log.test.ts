import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { programRunning } from '../support/ts-program';

const SERVICE_LOG = path.resolve(__dirname, '../../src/main/service-log');

interface Logged {
  messages: string[];
  code: number | null;
  signal: string | null;
}

/** What a process has written to its log, which is its standard output, when it has ended. */
async function logOf(lines: string, meet: (child: ChildProcess) => void = () => undefined): Promise<Logged> {
  const program = programRunning(`
    import { openServiceLog } from ${JSON.stringify(SERVICE_LOG)};
    const log = openServiceLog('', false);
    ${lines}
  `);
  const child = spawn(process.execPath, program.args, { stdio: ['pipe', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  meet(child);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  program.remove();
  const written = text.split('\n').filter((line) => line !== '');
  return { messages: written.map((line) => (JSON.parse(line) as { msg: string }).msg), code, signal };
}

describe('the log of a service without a terminal', () => {
  it('has all lines of a turn in their order once the turn is over, also when the process is killed then', async () => {
    const logged = await logOf(`
      log.info('first');
      log.warn('second');
      setImmediate(() => {
        log.info('third');
        setImmediate(() => process.kill(process.pid, 'SIGKILL'));
      });
    `);

    expect(logged).toEqual({ messages: ['first', 'second', 'third'], code: null, signal: 'SIGKILL' });
  });

  it('has the lines of the turn in which the process exits', async () => {
    const logged = await logOf(`
      log.info('before');
      log.error('last');
      process.exit(3);
    `);

    expect(logged).toEqual({ messages: ['before', 'last'], code: 3, signal: null });
  });

  it('has the lines of the turn in which an error is caught by nobody', async () => {
    const logged = await logOf(`
      log.info('before');
      throw new Error('broken');
    `);

    expect(logged).toEqual({ messages: ['before'], code: 1, signal: null });
  });

  it('is more than a turn keeps, and complete', async () => {
    const logged = await logOf(`
      for (let number = 0; number < 3_000; number += 1) {
        log.info(String(number) + 'x'.repeat(100));
      }
    `);

    expect(logged.messages.map((message) => parseInt(message, 10))).toEqual([...Array(3_000).keys()]);
  });

  it('ends no service when its reader goes away', async () => {
    const logged = await logOf(
      `
      process.stdin.once('end', () => {
        log.info('nobody reads this');
        setImmediate(() => {
          log.info('nor this');
          setImmediate(() => process.exit(7));
        });
      });
      process.stdin.resume();
      `,
      (child) => {
        child.stdout?.destroy();
        child.stdin?.end();
      },
    );

    expect(logged).toEqual({ messages: [], code: 7, signal: null });
  });
});
