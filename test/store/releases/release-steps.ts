import type { AcceptedAction } from '../../../src/domain/accepted-action';
import { nextStep } from '../../../src/domain/next-step';
import { isTerminal } from '../../../src/domain/release';
import type { FinishedJob } from '../../../src/domain/roll-out';
import { claimRelease, type ClaimedRelease, type ReleaseClaim } from '../../../src/store/releases/claim-release';
import { recordStep, type RecordedStep, type StepToRecord } from '../../../src/store/releases/record-step';
import { planOfRow, positionOf } from '../../../src/store/releases/stored-release';
import type { ReleaseStore } from '../../support/release-store';

/** The run that asks and records. */
export const RUN = { runId: 'run-1', historyLength: 3 };

/** Asks for a release as its first workflow does. */
export function claim(
  { store }: ReleaseStore,
  release: string,
  more: Partial<ReleaseClaim> = {},
): Promise<ClaimedRelease> {
  return store.write((unit) =>
    claimRelease(unit, { release, epoch: 1, claimant: 'first', ...RUN, now: Date.now(), ...more }),
  );
}

/** What a workflow knows besides the stored position. */
interface Known {
  mailbox?: AcceptedAction[];
  finished?: FinishedJob[];
  now?: number;
}

/** What a workflow that knows the stored position, and of actions and ended jobs only these, would record now. */
export async function stepOf(world: ReleaseStore, release: string, known: Known = {}): Promise<StepToRecord> {
  const step = await stepIfAny(world, release, known);
  if (!step) {
    throw new Error(`Release ${release} has nothing to record`);
  }
  return step;
}

/** The same; `null`: it would wait. */
async function stepIfAny(
  { store }: ReleaseStore,
  release: string,
  { mailbox = [], finished = [], now = Date.now() }: Known,
): Promise<StepToRecord | null> {
  const row = await store.read.selectFrom('releases').selectAll().where('id', '=', release).executeTakeFirstOrThrow();
  const state = positionOf(row);
  const next = nextStep({ state, plan: planOfRow(row), holds: [], mailbox, finished, held: false, now });
  return isTerminal(state) || !('step' in next)
    ? null
    : { release, epoch: row.epoch, seq: row.seq + 1, step: next.step, ...RUN };
}

/** Records what a workflow would that knows all that is undecided, and that these jobs have ended, until it waits. */
export async function goOn(world: ReleaseStore, release: string, known: Omit<Known, 'mailbox'> = {}): Promise<void> {
  for (;;) {
    const step = await stepIfAny(world, release, { ...known, mailbox: await undecided(world, release) });
    if (!step) {
      return;
    }
    await record(world, step);
  }
}

export function record({ store }: ReleaseStore, input: StepToRecord): Promise<RecordedStep> {
  return store.write((unit) => recordStep(unit, input));
}

/** Claims a release and lets it enter its first phase. */
export async function enterFirstPhase(world: ReleaseStore, release: string): Promise<void> {
  await claim(world, release);
  await record(world, await stepOf(world, release));
}

/** The undecided actions of a release, as they are signalled. */
export async function undecided({ store }: ReleaseStore, release: string): Promise<AcceptedAction[]> {
  const rows = await store.read
    .selectFrom('actions')
    .select('action')
    .where('releaseId', '=', release)
    .where('status', '=', 'undecided')
    .orderBy('number')
    .execute();
  return rows.map(({ action }) => JSON.parse(action) as AcceptedAction);
}

/** Decides everything that is undecided, and takes the steps that follow. */
export async function decideAll(world: ReleaseStore, release: string): Promise<void> {
  await record(world, await stepOf(world, release, { mailbox: await undecided(world, release) }));
  while ((await world.position(release)).stage === 'aborting') {
    await record(world, await stepOf(world, release));
  }
}
