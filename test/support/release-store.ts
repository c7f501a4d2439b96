import { readAction, type ActionRecord } from '../../src/api/releases/outcome-waiters';
import type { ActionRights, Callback, InterruptionAnswer } from '../../src/domain/accepted-action';
import type { ActionVerb, Phase, Pipeline, Review } from '../../src/domain/pipeline';
import type { ReleaseState } from '../../src/domain/release';
import { shownState, type ShownState } from '../../src/domain/shown-state';
import { checkExpression } from '../../src/expressions/check-expression';
import { readAudit } from '../../src/store/audit/read-audit';
import { acceptCallback } from '../../src/store/effects/accept-callback';
import { putFlag } from '../../src/store/flags/put-flag';
import { newId } from '../../src/store/new-id';
import { putPipeline } from '../../src/store/pipelines/put-pipeline';
import { acceptAction } from '../../src/store/releases/accept-action';
import { positionOf } from '../../src/store/releases/stored-release';
import { triggerRelease, type Triggered } from '../../src/store/releases/trigger-release';
import type { Store } from '../../src/store/store';
import { replaceEndpoints } from '../../src/store/services/endpoints';
import { addSecret } from '../../src/store/services/service-secrets';
import { insertProject, OFF, ON } from './store-fixtures';
import { testSecretBox } from './test-services';
import { openTestStore, type TestStore } from './test-store';

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
  /** Versions of services behind the flags, in this order. */
  services?: Record<string, string>;
  /** Those of them that come before the flags. */
  beforeFlags?: string[];
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
  /** `accept-drift`: what is given up. */
  item?: { service: string; environment: string | null };
  /** `submit`: what is answered. */
  answer?: InterruptionAnswer;
}

/** What a `ReleaseStore` is made of. */
export interface StoreParts {
  storage: TestStore;
  projectId: string;
  /** Ids by name. */
  environments: Record<string, string>;
}

/** A new store, or the one given, with a project and people. */
export async function newParts(given?: TestStore): Promise<StoreParts> {
  const storage = given ?? (await openTestStore());
  const project = await insertProject(storage.store);
  await addPeople(storage.store);
  return { storage, ...project };
}

/** A store with a project, in which releases are triggered and acted on as the facade does it. */
export class ReleaseStore {
  readonly projectId: string;
  readonly environments: Record<string, string>;
  private readonly storage: TestStore;
  private pipelines = 0;

  constructor(parts: StoreParts) {
    this.storage = parts.storage;
    this.projectId = parts.projectId;
    this.environments = parts.environments;
  }

  get store(): Store {
    return this.storage.store;
  }

  async close(): Promise<void> {
    await this.storage.dispose();
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

  /** A service with these endpoints by environment, and a secret; its id. */
  async putService(slug: string, endpoints: Record<string, string>, timeoutMs = 2_000): Promise<string> {
    const id = newId();
    await this.store.write(async (unit) => {
      await unit.sql
        .insertInto('services')
        .values({
          id,
          projectId: this.projectId,
          slug,
          displayName: slug,
          timeoutMs,
          createdAt: Date.now(),
          deletedAt: null,
        })
        .execute();
      const rows = Object.entries(endpoints).map(([environment, url]) => ({
        environmentId: this.environments[environment] ?? '',
        url,
      }));
      await replaceEndpoints(unit, id, rows);
      await addSecret(unit, {
        projectId: this.projectId,
        service: { id, slug },
        secretBox: testSecretBox,
        by: AUTHOR,
        at: Date.now(),
      });
    });
    return id;
  }

  /** Gives a service another endpoint in one environment. */
  async moveService(serviceId: string, environment: string, url: string): Promise<void> {
    await this.store.write(async ({ sql }) => {
      await sql
        .updateTable('serviceEndpoints')
        .set({ url })
        .where('serviceId', '=', serviceId)
        .where('environmentId', '=', this.environments[environment] ?? '')
        .execute();
    });
  }

  /** Lets the target of a service answer later, within that time of its 202 (PRO-6). */
  async letCallBack(serviceId: string, callbackTimeoutMs: number): Promise<void> {
    await this.store.write(async ({ sql }) => {
      await sql.updateTable('services').set({ callback: 1, callbackTimeoutMs }).where('id', '=', serviceId).execute();
    });
  }

  /** What the target of an effect says later, accepted; the action's id. */
  async callBack(key: string, callback: Callback = { state: 'succeeded' }): Promise<string> {
    const accepted = await this.store.write((unit) =>
      acceptCallback(unit, { key, callback, detail: null, now: Date.now() }),
    );
    if (accepted.kind !== 'accepted') {
      throw new Error(`The callback is ${accepted.kind}`);
    }
    return accepted.actionId;
  }

  /** What becomes of a trigger that switches these gates on. */
  async tryToTrigger(wanted: ReleaseToTrigger): Promise<Triggered> {
    const {
      phases,
      flags = ['new-checkout'],
      services = {},
      beforeFlags = [],
      whenBusy = 'reject',
      base,
      ...more
    } = wanted;
    const versions = Object.entries(services).map(([service, version]) => ({ service, version }));
    const isFirst = ({ service }: { service: string }) => beforeFlags.includes(service);
    for (const flag of flags) {
      if (!(await this.findFlag(flag))) {
        await this.putFlag(flag);
      }
    }
    const pipeline: Pipeline = {
      process: [],
      guidedFailure: false,
      onFailure: 'hold',
      reasonRequired: [],
      ...more,
      phases,
    };
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
        changes: [
          ...versions.filter(isFirst),
          ...flags.map((flag) => ({ flag, definition: ON, ...(base === undefined ? {} : { base }) })),
          ...versions.filter((each) => !isFirst(each)),
        ],
        triggeredBy: AUTHOR,
        withOwnToken: true,
        sourceActor: null,
        reason: null,
        source: null,
        labels: [],
        whenBusy,
        now: Date.now(),
        tryDefinition: () => [],
        checkExpression,
        endpointFault: () => null,
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
  async accept(releaseId: string, verb: ActionVerb, asked: ActionToAccept = {}): Promise<string> {
    const actionId = await this.store.write((unit) =>
      acceptAction(unit, {
        releaseId,
        verb,
        by: asked.by ?? 'olga',
        phase: asked.phase ?? null,
        attempt: asked.attempt ?? null,
        reason: null,
        expiresAfterMs: asked.expiresAfterMs ?? null,
        ...(asked.item && { item: asked.item }),
        ...(asked.answer && { answer: asked.answer }),
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
}

async function addPeople(store: Store): Promise<void> {
  await store.write(async ({ sql }) => {
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
