import type { Json } from '../domain/json';
import { MINUTE } from '../domain/instant';
import type { Caller } from './caller';
import type { Route } from './define-route';
import type { Deps } from './deps';

/** Above this many entries the old ones are dropped. */
const REMEMBERED = 10_000;

/** Refusals for a missing permission go to the audit, once per caller, route and minute (INV-4). */
export class ForbiddenLog {
  readonly #noted = new Map<string, number>();

  constructor(private readonly deps: Pick<Deps, 'store' | 'now' | 'log'>) {}

  /**
   * Records that a permission (null: more than one) was missing, unless that is known. A store that is down costs the
   * entry, not the answer.
   */
  async note(caller: Caller, route: Route, permission: Json, projectId: string | null): Promise<void> {
    const at = this.deps.now();
    const minute = Math.floor(at / MINUTE);
    const name = `${caller.userId} ${route.operationId}`;
    if (this.#noted.get(name) === minute) {
      return;
    }
    this.#forgetBefore(minute);
    this.#noted.set(name, minute);

    try {
      await this.deps.store.write(async (unit) => {
        unit.record({
          type: 'permission-missing',
          at,
          actorId: caller.userId,
          projectId,
          releaseId: null,
          data: { operation: route.operationId, permission, tokenId: caller.tokenId },
        });
      });
    } catch (error) {
      this.#noted.delete(name);
      this.deps.log.error({ err: error, operation: route.operationId }, 'a refused request is missing in the audit');
    }
  }

  #forgetBefore(minute: number): void {
    if (this.#noted.size < REMEMBERED) {
      return;
    }
    for (const [name, noted] of this.#noted) {
      if (noted < minute) {
        this.#noted.delete(name);
      }
    }
  }
}
