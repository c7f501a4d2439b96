import type { Json } from '../../domain/json';

/** Every reason for which a direct write of a flag is refused. */
export type FlagRefusalCode =
  /** A release holds or queues for the flag (REL-4); `facts`: `active`, `queued`, ids of releases. */
  | 'flag.being-released'
  /** Environments that change by a pipeline would change, and the caller has no `FlagOverride`; `facts.environments`. */
  | 'flag.requires-pipeline'
  /** Kind and type never change (FLG-1); `facts.kind`. */
  | 'flag.kind-fixed'
  /** A name is not used again (HTTP-1). */
  | 'flag.gone'
  /** Named environments are not there; `facts.environments`. */
  | 'flag.unknown-environment';

/** A no to a direct write, as a value: nothing was written. */
export interface FlagRefusal {
  refused: FlagRefusalCode;
  /** One sentence for the person who asked. */
  detail: string;
  facts: Record<string, Json>;
}
