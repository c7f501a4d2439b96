import type { ActionVerb } from '../../domain/pipeline';
import type { Refusal } from '../../domain/refusal';
import type { Store } from '../../store/store';

/** What is known of an accepted action. */
export interface ActionRecord {
  id: string;
  releaseId: string;
  number: number;
  verb: ActionVerb;
  actorId: string;
  reason: string | null;
  acceptedAt: number;
  status: 'undecided' | 'applied' | 'refused';
  refusal: Refusal | null;
  decidedAt: number | null;
}

/** Lets requests wait for the outcome of their action: told inside the process, and asked for once more at the end. */
export class OutcomeWaiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(private readonly store: Store) {
    store.notices.on((notice) => {
      if (notice.kind === 'action-decided') {
        for (const wake of this.waiting.get(notice.actionId) ?? []) {
          wake();
        }
      }
    });
  }

  /** The action once it is decided, or as it is after `waitMs`; `undefined` for an unknown one. */
  async wait(actionId: string, waitMs: number): Promise<ActionRecord | undefined> {
    let timer: NodeJS.Timeout | undefined;
    let wake = (): void => undefined;
    const decided = new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    const waiters = this.waiting.get(actionId) ?? new Set();
    this.waiting.set(actionId, waiters.add(wake));

    try {
      const now = await readAction(this.store, actionId);
      if (now?.status !== 'undecided') {
        return now;
      }
      await decided;
      return await readAction(this.store, actionId);
    } finally {
      clearTimeout(timer);
      waiters.delete(wake);
      if (waiters.size === 0) {
        this.waiting.delete(actionId);
      }
    }
  }
}

/** An action as it is now. */
export async function readAction(store: Store, actionId: string): Promise<ActionRecord | undefined> {
  const row = await store.read
    .selectFrom('actions')
    .where('id', '=', actionId)
    .select(['id', 'releaseId', 'number', 'verb', 'actorId', 'reason', 'acceptedAt', 'status', 'refusal', 'decidedAt'])
    .executeTakeFirst();
  return (
    row && {
      ...row,
      verb: row.verb as ActionVerb,
      refusal: row.refusal === null ? null : (JSON.parse(row.refusal) as Refusal),
    }
  );
}
