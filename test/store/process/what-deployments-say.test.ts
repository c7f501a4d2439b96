import { jobsOf, type StepJob } from '../../../src/domain/roll-out';
import { http, manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import { claim, goOn, record, stepOf, undecided } from '../releases/release-steps';

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

/** A release whose process calls an endpoint now, or waits. */
async function calling(more: Partial<ReleaseToTrigger> = {}): Promise<string> {
  const release = await world.trigger({ phases: [phase('all')], process: [http({ name: 'Call' })], ...more });
  await claim(world, release);
  await goOn(world, release);
  return release;
}

/** The call of it that is under way, failed. */
async function failedCall(release: string, errored = false) {
  const isStep = (job: { kind: string }): job is StepJob => job.kind === 'step';
  const job = jobsOf(await world.position(release)).find(isStep);
  if (!job) {
    throw new Error(`Release ${release} calls nothing`);
  }
  return { job, at: Date.now(), outcome: 'failed' as const, detail: 'The endpoint answered 500', errored };
}

/** What each deployment's log says, by attempt. */
async function logs(release: string): Promise<Record<number, string[]>> {
  const lines = await world.store.read
    .selectFrom('deploymentLog')
    .innerJoin('deployments', 'deployments.id', 'deploymentLog.deploymentId')
    .where('releaseId', '=', release)
    .orderBy('attempt')
    .orderBy('number')
    .select(['attempt', 'message'])
    .execute();
  return lines.reduce<Record<number, string[]>>(
    (all, { attempt, message }) => ({ ...all, [attempt]: [...(all[attempt] ?? []), message] }),
    {},
  );
}

it('REL-28: an attempt that fails in the recording that starts the next one says so in its own log', async () => {
  const release = await calling({ process: [manual()] });
  await world.accept(release, 'submit', { answer: { interruption: 1, result: 'abort', hasNotes: false } });
  await world.accept(release, 'retry');

  await record(world, await stepOf(world, release, { mailbox: await undecided(world, release) }));

  const said = await logs(release);
  expect(said[1]?.at(-1)).toBe('The deployment has failed: A person said no');
  expect(said[2]?.filter((line) => line.startsWith('The deployment'))).toEqual([
    'The deployment of phase all has started',
  ]);
});

it('INT-10: a step that broke, and that a person lets fail, is still one that broke', async () => {
  const release = await calling({ guidedFailure: true });
  const failure = await failedCall(release, true);
  await goOn(world, release, { finished: [failure] });

  await world.accept(release, 'submit', { answer: { interruption: 1, result: 'fail', hasNotes: false } });
  await goOn(world, release);

  const [failed] = await world.store.read
    .selectFrom('deploymentSteps')
    .select(['state', 'error', 'errored'])
    .where('name', '=', 'Call')
    .execute();
  expect(failed).toEqual({ state: 'failed', error: 'The endpoint answered 500', errored: 1 });
});
