import type { FinishedJob, Job } from '../../../src/domain/roll-out';
import type { WebhookOutcome } from '../../../src/domain/webhook-answer';
import { beginApply, type NextItem } from '../../../src/store/effects/begin-apply';
import { beginRevert, type BegunRevert } from '../../../src/store/effects/begin-revert';
import type { EffectToSend } from '../../../src/store/effects/begin-send';
import { recordAnswer, type AnswerRecorded } from '../../../src/store/effects/record-answer';
import type { ReleaseStore } from '../../support/release-store';
import { claim, goOn } from '../releases/release-steps';

export const DONE: WebhookOutcome = { kind: 'done' };
export const REFUSED: WebhookOutcome = { kind: 'refused', detail: 'The target answered 400' };
export const ACCEPTED: WebhookOutcome = { kind: 'accepted' };
export const BROKEN: WebhookOutcome = { kind: 'broken', detail: 'The target answered 503', retryAfterMs: null };

/** What a target answers that somebody else has brought to that version; undefined: it does not say to which. */
export function drifted(currentVersion: string | null | undefined): WebhookOutcome {
  return { kind: 'drifted', detail: 'The target has another version than expected', currentVersion };
}

type RollOutJob = Extract<Job, { kind: 'roll-out' }>;
type RevertJob = Extract<Job, { kind: 'revert' }>;

/** The first deployment to `staging`, unless it says otherwise. */
export function deployment(more: Partial<RollOutJob> = {}): RollOutJob {
  return { kind: 'roll-out', phase: 0, environment: 'staging', attempt: 1, ...more };
}

/** Takes a deployment to its next item, as the activity does. */
export function nextItem(
  { store }: ReleaseStore,
  release: string,
  { epoch = 1, now = Date.now(), ...job }: Partial<RollOutJob> & { epoch?: number; now?: number } = {},
): Promise<NextItem> {
  return store.write((unit) => beginApply(unit, { release, epoch, job: deployment(job) }, now));
}

/** The effect that a deployment sends next; anything else fails the test. */
export async function nextSend(...asked: Parameters<typeof nextItem>): Promise<EffectToSend> {
  return sendOf(await nextItem(...asked));
}

/** Takes a service back in `staging`, unless it says otherwise, as the activity does. */
export function takeBack(
  { store }: ReleaseStore,
  release: string,
  service: string,
  { environment = 'staging', epoch = 1, now = Date.now() } = {},
): Promise<BegunRevert> {
  const job: RevertJob = { kind: 'revert', service, environment };
  return store.write((unit) => beginRevert(unit, { release, epoch, job }, now));
}

/** The revert that is sent next; anything else fails the test. */
export async function revertSend(...asked: Parameters<typeof takeBack>): Promise<EffectToSend> {
  return sendOf(await takeBack(...asked));
}

function sendOf(begun: NextItem | BegunRevert): EffectToSend {
  if (begun.kind !== 'send') {
    throw new Error(`Nothing is to be sent: ${JSON.stringify(begun)}`);
  }
  return begun.effect;
}

/** Records what a target answered to a send. */
export function answer(
  { store }: ReleaseStore,
  sent: EffectToSend,
  outcome: WebhookOutcome = DONE,
  now = Date.now(),
): Promise<AnswerRecorded> {
  return store.write((unit) => recordAnswer(unit, { key: sent.key, sent, outcome }, now));
}

/** Claims a release, which enters its first phase; its deployments are under way. */
export async function enter(world: ReleaseStore, release: string): Promise<void> {
  await claim(world, release);
  await goOn(world, release);
}

/** Runs a deployment to its end; services that are not named do what they are asked. The release is told and goes on. */
export async function deploy(
  world: ReleaseStore,
  release: string,
  job: RollOutJob = deployment(),
  answers: Record<string, WebhookOutcome> = {},
): Promise<void> {
  for (;;) {
    const next = await nextItem(world, release, job);
    switch (next.kind) {
      case 'send':
        await answer(world, next.effect, answers[next.effect.body.data.service]);
        break;
      case 'flags-applied':
        break;
      case 'succeeded':
        return goOn(world, release, { finished: [{ job, at: next.at, outcome: 'succeeded' }] });
      case 'failed':
        return goOn(world, release, { finished: [failureOf(job, next)] });
      default:
        throw new Error(`The deployment does not come to its end: ${JSON.stringify(next)}`);
    }
  }
}

/** How a deployment ended that has failed. */
export function failureOf(job: RollOutJob, failed: Extract<NextItem, { kind: 'failed' }>): FinishedJob {
  const { at, detail, errored } = failed;
  return { job, at, outcome: 'failed', detail, errored };
}

/** Takes a service back; the release is told and goes on. */
export async function bringBack(
  world: ReleaseStore,
  release: string,
  service: string,
  environment = 'staging',
): Promise<void> {
  const { at } = await answer(world, await revertSend(world, release, service, { environment }));
  const job: RevertJob = { kind: 'revert', service, environment };
  await goOn(world, release, { finished: [{ job, at, outcome: 'reverted' }] });
}

/** Aborts a release as a person does; the flags are back, and the last service touched is on its way. */
export async function abort(world: ReleaseStore, release: string, now = Date.now()): Promise<void> {
  await world.accept(release, 'abort');
  await goOn(world, release, { now });
}

/** What is known of an effect. */
export function effectOf({ store }: ReleaseStore, key: string) {
  return store.read.selectFrom('effects').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
}

/** What a service has in an environment, as far as Sluice knows. */
export async function versionOf(
  { store, environments }: ReleaseStore,
  serviceId: string,
  environment = 'staging',
): Promise<string | null | undefined> {
  const row = await store.read
    .selectFrom('serviceVersions')
    .select('version')
    .where('serviceId', '=', serviceId)
    .where('environmentId', '=', environments[environment] ?? '')
    .executeTakeFirst();
  return row?.version;
}
