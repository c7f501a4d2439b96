import { ApplicationFailure, Context, heartbeat } from '@temporalio/activity';

import { SECOND, type Instant } from '../domain/instant';
import type { EffectToSend } from '../store/effects/begin-send';
import { recordAnswer, type AnswerRecorded } from '../store/effects/record-answer';
import type { Store } from '../store/store';
import type { ServiceTarget } from '../targets/service-target';

/** How long an answer is waited for that nobody may be waiting for any more. */
const ABANDONED_MS = 5 * SECOND;

/** Well within the time after which a worker that says nothing counts as dead. */
const HEARTBEAT_MS = 1 * SECOND;

/**
 * Sends what was begun, once, and records the answer. Dying in between it is sent again under the same key (WHK-3); so it
 * is where the worker stops, which must not take as long as a target may.
 */
export async function sendEffect(store: Store, target: ServiceTarget, effect: EffectToSend): Promise<AnswerRecorded> {
  const outcome = await orStopped(target.send(effect));
  return store.write((unit) => recordAnswer(unit, { key: effect.key, sent: effect, outcome }, Date.now()));
}

/**
 * What comes of `work`, unless the worker stops before: that must not take as long as a target may. Nor is it waited for
 * much longer once Temporal has given the try up: a worker that stops later could not say so any more.
 */
export function orStopped<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, workerStops()]);
}

/** Rejects when the worker of this activity has stopped and its grace is over, or a while after it was given up. */
function workerStops(): Promise<never> {
  const context = Context.current();
  const { cancellationSignal } = context;
  return new Promise((_, reject) => {
    const look = (): void => {
      const stop = () => reject(ApplicationFailure.create({ message: 'The worker stops', type: 'WorkerStops' }));
      if (context.cancellationDetails?.workerShutdown) {
        stop();
      } else {
        // Temporal has given the try up, and tells nothing more: an answer that comes soon is worth recording.
        setTimeout(stop, ABANDONED_MS).unref();
      }
    };
    if (cancellationSignal.aborted) {
      look();
    } else {
      cancellationSignal.addEventListener('abort', look, { once: true });
    }
  });
}

/** Ends this try; Temporal begins the next one at that time, also in another process. It holds no worker meanwhile. */
export function againAt(at: Instant): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'The target is to be asked again',
    type: 'AskedAgain',
    // Nothing is wrong with us: no warning in the log, with nothing in it that says which step of what.
    category: 'BENIGN',
    nextRetryDelay: Math.max(1, at - Date.now()),
  });
}

/** Says that the activity lives, so that a worker's death is noticed long before the time limits of targets. */
export async function alive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
