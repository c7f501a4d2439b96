import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Registry } from 'prom-client';

import type { ReleaseActivities } from '../../src/activities';
import { createActivities } from '../../src/activities';
import type { OnDivergence } from '../../src/activities/record-step';
import { Dispatcher } from '../../src/api/dispatch/dispatcher';
import { temporalEngine, type Engine } from '../../src/api/dispatch/engine';
import { temporalView, type EngineView } from '../../src/api/dispatch/engine-view';
import { EngineWatch } from '../../src/api/dispatch/engine-watch';
import { Reconciler, type ReconcilerTimes } from '../../src/api/dispatch/reconciler';
import { repairCounters } from '../../src/api/dispatch/repair-counters';
import { createLog } from '../../src/api/log';
import { OutcomeWaiters } from '../../src/api/releases/outcome-waiters';
import type { ActionVerb } from '../../src/domain/pipeline';
import type { ReleaseState } from '../../src/domain/release';
import { REVERT_WAIT_MS } from '../../src/domain/release-plan';
import { shownState, type ShownState } from '../../src/domain/shown-state';
import type { ReleaseRow } from '../../src/store/releases/stored-release';
import type { Mailer } from '../../src/targets/mail/mailer';
import type { LookUpAll } from '../../src/targets/http/guarded-lookup';
import type { ReleaseWorkflowInput } from '../../src/workflows/messages';
import { RELEASE_WORKFLOW, releaseWorkflowId, taskQueueOf } from '../../src/workflows/messages';
import { eventually } from './eventually';
import { testServices, testSteps } from './test-services';
import { newParts, ReleaseStore, type ActionToAccept, type StoreParts } from './release-store';
import { workflowBundle } from './workflow-bundle';

export interface WorkerOptions {
  bundle?: { code: string };
  /** Put between the workflows and the real activities; those left out are the real ones. */
  activities?: (real: ReleaseActivities) => Partial<ReleaseActivities>;
  /** 0: every step is replayed from the start. */
  maxCachedWorkflows?: number;
  /** Short by default: a stopped worker's workflows are to be taken over at once. */
  stickyTimeoutMs?: number;
  onDivergence?: OnDivergence;
  /** What the names of targets lead to. */
  lookup?: LookUpAll;
  /** How steps send mail; nowhere, unless given. */
  mailer?: Mailer;
}

/** Connections to one Temporal, shared by the worlds of a test file. */
export interface TemporalConnections {
  client: Client;
  native: NativeConnection;
  close(): Promise<void>;
}

export async function connectTemporal(address: string): Promise<TemporalConnections> {
  installQuietRuntime();
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  return {
    client: new Client({ connection, identity: 'sluice' }),
    native,
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}

let isQuiet = false;

/** Warnings of the SDK are the subject of many of these tests; only its errors are news. */
export function installQuietRuntime(): void {
  if (!isQuiet) {
    const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } } });
    isQuiet = true;
  }
}

/**
 * An installation of its own on a real Temporal: real store, engine, dispatcher, activities and workflows, without the
 * HTTP surface. Dispatcher and worker come and go as the test says.
 */
export class ReleaseWorld extends ReleaseStore {
  readonly outcomes: OutcomeWaiters;
  readonly engine: Engine;
  readonly view: EngineView;
  /** What the reconciler has noticed. */
  readonly watch: EngineWatch;
  readonly registry = new Registry();
  private readonly dispatchers = new Set<Dispatcher>();
  private readonly reconcilers = new Set<Reconciler>();
  private worker: { stop: () => Promise<void> } | null = null;

  private constructor(
    private readonly temporal: TemporalConnections,
    parts: StoreParts,
  ) {
    super(parts);
    this.outcomes = new OutcomeWaiters(this.store);
    this.engine = temporalEngine(temporal.client, this.store.installationId);
    this.view = temporalView(temporal.client, this.store.installationId);
    this.watch = new EngineWatch({ now: Date.now, temporal: () => Promise.resolve() });
  }

  static async open(temporal: TemporalConnections): Promise<ReleaseWorld> {
    return new ReleaseWorld(temporal, await newParts());
  }

  /** Ends what runs and removes the store; workflows that are left over wait for a worker that never comes. */
  override async close(): Promise<void> {
    await this.stopReconcilers();
    this.watch.stop();
    await this.stopDispatchers();
    await this.stopWorker();
    await super.close();
  }

  startDispatcher(engine: Engine = this.engine): void {
    const onMissing = (releaseId: string) => this.reconcilers.forEach((reconciler) => reconciler.lookAt(releaseId));
    const log = createLog('silent');
    this.dispatchers.add(new Dispatcher({ store: this.store, engine, log, now: Date.now, onMissing }));
  }

  /** One that is much more impatient than that of a service. */
  startReconciler(times: Partial<ReconcilerTimes> = {}): Reconciler {
    const { store, view, watch } = this;
    const reconciler = new Reconciler({
      store,
      view,
      watch,
      counters: repairCounters(this.registry),
      log: createLog('silent'),
      now: Date.now,
      times: { quickMs: 500, sweepMs: 60_000, ...times },
    });
    this.reconcilers.add(reconciler);
    return reconciler;
  }

  async stopReconcilers(): Promise<void> {
    await Promise.all([...this.reconcilers].map((reconciler) => reconciler.stop()));
    this.reconcilers.clear();
  }

  async stopDispatchers(): Promise<void> {
    await Promise.all([...this.dispatchers].map((dispatcher) => dispatcher.stop()));
    this.dispatchers.clear();
  }

  async startWorker(options: WorkerOptions = {}): Promise<void> {
    const { bundle, activities, maxCachedWorkflows, stickyTimeoutMs, onDivergence, lookup, mailer } = options;
    const real = createActivities({
      store: this.store,
      services: testServices(lookup),
      steps: testSteps(mailer),
      revertWaitMs: REVERT_WAIT_MS,
      ...(onDivergence && { onDivergence }),
    });
    const worker = await Worker.create({
      connection: this.temporal.native,
      identity: 'sluice',
      taskQueue: taskQueueOf(this.store.installationId),
      workflowBundle: bundle ?? (await workflowBundle()),
      activities: { ...real, ...activities?.(real) },
      stickyQueueScheduleToStartTimeout: stickyTimeoutMs ?? 100,
      ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
    });
    const run = worker.run();
    this.worker = {
      stop: async () => {
        worker.shutdown();
        await run;
      },
    };
  }

  async stopWorker(): Promise<void> {
    await this.worker?.stop();
    this.worker = null;
  }

  /** Accepts an action and waits for its outcome: `applied`, or the refusal's code. */
  async act(releaseId: string, verb: ActionVerb, asked: ActionToAccept = {}): Promise<string> {
    return this.outcomeOf(await this.accept(releaseId, verb, asked));
  }

  async outcomeOf(actionId: string): Promise<string> {
    const { status, refusal } = await eventually(
      `action ${actionId} is decided`,
      async () => {
        const action = await this.action(actionId);
        return action.status !== 'undecided' && action;
      },
      20_000,
    );
    return status === 'applied' ? status : (refusal?.refused ?? '');
  }

  /** Waits until the release shows that state, in that phase if one is named. */
  async reaches(releaseId: string, state: ShownState, current?: number): Promise<ReleaseState> {
    return eventually(
      `release ${releaseId} is ${state}`,
      async () => {
        const position = await this.position(releaseId);
        return shownState(position) === state && (current === undefined || position.current === current) && position;
      },
      20_000,
    );
  }

  /** Waits until the bake of a phase runs; its end. */
  async bakes(releaseId: string, current: number): Promise<number> {
    const { phases } = await this.reaches(releaseId, 'baking', current);
    const progress = phases[current]?.progress;
    if (progress?.status !== 'baking') {
      throw new Error(`Phase ${current} does not bake`);
    }
    return progress.endsAt;
  }

  workflow(releaseId: string) {
    return this.temporal.client.workflow.getHandle(releaseWorkflowId(this.store.installationId, releaseId));
  }

  /** Waits until Temporal has acknowledged an action. */
  async told(actionId: string): Promise<void> {
    await eventually(`action ${actionId} is delivered`, async () => {
      const row = await this.store.read
        .selectFrom('actions')
        .select('deliveredAt')
        .where('id', '=', actionId)
        .executeTakeFirstOrThrow();
      return row.deliveredAt !== null;
    });
  }

  /** The release's row. */
  async row(releaseId: string): Promise<ReleaseRow> {
    return this.store.read.selectFrom('releases').selectAll().where('id', '=', releaseId).executeTakeFirstOrThrow();
  }

  /** Why it was repaired, each time. */
  async repairs(releaseId: string): Promise<unknown[]> {
    return (await this.events(releaseId))
      .filter(({ type }) => type === 'release-repaired')
      .map(({ data }) => data['why']);
  }

  /** Starts a second workflow for a release, under another id, and waits until it has ended; that id. */
  async startAgain(releaseId: string, name: string): Promise<string> {
    const input: ReleaseWorkflowInput = { release: releaseId, epoch: 1 };
    const again = await this.temporal.client.workflow.start(RELEASE_WORKFLOW, {
      workflowId: `${this.store.installationId}/${name}`,
      taskQueue: taskQueueOf(this.store.installationId),
      args: [input],
    });
    await again.result();
    return again.workflowId;
  }

  /** Waits until its workflow has said its last word to Temporal: the store knows the end a moment earlier. */
  async workflowEnds(releaseId: string): Promise<void> {
    await eventually(
      `the workflow of ${releaseId} has ended`,
      async () => (await this.description(releaseId))?.status.name === 'COMPLETED',
      20_000,
    );
  }

  /** Waits until its workflow has nothing to do: what a worker takes with it when it stops comes back seconds later. */
  async rests(releaseId: string): Promise<void> {
    await eventually(
      `the workflow of ${releaseId} rests`,
      async () => {
        const description = await this.description(releaseId);
        const { pendingActivities, pendingWorkflowTask } = description?.raw ?? {};
        return pendingActivities?.length === 0 && pendingWorkflowTask == null;
      },
      20_000,
    );
  }

  private async description(releaseId: string) {
    return this.workflow(releaseId)
      .describe()
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) {
          return undefined;
        }
        throw error;
      });
  }
}
