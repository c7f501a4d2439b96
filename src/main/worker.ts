import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';

import { PartStarting } from '../api/deps';
import { createActivities } from '../activities';
import type { OnDivergence } from '../activities/record-step';
import type { StepSurroundings } from '../activities/run-step';
import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';
import { taskQueueOf } from '../workflows/messages';
import { packageRoot } from './package-root';
import { stepLog } from './step-log';

/** What a worker is started with. */
export interface WorkerSettings {
  connection: NativeConnectionOptions;
  namespace: string;
  store: Store;
  /** How services are reached. */
  services: ServiceTarget;
  /** How steps reach endpoints, mail servers and chats. */
  steps: StepSurroundings;
  /** `SLUICE_REVERT_WAIT`. */
  revertWaitMs: number;
  log: Logger;
  /** Told whenever it takes work from then on: also after it had failed, and was replaced. */
  onUp: () => void;
  /** Told of steps that disagree with the store. */
  onDivergence: OnDivergence;
}

/** The worker of this process. */
export interface RunningWorker {
  /** Resolves while it takes work, rejects with what is wrong. */
  probe(): Promise<void>;
  /** Stops taking work and waits for what is under way. */
  stop(): Promise<void>;
}

/** What is under way at a time. Activities wait, for a target that hangs above all, and must not keep decisions waiting. */
const ACTIVITIES_AT_ONCE = 1_000;
/** Open releases kept in memory; others are read again from their history when something happens to them. */
const CACHED_WORKFLOWS = 1_000;
/** How long a release that was in the memory of a worker that died waits before another one takes it over. */
const STICKY_TIMEOUT = '3 seconds';
/** What is under way at a stop is finished in this time, or left: a call to a slow target, which is made again. */
const STOP_GRACE = '5 seconds';
const LONGEST_PAUSE_MS = 5_000;

/**
 * Runs a worker until `stop`. Without Temporal it keeps trying, and one that fails is replaced: releases wait meanwhile
 * and nothing is lost (INV-5, INV-9).
 */
export function startWorker(settings: WorkerSettings): RunningWorker {
  const { log } = settings;
  const stopping = new AbortController();
  let running: Worker | null = null;
  let fault: unknown = new PartStarting('The worker is starting');

  const run = async (): Promise<void> => {
    let pauseMs = 100;
    while (!stopping.signal.aborted) {
      try {
        const connection = await NativeConnection.connect(settings.connection);
        try {
          running = await createWorker(connection, settings);
          if (!stopping.signal.aborted) {
            fault = null;
            pauseMs = 100;
            const ended = running.run();
            settings.onUp();
            await ended;
          }
        } finally {
          running = null;
          await connection.close();
        }
      } catch (error) {
        fault = error;
        log.warn({ err: error, pauseMs }, 'The worker does not run; trying again');
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
  };

  const ended = run();
  return {
    probe: () => {
      if (fault === null && running?.getState() === 'RUNNING') {
        return Promise.resolve();
      }
      return Promise.reject(fault instanceof Error ? fault : new Error('The worker does not run'));
    },
    stop: async () => {
      stopping.abort();
      if (running?.getState() === 'RUNNING') {
        running.shutdown();
      }
      await ended;
    },
  };
}

/** Sends what the SDK has to say to our log; to be called before anything else of the SDK. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const fields = meta ?? {};
      if (level === 'ERROR') {
        log.error(fields, message);
      } else {
        log.warn(fields, message);
      }
    }),
    // The service decides when it is over: it has more to end than workers.
    shutdownSignals: [],
  });
}

async function createWorker(connection: NativeConnection, settings: WorkerSettings): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: settings.namespace,
    taskQueue: taskQueueOf(settings.store.installationId),
    activities: createActivities({ ...settings, onStepAgain: stepLog(settings.log) }),
    ...workflowCode(),
    maxCachedWorkflows: CACHED_WORKFLOWS,
    maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    shutdownGraceTime: STOP_GRACE,
  });
}

/** The bundle that the build made; from the sources where there is none, as in tests. */
function workflowCode(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  const codePath = path.join(packageRoot(), 'dist', 'workflow-bundle.js');
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: path.join(__dirname, '..', 'workflows') };
}
