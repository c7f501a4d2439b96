import type { AcceptedAction } from '../../domain/accepted-action';
import { FAILED_BY_CALLBACK } from '../../domain/callback';
import type { ReleaseEvent } from '../../domain/release-event';
import type { ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { keyOfCallback } from './callback-of';
import { noteVersion } from './note-version';

type Settled = Extract<ReleaseEvent, { type: 'service-applied' | 'service-apply-failed' }>;

/** Whether an event says that a callback has settled an effect; the services are locked before the release then. */
export function isOfCallback(event: ReleaseEvent): event is Settled & { action: string } {
  return (event.type === 'service-applied' || event.type === 'service-apply-failed') && event.action !== undefined;
}

/** Ends the effects that targets have called back about, in the transaction that records their decision (PRO-6). */
export async function settleCallbacks(unit: Unit, release: ReleaseRow, events: readonly ReleaseEvent[]): Promise<void> {
  for (const event of events.filter(isOfCallback)) {
    const { action, reason } = await unit.sql
      .selectFrom('actions')
      .select(['action', 'reason'])
      .where('id', '=', event.action)
      .executeTakeFirstOrThrow();
    const accepted = JSON.parse(action) as AcceptedAction;
    const hasSucceeded = event.type === 'service-applied';
    const effect = await unit.sql
      .updateTable('effects')
      .set({
        status: hasSucceeded ? 'done' : 'failed',
        detail: hasSucceeded ? null : (reason ?? FAILED_BY_CALLBACK),
        nextAttemptAt: null,
        awaitedUntil: null,
        endedAt: event.at,
      })
      .where('key', '=', keyOfCallback(release.id, accepted))
      .returning(['serviceId', 'environmentId', 'sequence', 'version'])
      .executeTakeFirstOrThrow();
    const version = hasSucceeded ? effect.version : accepted.callback?.currentVersion;
    if (version !== undefined) {
      await noteVersion(unit, effect, version);
    }
  }
}
