import { claimRelease, type ClaimedRelease, type ReleaseClaim } from '../store/releases/claim-release';
import type { Store } from '../store/store';

/** Gives a workflow its release, from the store (REL-33). Idempotent: a repetition gets the release as it is now. */
export const claimReleaseActivity =
  (store: Store) =>
  (claim: ReleaseClaim): Promise<ClaimedRelease> =>
    store.write((unit) => claimRelease(unit, claim));
