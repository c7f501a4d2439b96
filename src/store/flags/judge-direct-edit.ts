import { queuesOf } from '../releases/queue';
import { flagTarget } from '../releases/stored-release';
import type { Unit } from '../store';
import type { FlagRefusal } from './flag-refusal';

/** A change of what clients see that comes without a pipeline. */
export interface DirectEdit {
  flagId: string;
  /** The flag's name. */
  flag: string;
  /** The environments in which clients would see something else. */
  changed: readonly { slug: string; requiresPipeline: boolean }[];
  /** Whether the caller has `FlagOverride`. */
  mayOverride: boolean;
}

/**
 * Whether a flag may be changed directly (REL-4): in opted-out environments at any time; in the others only by someone
 * with `FlagOverride`, and by nobody while a release holds or queues for the flag. The flag is locked already.
 */
export async function judgeDirectEdit(unit: Unit, edit: DirectEdit): Promise<{ isOverride: boolean } | FlagRefusal> {
  const guarded = edit.changed.filter((environment) => environment.requiresPipeline).map(({ slug }) => slug);
  if (guarded.length === 0) return { isOverride: false };

  const released = await refuseWhileReleased(unit, edit);
  if (released !== null) return released;
  if (!edit.mayOverride) {
    return {
      refused: 'flag.requires-pipeline',
      detail: `${edit.flag} changes by a release in ${guarded.join(', ')}; a direct edit there takes FlagOverride`,
      facts: { environments: guarded },
    };
  }
  return { isOverride: true };
}

/** Refuses what nobody may do to a flag while a release holds or queues for it. The flag is locked already. */
export async function refuseWhileReleased(
  unit: Unit,
  { flagId, flag }: { flagId: string; flag: string },
): Promise<FlagRefusal | null> {
  const releases = await queuesOf(unit.sql, [flagTarget(flagId)]);
  if (releases.length === 0) return null;

  const ids = (held: boolean) => releases.filter((each) => each.held === held).map((each) => each.releaseId);
  const [active, queued] = [ids(true), ids(false)];
  return {
    refused: 'flag.being-released',
    detail: `${flag} is being changed by a release: ${[...active, ...queued].join(', ')}`,
    facts: { active, queued },
  };
}
