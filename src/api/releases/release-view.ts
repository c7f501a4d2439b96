import type { AcceptedAction } from '../../domain/accepted-action';
import { isServiceChange } from '../../domain/change';
import { allowedActions } from '../../domain/decide';
import type { ReleaseAction } from '../../domain/pipeline';
import type { PhaseState, ReleaseState } from '../../domain/release';
import { isTerminal } from '../../domain/release';
import { planAt, type ReleasePlan } from '../../domain/release-plan';
import { shownPhaseState, shownState } from '../../domain/shown-state';
import { userNames, type ReleaseRecord } from '../../store/releases/read-release';
import { changesOf, planOfRow, positionOf, type StoredChange } from '../../store/releases/stored-release';
import type { Store } from '../../store/store';
import type { Caller } from '../caller';
import { toInstant } from '../schemas/common';
import { actionRights, mayAct } from './caller-rights';

/** A release as its readers get it, in the shape of the schema `release`. */
export async function releaseView(store: Store, record: ReleaseRecord, caller: Caller, now: number) {
  const state = positionOf(record);
  const names = await userNames(store.read, approversOf(state));
  return viewOf(record, state, names, caller, now);
}

/** A page of releases, without the definitions. */
export async function listedReleases(store: Store, records: readonly ReleaseRecord[], caller: Caller, now: number) {
  const states = records.map(positionOf);
  const names = await userNames(store.read, states.flatMap(approversOf));
  return records.map((record, index) => {
    const { changes, ...rest } = viewOf(record, states[index] ?? positionOf(record), names, caller, now);
    return { ...rest, changes: changes.map(listedChange) };
  });
}

function viewOf(
  record: ReleaseRecord,
  state: ReleaseState,
  names: ReadonlyMap<string, string>,
  caller: Caller,
  now: number,
) {
  const plan = planOfRow(record);
  const current = state.stage === 'queued' || isTerminal(state) ? null : state.current;
  const phases = state.phases.map((phase, index) =>
    phaseView(planAt(plan, index).name, phase, state.stage === 'aborting', names, now),
  );
  return {
    id: record.id,
    project: record.project,
    pipeline: record.pipeline,
    pipelineVersion: record.pipelineVersion,
    digest: record.digest,
    state: shownState(state),
    phases,
    currentPhase: current === null ? null : planAt(plan, current).name,
    currentPhaseEndTime: current === null ? null : (phases[current]?.endsAt ?? null),
    armed: state.armed?.intent ?? null,
    defect: null,
    allowed: allowedTo(caller, record.projectId, plan, state, now),
    changes: changesOf(record).map((change) => changeView(change, state)),
    triggeredBy: record.trigger,
    reason: record.reason,
    source: record.source === null ? null : (JSON.parse(record.source) as Record<string, string>),
    labels: JSON.parse(record.labels) as string[],
    skipSteps: plan.process.filter(({ skipped }) => skipped).map(({ name }) => name),
    createdAt: toInstant(record.createdAt),
    endedAt: record.endedAt === null ? null : toInstant(record.endedAt),
  };
}

function changeView(change: StoredChange, { touched }: ReleaseState) {
  if (!isServiceChange(change)) {
    const { flag, environments, definition } = change;
    return { flag, environments, definition };
  }
  const { service, version, environments } = change;
  const hasIt = (environment: string) =>
    touched.some((each) => each.service === service && each.environment === environment && each.state === 'applied');
  return { service, version, environments, deployed: environments.filter(hasIt) };
}

/** A change without what may be half a megabyte. */
function listedChange(change: ReturnType<typeof changeView>) {
  return 'flag' in change ? { flag: change.flag, environments: change.environments } : change;
}

function phaseView(
  name: string,
  phase: PhaseState,
  isAborting: boolean,
  names: ReadonlyMap<string, string>,
  now: number,
) {
  const { progress } = phase;
  // Nothing bakes any more while targets go back.
  const endsAt = progress.status === 'baking' && !isAborting ? progress.endsAt : null;
  const remainingMs = progress.status === 'paused' && !isAborting ? progress.remainingMs : null;
  return {
    name,
    state: shownPhaseState(phase),
    startedAt: phase.startedAt === null ? null : toInstant(phase.startedAt),
    endsAt: endsAt === null ? null : toInstant(endsAt),
    remainingMs: endsAt === null ? remainingMs : Math.max(0, endsAt - now),
    approvals: phase.approvals.map(({ by, at }) => ({ by: names.get(by) ?? by, at: toInstant(at) })),
    partial: phase.partial,
  };
}

/** What state and permissions allow this caller now: `allowed[]`. */
function allowedTo(
  caller: Caller,
  projectId: string,
  plan: ReleasePlan,
  state: ReleaseState,
  now: number,
): ReleaseAction[] {
  const rights = actionRights(caller, projectId, plan, true);
  const asked: AcceptedAction = {
    id: '',
    number: state.decided + 1,
    verb: 'abort',
    by: caller.userId,
    phase: null,
    attempt: null,
    acceptedAt: now,
    expiresAt: null,
    rights,
  };
  return allowedActions({ state, plan, holds: [] }, asked, now).filter((verb) =>
    mayAct(verb, caller, projectId, plan, rights),
  );
}

function approversOf(state: ReleaseState): string[] {
  return state.phases.flatMap((phase) => phase.approvals.map((approval) => approval.by));
}
