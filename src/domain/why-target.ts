import { remedy, type Blocker } from './blocker';
import type { Instant } from './instant';
import type { ReleaseState } from './release';
import type { WhyInput } from './why';

/** What is known of a request to a webhook target that is under way. */
export interface EffectUnderWay {
  service: string;
  environment: string;
  direction: 'apply' | 'revert';
  phase: string;
  /** How often it was sent. */
  tries: number;
  since: Instant;
  nextAttemptAt: Instant | null;
  /** When the time for the callback that is awaited is over; null: none is (PRO-6). */
  awaitedUntil: Instant | null;
  /** What the last try came to; null: none has ended. */
  detail: string | null;
}

/** Targets that were asked and have not done it yet: they are asked again, or will call back (REL-26, PRO-6). */
export function targetBlockers({ effects }: WhyInput): Blocker[] {
  return effects.flatMap(({ direction, service, environment, phase, since, nextAttemptAt, ...effect }): Blocker[] => {
    const until = effect.awaitedUntil;
    if (until !== null) {
      const detail = `${service} in ${environment} has taken the request and is to call back`;
      return [{ kind: 'callback', detail, phase, service, environment, since, until, remedies: [] }];
    }
    return direction === 'apply' && effect.detail !== null
      ? [
          {
            kind: 'target',
            detail: `${service} in ${environment} has not taken its version after ${triesOf(effect.tries)}: ${effect.detail}`,
            phase,
            service,
            environment,
            since,
            nextAttemptAt,
            remedies: [],
          },
        ]
      : [];
  });
}

/** What an abort waits for: each service that is not back, the next one to come back first (REL-19). */
export function revertBlockers({ state, effects }: WhyInput): Blocker[] {
  const left = [...state.touched].reverse().filter(({ state: progress }) => !isSettled(progress));
  if (!state.flagsReverted || left.length === 0) {
    return [
      {
        kind: 'revert',
        detail: 'The release is being aborted: its targets go back to their pre-release state',
        service: null,
        environment: null,
        since: state.lastAt,
        nextAttemptAt: null,
        remedies: [],
      },
    ];
  }
  return left.map(({ service, environment, revertingSince }): Blocker => {
    const effect = effects.find(
      (each) => each.direction === 'revert' && each.service === service && each.environment === environment,
    );
    return {
      kind: 'revert',
      detail: revertDetail(`${service} in ${environment}`, revertingSince !== null, effect),
      service,
      environment,
      since: revertingSince ?? state.lastAt,
      nextAttemptAt: effect?.nextAttemptAt ?? null,
      remedies: [remedy('accept-drift', 'ReleaseControl')],
    };
  });
}

function revertDetail(target: string, hasStarted: boolean, effect: EffectUnderWay | undefined): string {
  if (!hasStarted) {
    return `${target} goes back to its pre-release version after those touched later`;
  }
  return effect?.detail == null
    ? `${target} is going back to its pre-release version`
    : `${target} is not back after ${triesOf(effect.tries)}: ${effect.detail}`;
}

function triesOf(tries: number): string {
  return tries === 1 ? '1 try' : `${tries} tries`;
}

function isSettled(progress: ReleaseState['touched'][number]['state']): boolean {
  return progress === 'reverted' || progress === 'drifted';
}
