import type { z } from 'zod';

import type { deploymentLogPage, deploymentVariables } from '../../src/api/schemas/deployment';
import type { interruption } from '../../src/api/schemas/interruption';
import type { ProblemBody } from '../../src/api/problem';
import { eventually } from './eventually';
import { phase, type Answer, type DeploymentBody, type Page, type Person, type ReleaseApi } from './release-api';

export type InterruptionBody = z.infer<typeof interruption>;

type InterruptionAnswer = Answer<InterruptionBody & ProblemBody>;

/** A phase for everybody in these environments, of which nothing happens by itself. */
export const phaseIn = (name: string, environments: string[], more: object = {}): object =>
  phase(name, { rules: [{ environments }], ...more });

/** A manual step that anybody may answer who may deploy. */
export const manual = (name: string, more: object = {}): object => ({
  name,
  kind: 'manual',
  instructions: 'Look at it.',
  ...more,
});

/** Processes and what they ask people, over HTTP. */
export class ProcessApi {
  constructor(private readonly api: ReleaseApi) {}

  /** Waits until a release asks people exactly so many things; in the order in which they were raised. */
  asked(release: string, count = 1): Promise<InterruptionBody[]> {
    return eventually(
      `release ${release} asks ${count}`,
      async () => {
        const open = await this.open(release);
        return open.length === count && open;
      },
      20_000,
    );
  }

  /** The only thing that a release asks, once it does. */
  async question(release: string): Promise<InterruptionBody> {
    const [only] = await this.asked(release);
    if (!only) throw new Error(`${release} asks nothing`);
    return only;
  }

  /** What a release asks now. */
  async open(release: string): Promise<InterruptionBody[]> {
    const { status, body } = await this.api.admin.get<Page<InterruptionBody>>(
      `/v1/interruptions?release=${release}&state=pending,taken&limit=200`,
    );
    expect(status).toBe(200);
    return body.items.reverse();
  }

  /** As that person sees it. */
  async seenBy(person: Person, { id }: { id: string }): Promise<InterruptionBody> {
    const { status, body } = await person.get<InterruptionBody>(`/v1/interruptions/${id}`);
    expect(status).toBe(200);
    return body;
  }

  take(person: Person, { id }: { id: string }, headers?: Record<string, string>): Promise<InterruptionAnswer> {
    return person.post(`/v1/interruptions/${id}/take`, undefined, headers);
  }

  submit(
    person: Person,
    { id }: { id: string },
    body: object,
    headers?: Record<string, string>,
  ): Promise<InterruptionAnswer> {
    return person.post(`/v1/interruptions/${id}/submit`, body, headers);
  }

  /** Takes and answers it, both accepted: as it is then. */
  async answers(person: Person, of: { id: string }, result: string, notes?: string): Promise<InterruptionBody> {
    const taken = await this.take(person, of);
    expect([taken.status, taken.body.code]).toEqual([200, undefined]);
    const answer = await this.submit(person, of, { result, ...(notes !== undefined && { notes }) });
    expect([answer.status, answer.body.code]).toEqual([200, undefined]);
    return answer.body;
  }

  /** The deployments of a release, oldest first. */
  async deployments(release: string): Promise<DeploymentBody[]> {
    const { status, body } = await this.api.admin.get<Page<DeploymentBody>>(`/v1/releases/${release}/deployments`);
    expect(status).toBe(200);
    return body.items.reverse();
  }

  /** The only deployment of a release. */
  async deployment(release: string): Promise<DeploymentBody> {
    const [only, second] = await this.deployments(release);
    if (!only || second) throw new Error(`${release} has another number of deployments`);
    return only;
  }

  /** Steps of the only deployment, by name. */
  async steps(release: string): Promise<Record<string, string>> {
    const { steps } = await this.deployment(release);
    return Object.fromEntries(steps.map(({ name, state }) => [name, state]));
  }

  /** What the steps of a deployment could use, by name; null: sensitive. */
  async variables(deployment: string): Promise<Record<string, string | null>> {
    const { status, body } = await this.api.admin.get<z.infer<typeof deploymentVariables>>(
      `/v1/deployments/${deployment}/variables`,
    );
    expect(status).toBe(200);
    return Object.fromEntries(body.items.map(({ name, value }) => [name, value]));
  }

  /** The lines of a deployment's log, each behind its step. */
  async log(deployment: string): Promise<string[]> {
    const { status, body } = await this.api.admin.get<z.infer<typeof deploymentLogPage>>(
      `/v1/deployments/${deployment}/log?limit=200`,
    );
    expect(status).toBe(200);
    return body.items.map(({ step, message }) => (step === null ? message : `${step}: ${message}`));
  }
}

/** Status and code, or the state: enough to tell answers about interruptions apart. */
export const told = ({ status, body }: { status: number; body: { code?: string; state?: string } }): string =>
  `${status} ${body.code ?? body.state ?? ''}`;
