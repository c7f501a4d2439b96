import type { InterruptionResult } from '../../domain/accepted-action';
import { mayTake, type Person } from '../../domain/interruption';
import { heldOf, teamsOf, type InterruptionRecord } from '../../store/interruptions/find-interruption';
import { proceedsByInterruption, type ProceedRecord } from '../../store/interruptions/proceeds-by-interruption';
import type { Store } from '../../store/store';
import type { Caller } from '../caller';
import { toInstant, toInstantOrNull } from '../schemas/common';

/** What the rules about interruptions ask of a caller. */
export function personOf(caller: Caller, projectId: string): Person {
  return {
    userId: caller.userId,
    teams: caller.teams,
    maySubmit: caller.may('InterruptionSubmit', projectId),
    mayDeploy: caller.may('DeploymentCreate', projectId),
  };
}

/** Interruptions as this caller sees them, in the same order. */
export async function interruptionViews(
  store: Pick<Store, 'read'>,
  rows: readonly InterruptionRecord[],
  caller: Caller,
) {
  const proceeds = await proceedsByInterruption(store.read, rows);
  return rows.map((row) => viewOf(row, proceeds.get(row.id) ?? [], caller));
}

/** One of them. */
export async function interruptionView(store: Pick<Store, 'read'>, row: InterruptionRecord, caller: Caller) {
  const proceeds = await proceedsByInterruption(store.read, [row]);
  return viewOf(row, proceeds.get(row.id) ?? [], caller);
}

/** An interruption as answers show it. */
export type InterruptionView = ReturnType<typeof viewOf>;

function viewOf(row: InterruptionRecord, proceeds: readonly ProceedRecord[], caller: Caller) {
  const held = heldOf(row);
  const isTheirs = mayTake(held, personOf(caller, row.projectId)) && held.end === null;
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    title: row.title,
    instructions: row.instructions,
    teams: teamsOf(row),
    responsibleUser: row.responsibleUser,
    pendingAction: held.end?.kind === 'undecided' ? held.end.action : null,
    result: row.result as InterruptionResult | null,
    results: JSON.parse(row.results) as InterruptionResult[],
    notes: row.notes,
    notesRequired: row.notesRequired === 1,
    approvals: {
      needed: row.approvals,
      given: proceeds.length,
      proceeded: proceeds.map(({ user, notes, at }) => ({ user, notes, at: toInstant(at) })),
    },
    submittedBy: row.submittedByName,
    closedBy: row.closedByName,
    closedWhy: row.closedWhy,
    project: row.project,
    environment: row.environment,
    tenant: null,
    release: row.releaseId,
    deployment: row.deploymentId,
    phase: row.phase,
    step: row.step,
    blockConcurrent: row.blockConcurrent === 1,
    deadline: toInstantOrNull(row.deadlineAt),
    escalatedAt: toInstantOrNull(row.escalatedAt),
    raisedAt: toInstant(row.raisedAt),
    endedAt: toInstantOrNull(row.endedAt),
    canTake: isTheirs && row.state === 'pending',
    canSubmit: isTheirs && row.state === 'taken' && row.responsibleUserId === caller.userId,
  };
}
