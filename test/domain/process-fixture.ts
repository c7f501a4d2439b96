import type {
  EmailStep,
  HttpStep,
  ManualStep,
  NotifyStep,
  Phase,
  ProcessStep,
  RollOutStep,
} from '../../src/domain/pipeline';
import type { ProcessFacts } from '../../src/domain/process-check';

const base = {
  environments: [],
  notEnvironments: [],
  phases: [],
  tenants: [],
  runWhen: 'success' as const,
  start: 'after-previous' as const,
  required: false,
};

/* A sound step of each kind, with what a test changes of it. */

export const rollOut = (change: Partial<RollOutStep> = {}): RollOutStep => ({
  ...{ ...base, kind: 'roll-out', name: 'Roll out' },
  ...change,
});

export const manual = (change: Partial<ManualStep> = {}): ManualStep => ({
  ...{ ...base, kind: 'manual', name: 'Check', instructions: 'Look.', teams: [], notesRequired: false, approvals: 1 },
  ...{ authorMaySubmit: true, deadline: null, blockConcurrent: false },
  ...change,
});

export const http = (change: Partial<HttpStep> = {}): HttpStep => ({
  ...{ ...base, kind: 'http', name: 'Call', method: 'POST', url: 'https://build.example.com/hook', headers: {} },
  ...{ body: null, timeoutMs: 30_000, outputs: {} },
  ...change,
});

export const email = (change: Partial<EmailStep> = {}): EmailStep => ({
  ...{ ...base, kind: 'email', name: 'Tell', to: ['ada@example.com'], subject: 'Released', body: 'It is out.' },
  ...change,
});

export const notify = (change: Partial<NotifyStep> = {}): NotifyStep => ({
  ...{ ...base, kind: 'notify', name: 'Post', url: 'https://chat.example.com/hook', text: 'It is out.' },
  ...change,
});

export const shopPhases: Phase[] = [
  { name: 'staff', bakeMs: 0, requiredReview: null, rules: [{ environments: ['staging'], conditions: [] }] },
  { name: 'everyone', bakeMs: 0, requiredReview: null, rules: [{ environments: ['production'], conditions: [] }] },
];

export const shopFacts: ProcessFacts = {
  environments: [{ slug: 'staging' }, { slug: 'production' }],
  teams: new Map([
    ['operations', ['ada', 'olga']],
    ['on-call', ['olga']],
    ['empty', []],
  ]),
  deployers: ['ada', 'grace'],
  submitters: ['ada', 'olga'],
  variables: ['Region', 'Secret'],
  sensitive: ['Secret'],
  valuesIn: new Map([['Region', ['production']]]),
  services: ['payments'],
  checkExpression: (expression, names) =>
    names.has(expression) ? null : { message: `must be the name of a variable`, position: 4 },
  endpointFault: (url) => (url.startsWith('https:') ? null : 'must be https'),
};

export const named = (name: string, step: ProcessStep): ProcessStep => ({ ...step, name });
