import type { FlagChange } from './flag';

/** A new version of a service, as pinned by a release (CHG-1). */
export interface ServiceChange {
  service: string;
  version: string;
  /** Where the release brings it: environments that a rule without conditions names (CHG-2), in the project's order. */
  environments: string[];
}

/** One pinned change: of a flag, or of a service. */
export type Change = FlagChange | ServiceChange;

/** Tells the change of a service from that of a flag. */
export function isServiceChange<S extends { service: string }>(change: S | { flag: string }): change is S {
  return 'service' in change;
}
