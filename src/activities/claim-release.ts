import { claimRelease, type ClaimedRelease, type ReleaseClaim } from '../store/releases/claim-release';
import { enterFirstPhase } from '../store/releases/enter-first-phase';
import type { Store } from '../store/store';
import { isLate } from './lateness';

/**
 * Gives a workflow its release, from the store (REL-33). Idempotent: a repetition gets the release as it is now. A late
 * one starts it now, not in the past: the deadline of its first review runs from there (REL-10). The first phase takes
 * effect with it where nothing stands before it. How long reverts wait is this worker's to say (REL-19).
 */
export const claimReleaseActivity =
  (store: Store, since: number, revertWaitMs: number) =>
  async (claim: ReleaseClaim): Promise<ClaimedRelease> => {
    const now = isLate(since) ? Math.max(claim.now, Date.now()) : claim.now;
    const asked = { ...claim, now };
    const claimed = await store.write(async (unit) => enterFirstPhase(unit, asked, await claimRelease(unit, asked)));
    return claimed.claimed ? { ...claimed, plan: { ...claimed.plan, revertWaitMs } } : claimed;
  };
