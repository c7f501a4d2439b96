import type { InterruptionResult } from '../../../src/domain/accepted-action';
import { giveBack, handOver, take, type Person } from '../../../src/domain/interruption';
import type { ManualStep } from '../../../src/domain/pipeline';
import { isRefusal } from '../../../src/domain/refusal';
import { acceptAnswer } from '../../../src/store/interruptions/accept-answer';
import { interruptionsOf, type InterruptionRecord } from '../../../src/store/interruptions/find-interruption';
import { holdInterruption } from '../../../src/store/interruptions/hold-interruption';
import { manual } from '../../domain/process-fixture';
import { phase, type ReleaseStore } from '../../support/release-store';
import { claim, goOn } from '../releases/release-steps';

const HOUR = 3_600_000;

/** Somebody who may take what is for whoever deploys. */
const person = (userId: string, more: Partial<Person> = {}): Person => ({
  userId,
  teams: [],
  maySubmit: true,
  mayDeploy: true,
  ...more,
});

/** A release that waits at a manual step, and what it asks. */
export async function asking(
  world: ReleaseStore,
  change: Partial<ManualStep> = {},
  flag = 'new-checkout',
): Promise<{ release: string; interruption: string }> {
  const release = await world.trigger({
    phases: [phase('all', { bakeMs: HOUR })],
    process: [manual({ name: 'Check', ...change })],
    flags: [flag],
  });
  await claim(world, release);
  await goOn(world, release);
  const [asked] = await interruptionsIn(world, release);
  if (!asked) {
    throw new Error(`Release ${release} asks nothing`);
  }
  return { release, interruption: asked.id };
}

/** All interruptions of a release, in order. */
export async function interruptionsIn({ store }: ReleaseStore, release: string): Promise<InterruptionRecord[]> {
  const deployments = await store.read
    .selectFrom('deployments')
    .select('id')
    .where('releaseId', '=', release)
    .execute();
  return interruptionsOf(
    store.read,
    deployments.map(({ id }) => id),
  );
}

/** What became of an attempt: who holds it then, or the code of the refusal. */
type Held = { by: string | null } | { refused: string; detail: string };

/** Takes it for somebody, gives it back, or hands it over to somebody else, as the facade does. */
export async function hold(
  { store }: ReleaseStore,
  { id, verb, by, to = by, now = Date.now() }: HoldingAsked,
): Promise<Held> {
  const held = await store.write((unit) =>
    holdInterruption(unit, {
      id,
      verb,
      by,
      now,
      judge: (interruption, name) => {
        switch (verb) {
          case 'take':
            return take(interruption, person(by), name);
          case 'release':
            return giveBack(interruption, { ...person(by), mayReassign: false }, name);
          case 'reassign':
            return handOver(interruption, person(to), name);
        }
      },
    }),
  );
  if (!held) {
    throw new Error(`There is no interruption ${id}`);
  }
  return isRefusal(held) ? { refused: held.refused, detail: held.detail } : { by: held.responsibleUserId };
}

interface HoldingAsked {
  id: string;
  verb: 'take' | 'release' | 'reassign';
  by: string;
  /** `reassign`: to whom. */
  to?: string;
  now?: number;
}

/** Answers it, as the facade does: the action, or the code of the refusal. */
export async function submit(
  { store }: ReleaseStore,
  { id, by, result = 'proceed', notes = '', now = Date.now() }: AnswerAsked,
): Promise<{ action: string } | { refused: string }> {
  const accepted = await store.write((unit) =>
    acceptAnswer(unit, {
      id,
      result,
      notes,
      takesFirst: false,
      person: person(by),
      rights: () => ({ mayApprove: [], administrator: false, hasReason: notes !== '', tokenMaker: null }),
      now,
    }),
  );
  if (!accepted) {
    throw new Error(`There is no interruption ${id}`);
  }
  return isRefusal(accepted) ? { refused: accepted.refused } : { action: accepted.action };
}

interface AnswerAsked {
  id: string;
  by: string;
  result?: InterruptionResult;
  notes?: string;
  now?: number;
}
