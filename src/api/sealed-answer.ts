import type { Unit } from '../store/store';
import type { Deps } from './deps';
import { claimIdempotencyKey, type IdempotentRequest } from './idempotency';

/**
 * Makes something that comes with a secret, once per `Idempotency-Key`. A repetition gets the first answer with the
 * secret again: a client whose connection broke has no other way to it. So the answer is kept encrypted, under
 * `SLUICE_SECRET_KEY` and bound to that very key of that very user; what is looked up at each request stays a hash.
 */
export async function answerWithSecret<T>(
  { store, secretBox, now }: Pick<Deps, 'store' | 'secretBox' | 'now'>,
  request: IdempotentRequest | null,
  make: (unit: Unit, at: number) => Promise<T>,
): Promise<T> {
  const context = request ? JSON.stringify([request.userId, request.route, request.key]) : '';
  return store.write(async (unit) => {
    const at = now();
    const claim = await claimIdempotencyKey<{ sealed: string }>(unit, request, at);
    if (claim.repeated) {
      return JSON.parse(secretBox.open(claim.repeated.sealed, context)) as T;
    }
    const answer = await make(unit, at);
    await claim.keep({ sealed: secretBox.seal(JSON.stringify(answer), context) });
    return answer;
  });
}
