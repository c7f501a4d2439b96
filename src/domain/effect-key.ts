/** One thing to bring about at a target, as its idempotency key names it (WHK-3). */
export interface Effect {
  release: string;
  /** Name of the phase. */
  phase: string;
  environment: string;
  /** Name of the service, or of the step. */
  item: string;
  /** `run`: a step of a process; no service is run. */
  direction: 'apply' | 'revert' | 'run';
  /** See `attemptOf`: of a try that a person has decided it is more than a number. */
  attempt: number | string;
}

/**
 * The idempotency key, which is the `webhook-id`: the same on every automatic retry, another when a person or policy
 * decides to try again (WHK-3). The track is `-` while there are no tenants.
 */
export function effectKey({ release, phase, environment, item, direction, attempt }: Effect): string {
  return [release, '-', phase, environment, item, direction, String(attempt)].map(encoded).join('/');
}

/** The try that `attemptOf` has put into a key. */
export function tryOfKey(key: string): number {
  const [, tried = '1'] = key.slice(key.lastIndexOf('/') + 1).split('.');
  return Number(tried);
}

/** RFC 3986: everything but unreserved characters is encoded; `encodeURIComponent` leaves a few more. */
function encoded(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
