/* One afternoon of a shop, as the API tells it: what openapi.json shows for the things that people and CI meet. */

const RELEASE = '01KG9YQ3M8W2V6T0R4N1X5Z7BC';
const DEPLOYMENT = '01KG9YQ7C5B8N2J4E6F1H3K9MR';
const INTERRUPTION = '01KG9YQ9D3S6V8X0Z2A4C7E1GP';
const OTHER_INTERRUPTION = '01KG9YR2W4Y6A8C1E3G5J7M9PT';
const NOTIFICATION = '01KG9YQ9F1H3K5N7Q9S2V4X6ZB';
const ACTION = '01KG9YRB5D7F9H2K4N6Q8S1V3X';

const RAISED_AT = '2026-02-03T14:02:11.000Z';
const ANSWERED_AT = '2026-02-03T14:09:40.000Z';

export const variableExample = {
  name: 'Dashboard.Url',
  project: 'shop',
  value: 'https://dashboards.example.com/checkout',
  environments: ['production'],
  tenants: [],
  sensitive: false,
  createdAt: '2026-01-12T09:30:00.000Z',
};

export const variableSettingsExample = {
  value: 'https://dashboards.example.com/checkout',
  environments: ['production'],
  sensitive: false,
};

export const subscriptionSettingsExample = {
  url: 'https://hooks.example.com/sluice',
  events: ['interruption-raised', 'phase-failed', 'release-aborted'],
};

export const subscriptionExample = {
  name: 'on-call',
  project: 'shop',
  url: 'https://hooks.example.com/sluice',
  email: null,
  events: ['interruption-raised', 'phase-failed', 'release-aborted'],
  createdAt: '2026-01-12T09:31:00.000Z',
};

export const savedSubscriptionExample = {
  ...subscriptionExample,
  secret: 'whsec_c2hvd24tb25jZS1hbmQtbmV2ZXItYWdhaW4tc29ycnk=',
};

const asked = {
  id: INTERRUPTION,
  kind: 'manual',
  title: 'Check dashboards',
  instructions: 'Look at https://dashboards.example.com/checkout for five minutes. Errors below 0.1 %?',
  teams: ['operations'],
  results: ['proceed', 'abort'],
  notesRequired: true,
  closedBy: null,
  closedWhy: null,
  project: 'shop',
  environment: 'production',
  tenant: null,
  release: RELEASE,
  deployment: DEPLOYMENT,
  phase: 'everyone',
  step: 'Check dashboards',
  blockConcurrent: false,
  deadline: '2026-02-03T18:02:11.000Z',
  escalatedAt: null,
  raisedAt: RAISED_AT,
};

const answered = {
  ...asked,
  state: 'submitted',
  responsibleUser: 'grace',
  pendingAction: null,
  result: 'proceed',
  notes: 'Errors at 0.02 %, as before',
  approvals: {
    needed: 1,
    given: 1,
    proceeded: [{ user: 'grace', notes: 'Errors at 0.02 %, as before', at: ANSWERED_AT }],
  },
  submittedBy: 'grace',
  endedAt: ANSWERED_AT,
  canTake: false,
  canSubmit: false,
};

/** Taken by the caller: what can be answered. */
export const interruptionExample = {
  ...asked,
  state: 'taken',
  responsibleUser: 'grace',
  pendingAction: null,
  result: null,
  notes: null,
  approvals: { needed: 1, given: 0, proceeded: [] },
  submittedBy: null,
  endedAt: null,
  canTake: false,
  canSubmit: true,
};

export const reassignmentExample = { user: 'olga' };

export const submissionExample = { result: 'proceed', notes: 'Errors at 0.02 %, as before' };

export const submissionsExample = { ids: [INTERRUPTION, OTHER_INTERRUPTION], ...submissionExample };

/** Of two one is answered, and one is somebody else's. */
export const submissionResultsExample = {
  items: [
    { id: INTERRUPTION, status: 200, action: ACTION, interruption: answered, problem: null },
    {
      id: OTHER_INTERRUPTION,
      status: 409,
      action: null,
      interruption: null,
      problem: {
        type: 'urn:sluice:problem:interruption.taken-by-other',
        title: 'Somebody else has taken the interruption',
        status: 409,
        detail: 'olga has taken it',
        code: 'interruption.taken-by-other',
        facts: { responsibleUser: 'olga' },
      },
    },
  ],
};

/** Accepted, and not decided within two seconds: what a 202 says, and where to ask for the rest. */
export const actionExample = {
  id: ACTION,
  release: RELEASE,
  number: 3,
  verb: 'submit',
  state: 'pending',
  problem: null,
  by: 'grace',
  reason: 'Errors at 0.02 %, as before',
  acceptedAt: ANSWERED_AT,
  decidedAt: null,
};

const began = { try: 1, errored: false, ignored: false, startedAt: '2026-02-03T14:02:08.000Z' };

/** It waits for a person, who has it. */
export const deploymentExample = {
  id: DEPLOYMENT,
  release: RELEASE,
  track: null,
  phase: 'everyone',
  environment: 'production',
  tenant: null,
  attempt: 1,
  state: 'waiting',
  errored: false,
  steps: [
    {
      ...{ ...began, name: 'Start build', kind: 'http', state: 'succeeded', detail: null },
      ...{ endedAt: RAISED_AT, error: null },
    },
    {
      ...{ ...began, name: 'Check dashboards', kind: 'manual', state: 'waiting', detail: null },
      ...{ startedAt: RAISED_AT, endedAt: null, error: null },
    },
    {
      ...{ ...began, name: 'Roll out', kind: 'roll-out', state: 'pending', detail: null },
      ...{ startedAt: null, endedAt: null, error: null },
    },
  ],
  interruptions: [INTERRUPTION],
  triggeredBy: 'ada',
  endedBy: null,
  createdAt: '2026-02-03T14:02:08.000Z',
  startedAt: '2026-02-03T14:02:08.000Z',
  endedAt: null,
};

export const deploymentVariablesExample = {
  items: [
    { name: 'Build.Token', value: null, sensitive: true, source: 'project' },
    { name: 'Dashboard.Url', value: 'https://dashboards.example.com/checkout', sensitive: false, source: 'project' },
    { name: 'Octopus.Action[Start build].Output.id', value: '4711', sensitive: false, source: 'output' },
    { name: 'Octopus.Environment.Name', value: 'production', sensitive: false, source: 'built-in' },
  ],
  next: null,
};

export const deploymentLogExample = {
  items: [
    {
      ...{ number: 1, at: '2026-02-03T14:02:08.000Z', step: null },
      message: 'The deployment of phase everyone has started',
    },
    { number: 2, at: '2026-02-03T14:02:08.000Z', step: 'Start build', message: 'Started' },
  ],
  next: null,
};

const told = {
  id: NOTIFICATION,
  project: 'shop',
  type: 'interruption-raised',
  release: RELEASE,
  createdAt: RAISED_AT,
};

export const listedNotificationExample = { ...told, deliveries: { pending: 1, sent: 1, failed: 0 } };

/** Mail has got through, a webhook is tried again. */
export const notificationExample = {
  ...told,
  data: {
    project: 'shop',
    pipeline: 'standard',
    release: RELEASE,
    phase: 'everyone',
    environment: 'production',
    interruption: INTERRUPTION,
    title: asked.title,
    kind: asked.kind,
    step: asked.step,
    deployment: DEPLOYMENT,
    instructions: asked.instructions,
    teams: asked.teams,
    results: asked.results,
    deadline: asked.deadline,
  },
  deliveries: [
    {
      ...{ channel: 'email', recipient: 'grace@example.com', subscription: null, user: 'grace', state: 'sent' },
      ...{ tries: 1, nextAttemptAt: null, detail: null, endedAt: '2026-02-03T14:02:12.000Z' },
    },
    {
      ...{ channel: 'webhook', recipient: 'https://hooks.example.com/sluice', subscription: 'on-call', user: null },
      ...{ state: 'pending', tries: 2, nextAttemptAt: '2026-02-03T14:02:31.000Z', endedAt: null },
      detail: 'The target answered 503',
    },
  ],
};

export const callbackExample = { state: 'succeeded', currentVersion: '1.4.2' };

export const callbackAnswerExample = { state: 'applied' };
