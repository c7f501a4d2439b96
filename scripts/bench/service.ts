import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../src/main/temporal/free-port';
import type { Children } from './children';

const START = path.resolve(__dirname, '../../dist/main/start.js');
/** The first start on a machine may have to build Temporal. */
const READY_WITHIN_MS = 15 * 60_000;

/** An answer of the API. */
export interface Answer<T> {
  status: number;
  body: T;
}

/** The built service as a user runs it, in a process and a data folder of its own. */
export class Service {
  /** Connections that stay open, as those of CI jobs or pages; one, unless several things are asked at once. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  private constructor(
    readonly url: string,
    readonly pid: number,
    private readonly token: string,
    private readonly dataDir: string,
  ) {}

  /** @param nodeOptions for this process alone */
  static async start(children: Children, dataDir: string, nodeOptions: string[] = []): Promise<Service> {
    const url = `http://127.0.0.1:${await freePort()}`;
    const token = randomBytes(24).toString('hex');
    const child = children.spawn([...nodeOptions, START], {
      ...withoutSettings(process.env),
      SLUICE_PORT: new URL(url).port,
      SLUICE_DATA_DIR: dataDir,
      SLUICE_ADMIN_TOKEN: token,
      SLUICE_EXAMPLE: 'off',
    });
    if (child.pid === undefined) {
      throw new Error('The service could not be started');
    }
    const service = new Service(url, child.pid, token, dataDir);
    for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
      if (child.exitCode !== null) {
        throw new Error('The service ended at once');
      }
      const ready = await service.send('GET', '/readyz').catch(() => null);
      if (ready?.status === 200) {
        return service;
      }
    }
    throw new Error('The service did not get ready');
  }

  /** Where its embedded Temporal listens. */
  temporalAddress(): string {
    return `127.0.0.1:${this.temporal().port}`;
  }

  /** The process of its embedded Temporal. */
  temporalPid(): number {
    return this.temporal().pid;
  }

  /** Sends a request with the operator's token, or with another one. */
  async send<T>(method: string, target: string, body?: unknown, token = this.token): Promise<Answer<T>> {
    const response = await this.open(method, target, body, token);
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
    }
    return { status: response.statusCode ?? 0, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  /** The same, and any other status than the expected one is an error. */
  async expect<T>(status: number, method: string, target: string, body?: unknown, token?: string): Promise<T> {
    const answer = await this.send<T>(method, target, body, token);
    if (answer.status !== status) {
      throw new Error(`${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Calls `told` whenever an environment's flags have changed, as an OpenFeature client hears it. */
  async followFlags(key: string, told: () => void): Promise<void> {
    const { eventStreams } = await this.expect<{ eventStreams: { url: string }[] }>(
      200,
      'POST',
      '/ofrep/v1/evaluate/flags',
      {},
      key,
    );
    const { pathname, search } = new URL(eventStreams[0]?.url ?? '', this.url);
    const stream = await this.open('GET', pathname + search, undefined, null);
    stream.setEncoding('utf8').on('data', (text: string) => {
      // Each is written in one piece.
      for (let events = text.split('refetchEvaluation').length - 1; events > 0; events -= 1) {
        told();
      }
    });
    // It breaks when the service ends.
    stream.on('error', () => undefined);
  }

  private temporal(): { pid: number; port: number } {
    const file = readFileSync(path.join(this.dataDir, 'temporal-server.json'), 'utf8');
    return JSON.parse(file) as { pid: number; port: number };
  }

  private open(method: string, target: string, body: unknown, token: string | null): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(this.url + target, {
        agent: this.agent,
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
        },
      });
      sent.on('response', resolve);
      sent.on('error', reject);
      sent.end(text);
    });
  }
}

/** The settings of whoever runs the benchmark must not reach the service. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(SLUICE|TEMPORAL)_|^(DATABASE_URL|LOG_LEVEL)$/.test(name)),
  );
}
