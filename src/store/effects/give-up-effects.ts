import type { ReleaseEvent } from '../../domain/release-event';
import type { Unit } from '../store';
import type { ReleaseRow } from '../releases/stored-release';
import { serviceChangesOf } from '../releases/stored-release';

/** Ends what is not asked for any more: applies with an abort, reverts with the drift that a person accepts (REL-19). */
export async function giveUpEffects(unit: Unit, release: ReleaseRow, events: readonly ReleaseEvent[]): Promise<void> {
  for (const event of events) {
    if (event.type !== 'release-aborting' && event.type !== 'drift-accepted') {
      continue;
    }
    const unsettled = unit.sql
      .updateTable('effects')
      .set({ status: 'given-up', nextAttemptAt: null, endedAt: event.at })
      .where('releaseId', '=', release.id)
      .where('status', '=', 'under-way');
    if (event.type === 'release-aborting') {
      await unsettled.where('direction', '=', 'apply').execute();
      continue;
    }
    const change = serviceChangesOf(release).find(({ service }) => service === event.service);
    await unsettled
      .where('serviceId', '=', change?.serviceId ?? '')
      .where('environmentId', '=', change?.environmentIds[event.environment] ?? '')
      .execute();
  }
}
