import { evolveAll } from '../../domain/evolve';
import type { ReleaseEvent } from '../../domain/release-event';
import type { Unit } from '../store';
import { recordEvents } from './record-events';
import { saveRelease } from './save-release';
import { showFlags } from './show-flags';
import type { ReleaseRow } from './stored-release';
import { positionOf } from './stored-release';

/**
 * Records what a job has brought about: facts about targets, which nothing that the workflow decides at the same time
 * depends on, so they need no step of its own. Whatever the workflow records next returns the position with them. The
 * release's row is locked already.
 */
export async function recordProgress(unit: Unit, release: ReleaseRow, events: readonly ReleaseEvent[]): Promise<void> {
  const before = positionOf(release);
  const after = evolveAll(before, events);
  await showFlags(unit, release, before, after);
  await recordEvents(unit, release, [], events);
  await saveRelease(unit, release, after, { seq: release.seq });
}
