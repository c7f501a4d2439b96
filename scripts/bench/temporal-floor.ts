/**
 * The floor of the loop and of whole releases: bare Temporal that waits like a release does and writes one row per step,
 * on the very server and with the worker settings of the service. No HTTP, no rules, no audit: what they cost is ours to answer for.
 */
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import Database from 'libsql';

import { atOnce } from './at-once';
import { answerQuestions, argumentGiven } from './children';
import { median, REST_MS } from './figures';
import { actSignal, floorReleaseWorkflow, floorWorkflow, RELEASE_ROWS } from './floor-workflow';

const TASK_QUEUE = 'bench-floor';

export interface FloorArgument {
  address: string;
  dataDir: string;
}

/**
 * `starts`: milliseconds from starting a workflow to its first row; `actions`: from a signal to its row; `releases`:
 * whole releases a second, until the last row of the last one.
 */
export interface FloorQuestion {
  measure: 'starts' | 'actions' | 'releases';
  samples: number;
}

/** The floor as its forked process answers. */
export type Floor = (question: FloorQuestion) => Promise<number>;

const told = new Map<string, () => void>();

function createFloorActivities(db: Database.Database) {
  const insert = db.prepare('insert into "steps" ("id", "seq", "at") values (?, ?, ?)');
  return {
    record: (id: string, seq: number): Promise<void> => {
      insert.run([id, seq, Date.now()]);
      told.get(`${id}/${seq}`)?.();
      return Promise.resolve();
    },
  };
}

export type FloorActivities = ReturnType<typeof createFloorActivities>;

function recorded(id: string, seq: number): Promise<void> {
  const key = `${id}/${seq}`;
  return new Promise<void>((resolve) => told.set(key, resolve)).finally(() => told.delete(key));
}

/** The settings of the service's own file (src/store/sqlite-file.ts): a commit is on disk when it returns. */
function openFile(dataDir: string): Database.Database {
  const db = new Database(path.join(dataDir, 'floor.db'));
  for (const setting of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = FULL']) {
    db.pragma(setting);
  }
  db.exec('create table "steps" ("id" text, "seq" integer, "at" integer, primary key ("id", "seq")) strict');
  return db;
}

async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const { address, dataDir } = argumentGiven<FloorArgument>();
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue: TASK_QUEUE,
    workflowsPath: require.resolve('./floor-workflow'),
    activities: createFloorActivities(openFile(dataDir)),
    // As in src/main/worker.ts.
    maxCachedWorkflows: 1_000,
    stickyQueueScheduleToStartTimeout: '3 seconds',
  });
  worker.run().catch(() => process.exit(1));
  const client = new Client({ connection: await Connection.connect({ address }) });

  let workflows = 0;
  const nextId = () => {
    workflows += 1;
    return `bench-floor/${workflows}`;
  };
  const start = async () => {
    const id = nextId();
    const first = recorded(id, 0);
    const startedAt = performance.now();
    const starting = client.workflow.start(floorWorkflow, { workflowId: id, taskQueue: TASK_QUEUE, args: [id] });
    await first;
    const ms = performance.now() - startedAt;
    return { id, ms, handle: await starting };
  };

  const measure = {
    starts: async (samples: number) => {
      const times: number[] = [];
      for (let sample = 0; sample < samples; sample += 1) {
        const { ms, handle } = await start();
        await handle.terminate();
        times.push(ms);
        await sleep(REST_MS);
      }
      return median(times);
    },
    actions: async (samples: number) => {
      const { id, handle } = await start();
      await sleep(REST_MS);
      const times: number[] = [];
      for (let sample = 1; sample <= samples; sample += 1) {
        const row = recorded(id, sample);
        const startedAt = performance.now();
        const signalling = handle.signal(actSignal);
        await row;
        times.push(performance.now() - startedAt);
        await signalling;
        await sleep(REST_MS);
      }
      await handle.terminate();
      return median(times);
    },
    releases: async (samples: number) => {
      const ids = Array.from({ length: samples }, () => nextId());
      const done = Promise.all(ids.map((id) => recorded(id, RELEASE_ROWS - 1)));
      const startedAt = performance.now();
      await atOnce(ids, (id) =>
        client.workflow.start(floorReleaseWorkflow, { workflowId: id, taskQueue: TASK_QUEUE, args: [id] }),
      );
      await done;
      return (samples / (performance.now() - startedAt)) * 1_000;
    },
  };
  answerQuestions<FloorQuestion>((question) => measure[question.measure](question.samples));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
