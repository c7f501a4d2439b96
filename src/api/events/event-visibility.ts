import type { AuditEntry } from '../../store/audit/entry';
import { readRelease } from '../../store/releases/read-release';
import { planOfRow } from '../../store/releases/stored-release';
import type { Store } from '../../store/store';
import type { ReleasePlan } from '../../domain/release-plan';
import type { Caller } from '../caller';
import { maySeeRelease } from '../releases/caller-rights';

/** Entries that are about who tried what; the rest is what happened to things one may see. */
const AUDIT_ONLY: readonly string[] = ['permission-missing'];

/** Plans remembered for readers who see single releases only; a plan never changes. */
const REMEMBERED = 1_000;

/** Judges per item who may see it, by the rights of that moment (INV-7). */
export class EventVisibility {
  readonly #plans = new Map<string, ReleasePlan | null>();

  constructor(private readonly store: Store) {}

  async maySee(caller: Caller, entry: AuditEntry): Promise<boolean> {
    const { projectId, releaseId } = entry;
    if (projectId === null || AUDIT_ONLY.includes(entry.type)) {
      return caller.may('AuditView', projectId);
    }
    if (caller.may('ProjectView', projectId)) {
      return true;
    }
    // Members of a team that is to review a release see that release (SEC-4).
    const plan = releaseId === null || caller.teams.length === 0 ? null : await this.#planOf(releaseId);
    return plan !== null && maySeeRelease(caller, projectId, () => plan);
  }

  async #planOf(releaseId: string): Promise<ReleasePlan | null> {
    const known = this.#plans.get(releaseId);
    if (known !== undefined) {
      return known;
    }
    const release = await readRelease(this.store.read, releaseId);
    const plan = release ? planOfRow(release) : null;
    if (this.#plans.size >= REMEMBERED) {
      this.#plans.clear();
    }
    this.#plans.set(releaseId, plan);
    return plan;
  }
}
