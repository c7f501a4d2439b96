import type { Crowd } from './crowd';
import { manualStep, phases } from './project';
import type { Service } from './service';
import { tokenOf } from './token-of';

/** Lets releases of a crowd ask the people of a team in each of their phases; returns the token of one of them. */
export async function addAskingPipeline(service: Service, { project }: Crowd): Promise<string> {
  await service.expect(201, 'PUT', '/v1/users/grace', { roles: [{ role: 'developer', project }] });
  await service.expect(201, 'PUT', '/v1/teams/operations', { members: ['grace'] });
  await service.expect(201, 'PUT', `/v1/projects/${project}/pipelines/asking`, {
    phases: phases('1d'),
    process: [{ ...manualStep, teams: ['operations'] }],
  });
  // With a token that the operator made she could not answer releases that the operator has triggered.
  return tokenOf(service, 'grace', await tokenOf(service, 'grace'));
}

/** Takes what a release asks, and returns the id of the interruption. */
export async function take(service: Service, release: string, token?: string): Promise<string> {
  const target = `/v1/interruptions?release=${release}&state=pending`;
  const { items } = await service.expect<{ items: { id: string }[] }>(200, 'GET', target, undefined, token);
  const id = items[0]?.id ?? '';
  await service.expect(200, 'POST', `/v1/interruptions/${id}/take`, undefined, token);
  return id;
}

/** Answers what was taken; anything but the decided answer is an error, 202 included. */
export async function proceed(service: Service, interruption: string, token?: string): Promise<void> {
  await service.expect(200, 'POST', `/v1/interruptions/${interruption}/submit`, { result: 'proceed' }, token);
}
