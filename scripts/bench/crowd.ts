import { setTimeout as sleep } from 'node:timers/promises';

import { atOnce } from './at-once';
import { act, gate, phases, released } from './project';
import type { Service } from './service';

/** Many flags in a project of their own: as many releases may be under way, and none waits for another. */
export interface Crowd {
  project: string;
  flags: string[];
}

/** `prompt` neither bakes nor asks anybody; `patient` bakes for a day; `asking` asks before that (asking.ts adds it). */
export type CrowdPipeline = 'prompt' | 'patient' | 'asking';

/** What one request applies; the service takes up to 500. */
const DOCUMENTS = 250;

/** Often enough for a run of seconds, and too seldom to be what the service is busy with. */
const POLL_MS = 50;
const LONGEST_WAIT_MS = 5 * 60_000;

/** Makes the project with its flags and pipelines. */
export async function makeCrowd(service: Service, project: string, size: number): Promise<Crowd> {
  const flags = Array.from({ length: size }, (_, index) => `gate-${String(index + 1).padStart(4, '0')}`);
  const documents = [
    { kind: 'project', name: project, spec: {} },
    { kind: 'environment', project, name: 'production', spec: {} },
    { kind: 'pipeline', project, name: 'prompt' satisfies CrowdPipeline, spec: { phases: phases() } },
    { kind: 'pipeline', project, name: 'patient' satisfies CrowdPipeline, spec: { phases: phases('1d') } },
    ...flags.map((name) => ({ kind: 'flag', project, name, spec: { kind: 'gate', definition: gate } })),
  ];
  for (let from = 0; from < documents.length; from += DOCUMENTS) {
    await service.expect(200, 'POST', '/v1/apply', { documents: documents.slice(from, from + DOCUMENTS) });
  }
  return { project, flags };
}

/** Triggers a release of each of these flags, some at a time, and returns their ids. */
export async function triggerAll(
  service: Service,
  { project, flags }: Crowd,
  pipeline: CrowdPipeline,
  definition: object = released,
): Promise<string[]> {
  const ids: string[] = [];
  await atOnce(flags, async (flag) => {
    const { id } = await service.expect<{ id: string }>(
      201,
      'POST',
      `/v1/projects/${project}/pipelines/${pipeline}/releases`,
      { changes: [{ flag, definition }] },
    );
    ids.push(id);
  });
  return ids;
}

/** Triggers a release of each of these flags, and resolves with their ids when all bake or wait for a person. */
export async function openAll(service: Service, crowd: Crowd, pipeline: CrowdPipeline): Promise<string[]> {
  const ids = await triggerAll(service, crowd, pipeline);
  await untilNone(service, crowd, 'state=queued,rolling-out');
  return ids;
}

/** Aborts these releases, some at a time. */
export function abortAll(service: Service, releases: readonly string[]): Promise<void> {
  return atOnce(releases, (release) => act(service, release, 'abort'));
}

/** Resolves when no release of the crowd matches a filter of the list, such as `live=true`; throws when one still does. */
export async function untilNone(service: Service, crowd: Crowd, filter: string): Promise<void> {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; await isAny(service, crowd, filter); await sleep(POLL_MS)) {
    if (Date.now() > deadline) {
      throw new Error(`There are still releases with ${filter}`);
    }
  }
}

/** Whether a release of the crowd matches a filter of the list. */
export async function isAny(service: Service, { project }: Crowd, filter: string): Promise<boolean> {
  const target = `/v1/releases?project=${project}&${filter}&limit=1`;
  const { items } = await service.expect<{ items: unknown[] }>(200, 'GET', target);
  return items.length > 0;
}
