import { PartStarting, type Deps, type Part } from '../deps';

export const PARTS = ['store', 'temporal', 'worker'] as const satisfies readonly Part[];

/** `absent`: this process does not run or use it. */
export type PartState = 'up' | 'down' | 'absent';

/** Longer than this, and whoever asks would better go elsewhere. */
const PROBE_TIMEOUT_MS = 2_000;

/** How long an answer is believed: asking for health must not be what makes a part ill. */
const FRESH_MS = 1_000;

/** Asks the parts how they are (HTTP-8), each at most once a second. */
export class PartStates {
  readonly #known = new Map<Part, { at: number; state: Promise<PartState> }>();

  constructor(private readonly deps: Pick<Deps, 'probes' | 'log' | 'now'>) {}

  async of(part: Part): Promise<PartState> {
    const at = this.deps.now();
    const known = this.#known.get(part);
    if (known && Math.abs(at - known.at) < FRESH_MS) {
      return known.state;
    }
    const state = this.#ask(part);
    this.#known.set(part, { at, state });
    return state;
  }

  async #ask(part: Part): Promise<PartState> {
    const probe = this.deps.probes[part];
    if (!probe) {
      return 'absent';
    }
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)), PROBE_TIMEOUT_MS);
    });
    try {
      await Promise.race([probe(), tooLate]);
      return 'up';
    } catch (error) {
      // Why is for the log: whoever may ask here need not hold a token.
      if (error instanceof PartStarting) {
        this.deps.log.info({ part }, error.message);
      } else {
        this.deps.log.warn({ err: error, part }, 'a part is down');
      }
      return 'down';
    } finally {
      clearTimeout(timer);
    }
  }
}
