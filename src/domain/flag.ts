import type { Json } from './json';
import type { Condition } from './pipeline';

/** A gate is a boolean flag; a dynamic config is a JSON object. Never changes once the flag exists (FLG-1). */
export type FlagKind = 'gate' | 'config';

/** What a flag answers: flagd's flag schema (FLG-1). */
export interface FlagDefinition {
  state: 'ENABLED' | 'DISABLED';
  variants: Record<string, Json>;
  /** `null` or absent: clients use the default of their code. */
  defaultVariant?: string | null;
  /** JsonLogic with flagd's operators. */
  targeting?: Json;
}

/** A change of one flag, as pinned by a release (CHG-1, CHG-3). */
export interface FlagChange {
  flag: string;
  definition: FlagDefinition;
  /** The environments whose answers change; always spelled out once a release has pinned it. */
  environments: string[];
}

/**
 * What a release has put over a flag's live definition in one environment (FLG-3): a context that matches one of the
 * rules gets `definition`, everyone else what was live before.
 */
export interface Overlay {
  /** The release's id; salt of its percentages (FLG-8). */
  release: string;
  definition: FlagDefinition;
  /** OR of AND-lists; a rule without conditions is everyone. */
  rules: Condition[][];
}
