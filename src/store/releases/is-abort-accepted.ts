import type { Unit } from '../store';

/** Whether an abort is accepted and not decided yet, also behind more actions than are told at a time (REL-30). */
export async function isAbortAccepted(unit: Unit, releaseId: string): Promise<boolean> {
  const abort = await unit.sql
    .selectFrom('actions')
    .select('id')
    .where('releaseId', '=', releaseId)
    .where('status', '=', 'undecided')
    .where('verb', '=', 'abort')
    .executeTakeFirst();
  return abort !== undefined;
}
