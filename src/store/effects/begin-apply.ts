import type { AcceptedAction } from '../../domain/accepted-action';
import { FAILED_BY_CALLBACK } from '../../domain/callback';
import { effectKey } from '../../domain/effect-key';
import type { Instant } from '../../domain/instant';
import { rollOutStep } from '../../domain/process';
import type { DeploymentState } from '../../domain/release';
import { planAt, type PlanItem } from '../../domain/release-plan';
import type { RollOutJob } from '../../domain/roll-out';
import { attemptOf, deploymentOf, itemsDue } from '../../domain/roll-out';
import { isAbortAccepted } from '../releases/is-abort-accepted';
import { recordProgress } from '../releases/record-progress';
import { snapshotsOf, serviceVersionBefore } from '../releases/snapshots';
import type { ReleaseRow } from '../releases/stored-release';
import { environmentIdOf, lockRelease, planOfRow, positionOf, serviceChangesOf } from '../releases/stored-release';
import { undecidedActions, TOLD_AT_ONCE } from '../releases/undecided-actions';
import type { Unit } from '../store';
import { beginSend, type EffectToSend } from './begin-send';
import { callbackOf } from './callback-of';
import { recordAnswer, type AnswerRecorded } from './record-answer';

/** A deployment that a workflow of this epoch runs. */
export interface RollOut {
  release: string;
  epoch: number;
  job: RollOutJob;
}

/** What a deployment does next. */
export type NextItem =
  | { kind: 'send'; effect: EffectToSend }
  | { kind: 'later'; at: Instant }
  /** The target has taken it and is to call back: ask again then, or when something was decided (PRO-6). */
  | { kind: 'awaited'; until: Instant }
  /** Its flags were switched: ask again. */
  | { kind: 'flags-applied' }
  | { kind: 'succeeded'; at: Instant }
  | Extract<AnswerRecorded, { kind: 'failed' | 'later' }>
  /** Not to be gone on with: the release, or this deployment of it, is no longer there, or an abort is accepted. */
  | { kind: 'stopped'; actions: AcceptedAction[] };

/**
 * Takes a deployment to its next item, in one transaction that looks for an accepted abort first (REL-30, REL-32): flags
 * are switched in it, the send of a service is begun. Asked again it goes on where it stands: what is done is data.
 */
export async function beginApply(unit: Unit, { release, epoch, job }: RollOut, now: Instant): Promise<NextItem> {
  const row = await lockRelease(unit, release);
  const state = row && positionOf(row);
  if (!row || !state || row.epoch !== epoch || state.stage !== 'running') {
    return { kind: 'stopped', actions: [] };
  }
  const deployment = deploymentOf(state, job);
  if (!deployment || !isToRollOut(deployment, job) || (await isAbortAccepted(unit, row.id))) {
    return { kind: 'stopped', actions: await undecidedActions(unit.sql, row.id, state.decided, TOLD_AT_ONCE) };
  }

  const { phase, environment } = job;
  // A full roll-out switches all flags when every service has arrived (REL-20).
  const isDone = ({ kind }: PlanItem) => kind === 'flags' && (deployment.flagsApplied || state.fullRollout !== null);
  const item = itemsDue(planOfRow(row), state, phase, environment).find((each) => !isDone(each));
  if (!item) {
    // Not when its last item arrived: where somebody died in between, a bake is rather too long than too short (INV-2).
    return { kind: 'succeeded', at: now };
  }
  if (item.kind === 'flags') {
    await recordProgress(unit, row, [{ type: 'flags-applied', at: Math.max(now, state.lastAt), phase, environment }]);
    return { kind: 'flags-applied' };
  }
  return beginService(unit, row, job, item.service, now);
}

/** Whether a deployment still wants its items applied by this try. */
function isToRollOut(deployment: DeploymentState, { try: tried = 1 }: RollOutJob): boolean {
  if (!deployment.steps) {
    return deployment.state === 'running';
  }
  const step = deployment.steps[rollOutStep(deployment)];
  return step?.state === 'running' && step.try === tried;
}

async function beginService(
  unit: Unit,
  row: ReleaseRow,
  job: RollOut['job'],
  service: string,
  now: Instant,
): Promise<NextItem> {
  const { phase, environment, attempt } = job;
  const change = serviceChangesOf(row).find((each) => each.service === service);
  if (!change) {
    throw new Error(`Release ${row.id} has no change of ${service}`);
  }
  const phaseName = planAt(planOfRow(row), phase).name;
  const key = effectKey({
    release: row.id,
    phase: phaseName,
    environment,
    item: service,
    direction: 'apply',
    attempt: attemptOf(job),
  });
  const known = await unit.sql
    .selectFrom('effects')
    .select(['status', 'detail', 'endedAt', 'errored', 'awaitedUntil'])
    .where('key', '=', key)
    .executeTakeFirst();
  const callback = known && (await callbackOf(unit.sql, { key, releaseId: row.id }));
  if (known && known.status !== 'under-way') {
    // The deployment failed with it: its target has called back, or whoever was to say so died.
    return {
      kind: 'failed',
      at: known.endedAt ?? now,
      // What a target says for people is no part of a workflow's history.
      detail: callback ? FAILED_BY_CALLBACK : (known.detail ?? ''),
      errored: known.errored === 1,
    };
  }
  if (callback) {
    // Accepted in time, so it is decided first.
    const { decided } = positionOf(row);
    return { kind: 'stopped', actions: await undecidedActions(unit.sql, row.id, decided, TOLD_AT_ONCE) };
  }
  if (known?.awaitedUntil != null) {
    return known.awaitedUntil > now
      ? { kind: 'awaited', until: known.awaitedUntil }
      : failed(await recordAnswer(unit, { key, sent: null, outcome: NO_CALLBACK }, now));
  }

  const { version } = change;
  const previousVersion = serviceVersionBefore(await snapshotsOf(unit.sql, row.id), change, environment);
  const begun = await beginSend(
    unit,
    row,
    {
      key,
      service,
      serviceId: change.serviceId,
      environment,
      environmentId: environmentIdOf(change, environment),
      phase: phaseName,
      direction: 'apply',
      attempt,
      version,
      previousVersion,
      expectedVersion: previousVersion,
    },
    now,
  );
  if (begun.kind === 'later') {
    return begun;
  }
  if (begun.kind === 'send' && begun.isFirst) {
    const at = Math.max(now, positionOf(row).lastAt);
    await recordProgress(unit, row, [
      { type: 'service-apply-started', at, phase, attempt, environment, service, version },
    ]);
  }
  if (begun.kind === 'unaddressed') {
    const { detail } = begun;
    return failed(await recordAnswer(unit, { key, sent: null, outcome: { kind: 'refused', detail } }, now));
  }
  return { kind: 'send', effect: begun.effect };
}

const NO_CALLBACK = { kind: 'silent', detail: 'The target did not call back in time' } as const;

function failed(recorded: AnswerRecorded): Extract<NextItem, { kind: 'failed' }> {
  if (recorded.kind !== 'failed') {
    throw new Error(`An effect that was not answered is ${recorded.kind}`);
  }
  return recorded;
}
