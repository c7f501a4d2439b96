import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';

import type { ReleaseActivities } from '../../src/activities';
import { createActivities } from '../../src/activities';
import { Dispatcher } from '../../src/api/dispatch/dispatcher';
import { temporalEngine, type Engine } from '../../src/api/dispatch/engine';
import { createLog } from '../../src/api/log';
import { OutcomeWaiters, readAction, type ActionRecord } from '../../src/api/releases/outcome-waiters';
import type { Phase, Pipeline, ReleaseAction, Review } from '../../src/domain/pipeline';
import type { ActionRights, ReleaseState, ShownState } from '../../src/domain/release';
import { shownState } from '../../src/domain/release';
import { readAudit } from '../../src/store/audit/read-audit';
import { putFlag } from '../../src/store/flags/put-flag';
import { newId } from '../../src/store/new-id';
import { putPipeline } from '../../src/store/pipelines/put-pipeline';
import { acceptAction } from '../../src/store/releases/accept-action';
import { positionOf } from '../../src/store/releases/stored-release';
import { triggerRelease, type Triggered } from '../../src/store/releases/trigger-release';
import type { Store } from '../../src/store/store';
import type { ReleaseWorkflowInput } from '../../src/workflows/messages';
import { RELEASE_WORKFLOW, releaseWorkflowId, taskQueueOf } from '../../src/workflows/messages';
import { eventually } from './eventually';
import { insertProject, OFF, ON } from './store-fixtures';
import { openTestStore, type TestStore } from './test-store';
import { workflowBundle } from './workflow-bundle';

/** Triggers the releases of these tests; `olga` and `rita` are no authors and may do everything. */
export const AUTHOR = 'ada';
const PEOPLE = [AUTHOR, 'olga', 'rita'] as const;

export const review = (more: Partial<Review> = {}): Review => ({
  teams: [],
  approvals: 1,
  authorMayApprove: false,
  deadline: null,
  ...more,
});

/** A phase that reaches everyone in `staging`, at once and without a review. */
export const phase = (name: string, more: Partial<Phase> = {}): Phase => ({
  name,
  bakeMs: 0,
  requiredReview: null,
  rules: [{ environments: ['staging'], conditions: [] }],
  ...more,
});

/** What is released, and how. */
export interface ReleaseToTrigger extends Partial<Omit<Pipeline, 'phases'>> {
  phases: Phase[];
  flags?: string[];
  whenBusy?: 'reject' | 'queue';
  base?: string;
}

export interface ActionToAccept {
  by?: string;
  /** When it counts as accepted; now by default. */
  at?: number;
  phase?: string;
  attempt?: number;
  expiresAfterMs?: number;
  rights?: Partial<ActionRights>;
}

export interface WorkerOptions {
  bundle?: { code: string };
  /** Put between the workflows and the real activities. */
  activities?: (real: ReleaseActivities) => ReleaseActivities;
  /** 0: every step is replayed from the start. */
  maxCachedWorkflows?: number;
  /** Short by default: a stopped worker's workflows are to be taken over at once. */
  stickyTimeoutMs?: number;
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
export class ReleaseWorld {
  readonly outcomes: OutcomeWaiters;
  readonly engine: Engine;
  private pipelines = 0;
  private readonly dispatchers = new Set<Dispatcher>();
  private worker: { stop: () => Promise<void> } | null = null;

  private constructor(
    private readonly temporal: TemporalConnections,
    private readonly storage: TestStore,
    readonly projectId: string,
    readonly environments: Record<string, string>,
  ) {
    this.outcomes = new OutcomeWaiters(this.store);
    this.engine = temporalEngine(temporal.client, this.store.installationId);
  }

  static async open(temporal: TemporalConnections): Promise<ReleaseWorld> {
    const storage = await openTestStore();
    const { projectId, environments } = await insertProject(storage.store);
    const world = new ReleaseWorld(temporal, storage, projectId, environments);
    await world.addPeople();
    return world;
  }

  get store(): Store {
    return this.storage.store;
  }

  /** Ends what runs and removes the store; workflows that are left over wait for a worker that never comes. */
  async close(): Promise<void> {
    await this.stopDispatchers();
    await this.stopWorker();
    await this.storage.dispose();
  }

  startDispatcher(engine: Engine = this.engine): void {
    this.dispatchers.add(new Dispatcher({ store: this.store, engine, log: createLog('silent'), now: Date.now }));
  }

  async stopDispatchers(): Promise<void> {
    await Promise.all([...this.dispatchers].map((dispatcher) => dispatcher.stop()));
    this.dispatchers.clear();
  }

  async startWorker({ bundle, activities, maxCachedWorkflows, stickyTimeoutMs }: WorkerOptions = {}): Promise<void> {
    const real = createActivities(this.store);
    const worker = await Worker.create({
      connection: this.temporal.native,
      identity: 'sluice',
      taskQueue: taskQueueOf(this.store.installationId),
      workflowBundle: bundle ?? (await workflowBundle()),
      activities: activities?.(real) ?? real,
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

  async putFlag(slug: string, definition = OFF): Promise<void> {
    await this.store.write((unit) =>
      putFlag(unit, {
        projectId: this.projectId,
        slug,
        kind: 'gate',
        description: '',
        definition,
        environments: null,
        mayOverride: true,
        isApplied: false,
        actorId: AUTHOR,
        at: Date.now(),
        checkEtag: () => undefined,
      }),
    );
  }

  /** What becomes of a trigger that switches these gates on. */
  async tryToTrigger(wanted: ReleaseToTrigger): Promise<Triggered> {
    const { phases, flags = ['new-checkout'], whenBusy = 'reject', base, ...more } = wanted;
    for (const flag of flags) {
      if (!(await this.findFlag(flag))) {
        await this.putFlag(flag);
      }
    }
    const pipeline: Pipeline = { onFailure: 'hold', reasonRequired: [], ...more, phases };
    this.pipelines += 1;
    const slug = `pipeline-${this.pipelines}`;
    return this.store.write(async (unit) => {
      const put = await putPipeline(unit, {
        projectId: this.projectId,
        slug,
        definition: pipeline,
        by: AUTHOR,
        at: Date.now(),
        judge: () => undefined,
        judgeDefinition: () => undefined,
      });
      if (put.kind === 'gone') {
        throw new Error(`${slug} was deleted`);
      }
      return triggerRelease(unit, {
        projectId: this.projectId,
        pipelineId: put.id,
        changes: flags.map((flag) => ({ flag, definition: ON, ...(base === undefined ? {} : { base }) })),
        triggeredBy: AUTHOR,
        withOwnToken: true,
        sourceActor: null,
        reason: null,
        source: null,
        labels: [],
        whenBusy,
        now: Date.now(),
        tryDefinition: () => [],
      });
    });
  }

  /** A release that was accepted; anything else fails the test. */
  async trigger(wanted: ReleaseToTrigger): Promise<string> {
    const triggered = await this.tryToTrigger(wanted);
    if (triggered.kind !== 'release') {
      throw new Error(`The trigger was not accepted: ${JSON.stringify(triggered)}`);
    }
    return triggered.releaseId;
  }

  /** Accepts an action as the facade does; returns its id. */
  async accept(releaseId: string, verb: ReleaseAction, asked: ActionToAccept = {}): Promise<string> {
    const actionId = await this.store.write((unit) =>
      acceptAction(unit, {
        releaseId,
        verb,
        by: asked.by ?? 'olga',
        phase: asked.phase ?? null,
        attempt: asked.attempt ?? null,
        reason: null,
        expiresAfterMs: asked.expiresAfterMs ?? null,
        now: asked.at ?? Date.now(),
        judge: (plan) => ({
          mayApprove: plan.phases.map(({ name }) => name),
          administrator: true,
          hasReason: true,
          tokenMaker: null,
          ...asked.rights,
        }),
      }),
    );
    if (actionId === undefined) {
      throw new Error(`There is no release ${releaseId}`);
    }
    return actionId;
  }

  /** Accepts an action and waits for its outcome: `applied`, or the refusal's code. */
  async act(releaseId: string, verb: ReleaseAction, asked: ActionToAccept = {}): Promise<string> {
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

  async action(actionId: string): Promise<ActionRecord> {
    const action = await readAction(this.store, actionId);
    if (!action) {
      throw new Error(`There is no action ${actionId}`);
    }
    return action;
  }

  async position(releaseId: string): Promise<ReleaseState> {
    return positionOf(
      await this.store.read
        .selectFrom('releases')
        .select('position')
        .where('id', '=', releaseId)
        .executeTakeFirstOrThrow(),
    );
  }

  async shown(releaseId: string): Promise<ShownState> {
    return shownState(await this.position(releaseId));
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

  /** The release's audit, in order. */
  async events(releaseId: string) {
    const { entries } = await readAudit(this.store.read, { releaseId }, { order: 'ascending', limit: 10_000 });
    return entries;
  }

  async eventTypes(releaseId: string): Promise<string[]> {
    return (await this.events(releaseId)).map(({ type }) => type);
  }

  async findFlag(slug: string) {
    return this.store.read
      .selectFrom('flags')
      .selectAll()
      .where('projectId', '=', this.projectId)
      .where('slug', '=', slug)
      .executeTakeFirst();
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

  private async addPeople(): Promise<void> {
    await this.store.write(async ({ sql }) => {
      for (const person of PEOPLE) {
        await sql
          .insertInto('users')
          .values({ id: person, slug: person, displayName: person, email: null, createdAt: 0, deletedAt: null })
          .execute();
        await sql
          .insertInto('grants')
          .values({
            id: newId(),
            subjectKind: 'user',
            subjectId: person,
            role: 'administrator',
            permission: null,
            projectId: null,
          })
          .execute();
      }
    });
  }
}
