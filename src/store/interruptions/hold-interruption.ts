import type { Instant } from '../../domain/instant';
import type { HeldInterruption, Holding } from '../../domain/interruption';
import { isRefusal, type Refusal } from '../../domain/refusal';
import type { UserId } from '../../domain/release';
import { logDeployment } from '../process/deployment-log';
import { lockRelease, type ReleaseRow } from '../releases/stored-release';
import type { Unit } from '../store';
import { factsOf, findInterruption, heldOf, type InterruptionRecord } from './find-interruption';

/** Who changes who holds an interruption, and how. */
export interface HoldingRequest {
  id: string;
  verb: 'take' | 'release' | 'reassign';
  by: UserId;
  now: Instant;
  /** Judges it as it is behind the lock. */
  judge: (interruption: HeldInterruption, name: (user: UserId) => string) => Holding | Refusal;
}

const EVENT = {
  take: 'interruption-taken',
  release: 'interruption-released',
  reassign: 'interruption-reassigned',
} as const;

/**
 * Changes who holds an interruption, behind the lock of its release, so that of many who take it at once one gets it
 * (INT-2, INT-4). A refusal is in the audit as well (INV-4). Undefined: there is no such interruption.
 */
export async function holdInterruption(
  unit: Unit,
  { id, verb, by, now, judge }: HoldingRequest,
): Promise<InterruptionRecord | Refusal | undefined> {
  const locked = await lockInterruption(unit, id);
  if (!locked) {
    return undefined;
  }
  const { interruption, name } = locked;
  const holding = judge(heldOf(interruption), name);
  if (isRefusal(holding)) {
    recordRefusal(unit, interruption, { by, at: now, asked: { verb }, refusal: holding });
    return holding;
  }
  if (holding.kind === 'none') {
    return interruption;
  }
  return changeHolder(unit, interruption, { verb, by, at: now, holder: holding.kind === 'held' ? holding.by : null });
}

/** Writes who holds it from now on, null being nobody, and that it is so; the release is locked. */
export async function changeHolder(
  unit: Unit,
  interruption: InterruptionRecord,
  { verb, by, at, holder }: { verb: HoldingRequest['verb']; by: UserId; at: Instant; holder: UserId | null },
): Promise<InterruptionRecord> {
  const { id, projectId, releaseId } = interruption;
  const state = holder === null ? 'pending' : 'taken';
  const responsibleUser = holder === null ? null : await userName(unit, holder);
  await unit.sql.updateTable('interruptions').set({ state, responsibleUserId: holder }).where('id', '=', id).execute();
  unit.record({
    type: EVENT[verb],
    at,
    actorId: by,
    projectId,
    releaseId,
    data: { ...factsOf(interruption), responsibleUser, before: interruption.responsibleUser },
  });
  const who = await userName(unit, by);
  await logDeployment(unit, interruption.deploymentId, [
    { at, step: interruption.step, message: whatHappened(verb, who, responsibleUser, interruption.responsibleUser) },
  ]);
  return { ...interruption, state, responsibleUserId: holder, responsibleUser };
}

function whatHappened(verb: HoldingRequest['verb'], who: string, holder: string | null, before: string | null): string {
  switch (verb) {
    case 'take':
      return `${who} has taken it`;
    case 'release':
      return before === who ? `${who} has given it back` : `${who} has given back what ${before ?? 'nobody'} had`;
    case 'reassign':
      return `${who} has handed it to ${holder ?? 'nobody'}`;
  }
}

/**
 * What somebody asked of an interruption and was refused is in the audit like everything else. That they may not ask it
 * at all is not an outcome: whoever is told so is noted once a minute, as for any missing permission (INV-4).
 */
export function recordRefusal(
  unit: Unit,
  interruption: InterruptionRecord,
  { by, at, asked, refusal }: { by: UserId; at: Instant; asked: { verb: string; result?: string }; refusal: Refusal },
): void {
  if (refusal.refused === 'interruption.not-allowed') {
    return;
  }
  unit.record({
    type: 'interruption-refused',
    at,
    actorId: by,
    projectId: interruption.projectId,
    releaseId: interruption.releaseId,
    data: { ...factsOf(interruption), ...asked, code: refusal.refused, detail: refusal.detail },
  });
}

/** An interruption behind the lock of its release, that release, and how its holder is called. */
export async function lockInterruption(
  unit: Unit,
  id: string,
): Promise<{ interruption: InterruptionRecord; release: ReleaseRow; name: (user: UserId) => string } | undefined> {
  const known = await unit.sql.selectFrom('interruptions').select('releaseId').where('id', '=', id).executeTakeFirst();
  if (!known) {
    return undefined;
  }
  const release = await lockRelease(unit, known.releaseId);
  const interruption = await findInterruption(unit.sql, id);
  if (!release || !interruption) {
    return undefined;
  }
  const { responsibleUserId, responsibleUser } = interruption;
  return { interruption, release, name: (user) => (user === responsibleUserId ? (responsibleUser ?? user) : user) };
}

async function userName(unit: Unit, id: UserId): Promise<string> {
  const user = await unit.sql.selectFrom('users').select('slug').where('id', '=', id).executeTakeFirst();
  return user?.slug ?? id;
}
