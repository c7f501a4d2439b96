import { interruptionsOf, type InterruptionRecord } from '../../store/interruptions/find-interruption';
import { stepsOf, type DeploymentRecord } from '../../store/deployments/list-deployments';
import { triggeredBy } from '../../store/deployments/triggered-by';
import type { Store } from '../../store/store';
import { toInstant, toInstantOrNull } from '../schemas/common';

/** Deployments as answers show them, in the same order: with their steps and what they asked people. */
export async function deploymentViews(store: Store, rows: readonly DeploymentRecord[]) {
  const ids = rows.map(({ id }) => id);
  const [steps, interruptions, triggers] = await Promise.all([
    stepsOf(store.read, ids),
    interruptionsOf(store.read, ids),
    triggeredBy(store.read, rows),
  ]);
  return rows.map((row) => {
    const own = steps.filter(({ deploymentId }) => deploymentId === row.id);
    const asked = interruptions.filter(({ deploymentId }) => deploymentId === row.id);
    return {
      id: row.id,
      release: row.releaseId,
      track: null,
      phase: row.phase,
      environment: row.environment,
      tenant: null,
      attempt: row.attempt,
      state: row.state,
      errored: row.errored === 1,
      steps: own.length > 0 ? own.map((step) => stepView(step, asked)) : [rollOutView(row)],
      // What waits for a person stands first (INT-1).
      interruptions: [...asked.filter(isOpen), ...asked.filter((each) => !isOpen(each))].map(({ id }) => id),
      triggeredBy: triggers.get(row.id) ?? null,
      endedBy: row.endedByName === null ? null : { user: row.endedByName, notes: row.endedNotes },
      createdAt: toInstant(row.createdAt),
      startedAt: toInstantOrNull(row.startedAt),
      endedAt: toInstantOrNull(row.endedAt),
    };
  });
}

function isOpen({ state }: { state: string }): boolean {
  return state === 'pending' || state === 'taken';
}

function stepView(step: Awaited<ReturnType<typeof stepsOf>>[number], asked: readonly InterruptionRecord[]) {
  const { name, kind, state, detail, error } = step;
  return {
    name,
    kind,
    state,
    try: step.try,
    startedAt: toInstantOrNull(step.startedAt),
    endedAt: toInstantOrNull(step.endedAt),
    detail,
    error,
    errored: step.errored === 1,
    ignored: asked.some(({ position, result }) => position === step.position && result === 'ignore'),
  };
}

/** Without a process a deployment is the roll-out of the change set (PRO-7). */
function rollOutView(row: DeploymentRecord) {
  return {
    name: 'roll-out',
    kind: 'roll-out' as const,
    state: row.state === 'queued' || row.state === 'waiting' ? ('pending' as const) : row.state,
    try: 1,
    startedAt: toInstantOrNull(row.startedAt),
    endedAt: toInstantOrNull(row.endedAt),
    detail: null,
    error: row.error,
    errored: row.errored === 1,
    ignored: false,
  };
}
