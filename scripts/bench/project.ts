import type { Service } from './service';

/** What the benchmark releases and evaluates: a project with flags, and pipelines of three phases. */
export const PROJECT = 'bench';
export const GATE = 'gate-01';
const GATES = 20;

/** Somebody whom the first phase reaches. */
export const STAFF = { targetingKey: 'mira', email: 'mira@shop.example', plan: 'team', country: 'NL' };

const off = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };

/** A gate as it is before a release: on for some, by a rule of the usual size. */
export const gate = {
  ...off,
  targeting: {
    if: [
      { and: [{ '==': [{ var: 'plan' }, 'business'] }, { in: [{ var: 'country' }, ['DE', 'FR', 'NL']] }] },
      'on',
      'off',
    ],
  },
};

/** What a release makes of it. */
export const released = { ...off, defaultVariant: 'on' };

/** Asks a person in each deployment: a step of a process. */
export const manualStep = {
  name: 'Check dashboards',
  kind: 'manual',
  instructions: 'Look at #{Octopus.Environment.Name}.',
};

export type PipelineName = 'slow' | 'plain' | 'reviewed' | 'asked';

/** Makes it all, and returns a key for clients of the flags in production. */
export async function makeProject(service: Service): Promise<string> {
  const put = (path: string, body: object) => service.expect(201, 'PUT', `/v1/projects/${PROJECT}${path}`, body);
  await put('', {});
  for (const [index, name] of ['development', 'staging', 'production'].entries()) {
    await put(`/environments/${name}`, { order: index + 1 });
  }
  for (let number = 1; number <= GATES; number += 1) {
    await put(`/flags/gate-${String(number).padStart(2, '0')}`, { kind: 'gate', definition: gate });
  }
  await put('/pipelines/slow', pipeline('1h'));
  await put('/pipelines/plain', pipeline('2s'));
  await put('/pipelines/reviewed', pipeline('2s', { approvals: 1, authorMayApprove: true }));
  // One phase, and whoever may deploy is asked in it.
  await put('/pipelines/asked', { phases: phases('2s').slice(2), process: [manualStep] });
  const { key } = await service.expect<{ key: string }>(
    201,
    'POST',
    `/v1/projects/${PROJECT}/environments/production/evaluation-keys`,
    { kind: 'server' },
  );
  return key;
}

/** Three phases; a review stands before the last one. */
function pipeline(bake: string, review?: object) {
  const [staff, part, everyone] = phases(bake);
  return { phases: [staff, part, { ...everyone, ...(review && { requiredReview: review }) }] };
}

/** Three phases, each for more people than the one before. */
export function phases(bake?: string): [object, object, object] {
  const staff = [{ attribute: 'email', operator: 'ends_with', values: ['@shop.example'] }];
  const part = [{ attribute: 'targetingKey', operator: 'percentage', values: [25] }];
  return [
    { name: 'staff', bake, rules: [{ environments: ['production'], conditions: staff }] },
    { name: 'part', bake, rules: [{ environments: ['production'], conditions: part }] },
    { name: 'everyone', bake, rules: [{ environments: ['production'] }] },
  ];
}

/** Triggers a release of one gate, and returns its id. */
export async function trigger(service: Service, name: PipelineName, flag: string): Promise<string> {
  const body = { changes: [{ flag, definition: released, environments: ['production'] }] };
  const { id } = await service.expect<{ id: string }>(
    201,
    'POST',
    `/v1/projects/${PROJECT}/pipelines/${name}/releases`,
    body,
  );
  return id;
}

/** Asks something of a release; anything but the decided answer is an error, 202 included. */
export async function act(service: Service, release: string, action: string): Promise<void> {
  await service.expect(200, 'POST', `/v1/releases/${release}/${action}`, {});
}
