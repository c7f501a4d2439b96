import type { InterruptionResult } from '../../src/domain/accepted-action';
import type { InterruptionRecord } from '../../src/store/interruptions/find-interruption';
import { hold, interruptionsIn, submit } from '../store/interruptions/interruption-steps';
import { eventually } from './eventually';
import type { ReleaseWorld } from './release-world';

/** Waits until a release asks a person; what it asks. */
export async function asked(world: ReleaseWorld, release: string): Promise<InterruptionRecord> {
  return eventually(
    `release ${release} asks a person`,
    async () => (await interruptionsIn(world, release)).find(({ state }) => state === 'pending'),
    20_000,
  );
}

/** Takes what a release asks, and has its answer accepted; the action. */
export async function answerAccepted(
  world: ReleaseWorld,
  release: string,
  result: InterruptionResult,
  by = 'olga',
): Promise<string> {
  const { id } = await asked(world, release);
  await hold(world, { id, verb: 'take', by });
  const answer = await submit(world, { id, by, result, notes: 'All green' });
  if ('refused' in answer) {
    throw new Error(`The answer was refused: ${answer.refused}`);
  }
  return answer.action;
}

/** The same, decided: `applied`, or the refusal's code. */
export async function answer(
  world: ReleaseWorld,
  release: string,
  result: InterruptionResult,
  by = 'olga',
): Promise<string> {
  return world.outcomeOf(await answerAccepted(world, release, result, by));
}
