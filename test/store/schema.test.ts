import type { Tables } from '../../src/store/tables';
import { openTestStore, type TestStore } from '../support/test-store';

type Columns = { [Table in keyof Tables]: { [Column in keyof Tables[Table]]: true } };

/** Every column of src/store/tables.ts, kept complete by the compiler. */
const columns: Columns = {
  installation: { id: true, createdAt: true },
  projects: { id: true, slug: true, displayName: true, createdAt: true, deletedAt: true },
  environments: {
    id: true,
    projectId: true,
    slug: true,
    displayName: true,
    position: true,
    requiresPipeline: true,
    requiresReview: true,
    revision: true,
    createdAt: true,
    deletedAt: true,
  },
  evaluationKeys: {
    id: true,
    environmentId: true,
    kind: true,
    name: true,
    keyHash: true,
    createdAt: true,
    deletedAt: true,
  },
  flags: {
    id: true,
    projectId: true,
    slug: true,
    kind: true,
    description: true,
    definition: true,
    appliedDefinition: true,
    version: true,
    createdAt: true,
    deletedAt: true,
  },
  flagEnvironments: { flagId: true, environmentId: true, definition: true, version: true },
  overlays: { releaseId: true, environmentId: true, flagId: true, definition: true, rules: true },
  pipelines: { id: true, projectId: true, slug: true, version: true, createdAt: true, deletedAt: true },
  pipelineVersions: { pipelineId: true, version: true, definition: true, createdBy: true, createdAt: true },
  releases: {
    id: true,
    projectId: true,
    pipelineId: true,
    pipelineVersion: true,
    digest: true,
    position: true,
    state: true,
    live: true,
    seq: true,
    epoch: true,
    claimedBy: true,
    lastAction: true,
    startDeliveredAt: true,
    wake: true,
    changes: true,
    plan: true,
    triggeredBy: true,
    reason: true,
    source: true,
    labels: true,
    createdAt: true,
    endedAt: true,
  },
  releaseTargets: { releaseId: true, target: true, ticket: true, held: true, snapshot: true },
  releaseSteps: { releaseId: true, seq: true, digest: true, result: true },
  actions: {
    id: true,
    releaseId: true,
    number: true,
    verb: true,
    actorId: true,
    action: true,
    reason: true,
    acceptedAt: true,
    deliveredAt: true,
    status: true,
    refusal: true,
    decidedAt: true,
  },
  deployments: {
    id: true,
    releaseId: true,
    phase: true,
    environmentId: true,
    attempt: true,
    state: true,
    errored: true,
    createdAt: true,
    startedAt: true,
    endedAt: true,
  },
  drift: { releaseId: true, item: true, environmentId: true, detail: true, at: true },
  events: {
    position: true,
    chain: true,
    sequence: true,
    type: true,
    projectId: true,
    releaseId: true,
    actorId: true,
    at: true,
    data: true,
    previousHash: true,
    hash: true,
  },
  chains: { chain: true, sequence: true, hash: true },
  counters: { name: true, value: true },
  users: { id: true, slug: true, displayName: true, email: true, createdAt: true, deletedAt: true },
  teams: { id: true, slug: true, displayName: true, createdAt: true, deletedAt: true },
  teamMembers: { teamId: true, userId: true },
  grants: { id: true, subjectKind: true, subjectId: true, role: true, permission: true, projectId: true },
  tokens: {
    id: true,
    userId: true,
    name: true,
    hash: true,
    madeBy: true,
    fromSetting: true,
    narrowed: true,
    expiresAt: true,
    createdAt: true,
    deletedAt: true,
  },
  idempotencyKeys: {
    userId: true,
    route: true,
    key: true,
    bodyHash: true,
    answer: true,
    releaseId: true,
    createdAt: true,
  },
};

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.dispose());

it('makes the very tables and columns that the code is typed with', async () => {
  const tables = await test.store.read.introspection.getTables();
  // PostgreSQL shows every schema there is; the tests of other files have theirs.
  const own = tables.filter((table) => table.schema === undefined || table.schema === test.schema);

  const found = Object.fromEntries(own.map((table) => [table.name, table.columns.map((column) => column.name).sort()]));

  const expected = Object.entries(columns).map(([table, names]) => [table, Object.keys(names).sort()]);
  expect(found).toEqual(Object.fromEntries(expected));
});
