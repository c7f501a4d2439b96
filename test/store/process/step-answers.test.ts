import type { StepJob } from '../../../src/domain/roll-out';
import { jobsOf } from '../../../src/domain/roll-out';
import { beginStep, type StepRun } from '../../../src/store/process/begin-step';
import { recordStepAnswer, type StepAnswered } from '../../../src/store/process/record-step-answer';
import { http } from '../../domain/process-fixture';
import { newParts, phase, ReleaseStore } from '../../support/release-store';
import { claim, goOn } from '../releases/release-steps';

let world: ReleaseStore;

beforeEach(async () => {
  world = new ReleaseStore(await newParts());
});
afterEach(() => world.close());

/** A release whose process calls an endpoint now. */
async function calling(): Promise<StepRun & { job: StepJob }> {
  const release = await world.trigger({ phases: [phase('all')], process: [http({ name: 'Call' })] });
  await claim(world, release);
  await goOn(world, release);
  const job = jobsOf(await world.position(release)).find((each) => each.kind === 'step');
  if (job?.kind !== 'step') {
    throw new Error(`Release ${release} calls nothing`);
  }
  return { release, epoch: 1, job };
}

function begin(run: StepRun) {
  return world.store.write((unit) => beginStep(unit, run, Date.now()));
}

function answer(key: string, outcome: StepAnswered['outcome']) {
  return world.store.write((unit) => recordStepAnswer(unit, { key, outcome }, Date.now()));
}

const DONE = { kind: 'done', outputs: new Map() } as const;
const REFUSED = { kind: 'refused', detail: 'The endpoint answered 404' } as const;

/** Begun, and begun again by one who took the first for dead. */
async function sentTwice() {
  const run = await calling();
  const first = await begin(run);
  const second = await begin(run);
  if (first.kind !== 'run' || second.kind !== 'run') {
    throw new Error('A step that is under way is begun again');
  }
  expect(second.key).toBe(first.key);
  return { run, key: first.key };
}

describe('a step that was sent twice, as its sender was taken for dead', () => {
  it('PRO-5: has succeeded for both when the first answer says so, whatever the second one is', async () => {
    const { run, key } = await sentTwice();
    const first = await answer(key, DONE);

    const second = await answer(key, REFUSED);

    expect(first.kind).toBe('succeeded');
    expect(second).toEqual(first);
    expect(await begin(run)).toEqual(first);
  });

  it('PRO-5: has failed for both when the first answer says so', async () => {
    const { run, key } = await sentTwice();
    const first = await answer(key, REFUSED);

    const second = await answer(key, DONE);

    expect(first).toMatchObject({ kind: 'failed', detail: REFUSED.detail, errored: false });
    expect(second).toEqual(first);
    expect(await begin(run)).toEqual(first);
  });
});
