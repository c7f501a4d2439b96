import { jobsOf, type Job, type StepJob } from '../../../src/domain/roll-out';
import type { InterruptionRecord } from '../../../src/store/interruptions/find-interruption';
import { beginStep } from '../../../src/store/process/begin-step';
import { failedDeployments } from '../../../src/store/process/failed-deployments';
import { renderFragment } from '../../../src/targets/mail/markdown';
import { http, manual } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore, type ReleaseToTrigger } from '../../support/release-store';
import { interruptionsIn } from '../interruptions/interruption-steps';
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
async function failedCall(release: string, errored = false, detail = 'The endpoint answered 500') {
  const isStep = (job: { kind: string }): job is StepJob => job.kind === 'step';
  const job = jobsOf(await world.position(release)).find(isStep);
  if (!job) {
    throw new Error(`Release ${release} calls nothing`);
  }
  return { job, at: Date.now(), outcome: 'failed' as const, detail, errored };
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
  expect(said[1]?.at(-1)).toBe('The deployment has failed: olga aborted it');
  expect(said[2]?.filter((line) => line.startsWith('The deployment'))).toEqual([
    'The deployment of phase all has started',
  ]);
});

/** What a step of the first deployment shows. */
async function shown(name: string) {
  const row = await world.store.read
    .selectFrom('deploymentSteps')
    .select(['state', 'detail', 'error', 'errored'])
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row;
}

async function answered(release: string, interruption: number, result: 'abort' | 'ignore' | 'retry'): Promise<void> {
  await world.accept(release, 'submit', { answer: { interruption, result, hasNotes: false } });
  await goOn(world, release);
}

it('INT-10: what a person ignores is no error any more, and not forgotten', async () => {
  const release = await calling({ guidedFailure: true });
  await goOn(world, release, { finished: [await failedCall(release, true)] });

  await answered(release, 1, 'ignore');

  const detail = 'olga answered ignore: The endpoint answered 500';
  expect(await shown('Call')).toEqual({ state: 'succeeded', detail, error: null, errored: 0 });
});

it('INT-10: what a person wants tried again has no error while it is', async () => {
  const release = await calling({ guidedFailure: true });
  await goOn(world, release, { finished: [await failedCall(release, true)] });

  await answered(release, 1, 'retry');

  expect(await shown('Call')).toMatchObject({ state: 'running', error: null, errored: 0 });
});

it('INT-5, VAR-7: what a person aborts is no error, and later steps can read it', async () => {
  const release = await calling({ process: [manual({ name: 'Check' }), http({ runWhen: 'failure' })] });

  await answered(release, 1, 'abort');

  expect(await shown('Check')).toEqual({ state: 'failed', detail: 'olga aborted it', error: null, errored: 0 });
  expect(await errorFor(release)).toBe("Step 'Check': olga aborted it");
});

it('PRO-5, PRO-8: a step reads what failed before its group, whatever has failed beside it meanwhile', async () => {
  const beside = { start: 'with-previous' as const, runWhen: 'always' as const };
  const release = await calling({
    process: [http({ name: 'Call' }), http({ name: 'Beside', ...beside }), http({ name: 'After', runWhen: 'failure' })],
  });
  const failure = await failedCall(release);
  const [, second] = jobsOf(await world.position(release));
  const before = await errorFor(release, second);

  await goOn(world, release, { finished: [failure] });

  expect([before, await errorFor(release, second)]).toEqual(['', '']);
  const [other] = jobsOf(await world.position(release)) as StepJob[];
  if (!other) throw new Error('Nothing runs');
  await goOn(world, release, { finished: [{ job: other, at: Date.now(), outcome: 'succeeded' }] });
  expect(await errorFor(release)).toBe("Step 'Call': The endpoint answered 500");
});

it('INT-5: why and notifications tell who said no and where, whatever has failed before', async () => {
  const release = await calling({
    process: [http({ name: 'Call' }), manual({ name: 'Check', runWhen: 'always' })],
  });
  await goOn(world, release, { finished: [await failedCall(release, true)] });

  await answered(release, 1, 'abort');

  expect(await failedDeployments(world.store.read, { id: release })).toMatchObject([
    { step: 'Call', detail: 'The endpoint answered 500', endedBy: { user: 'olga', step: 'Check' } },
  ]);
  const told = await world.store.read.selectFrom('notifications').select(['type', 'data']).orderBy('id').execute();
  const failed = told.filter(({ type }) => type.endsWith('-failed')).map(({ data }) => JSON.parse(data) as object);
  const endedBy = { user: 'olga', notes: null, step: 'Check' };
  expect(failed).toMatchObject([{ step: 'Call', errored: true, endedBy }, { failures: [{ step: 'Call', endedBy }] }]);
});

it('INV-4, INT-7: what an abort closes is told behind the abort, and nothing is closed that was not raised', async () => {
  const release = await calling({ process: [manual({ name: 'Check' }), manual({ name: 'Next' })] });
  await world.accept(release, 'submit', { answer: { interruption: 1, result: 'proceed', hasNotes: false } });
  await world.accept(release, 'abort');

  await record(world, await stepOf(world, release, { mailbox: await undecided(world, release) }));

  expect(await told(release)).toEqual([
    ...['action-applied', 'interruption-submitted', 'action-applied', 'release-aborting', 'release-aborted'],
  ]);

  const plain = await calling({ process: [manual({ name: 'Check' })], flags: ['other'] });
  await world.accept(plain, 'abort');
  await goOn(world, plain);

  expect(await told(plain)).toEqual(['action-applied', 'release-aborting', 'interruption-closed', 'release-aborted']);
});

/** Types of what the audit says of a release behind the first thing that it asked. */
async function told(release: string): Promise<string[]> {
  const entries = await world.store.read
    .selectFrom('events')
    .select(['type', 'at'])
    .where('releaseId', '=', release)
    .orderBy('position')
    .execute();
  const times = entries.map(({ at }) => at);
  expect(times).toEqual([...times].sort((one, other) => one - other));
  const types = entries.map(({ type }) => type);
  return types.slice(types.indexOf('interruption-raised') + 1);
}

/** `Octopus.Deployment.Error` as the only step under way, or this one, reads it. */
async function errorFor(release: string, asked?: Job): Promise<string | undefined> {
  const job = asked ?? jobsOf(await world.position(release))[0];
  if (job?.kind !== 'step') {
    throw new Error(`Release ${release} calls nothing`);
  }
  const begun = await world.store.write((unit) => beginStep(unit, { release, epoch: 1, job }, Date.now()));
  return begun.kind === 'run'
    ? begun.variables.find(({ name }) => name === 'Octopus.Deployment.Error')?.value
    : begun.kind;
}

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

it('VAR-4, NOT-1: what a target says of a failure, and a step’s name, are text in the Markdown of the question', async () => {
  const name = '*Ship* it <b>';
  const detail = 'see [the log](https://eve.example) ![x](https://eve.example/x.png)\n\n# Now https://eve.example';
  const release = await calling({ guidedFailure: true, process: [http({ name })] });

  await goOn(world, release, { finished: [await failedCall(release, false, detail)] });

  const [{ title, instructions }] = (await interruptionsIn(world, release)) as [InterruptionRecord];
  expect(title).toBe(`${name} has failed`);
  const { fragment } = renderFragment(instructions);
  expect(fragment).toBe(
    [
      '<p>Step *Ship* it &lt;b&gt; has failed: see [the log](https://eve.example) ![x](https://eve.example/x.png)<br>',
      '<br>',
      '# Now https://eve.example</p>',
      '',
    ].join('\n'),
  );
});
