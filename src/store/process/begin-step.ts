import type { AcceptedAction } from '../../domain/accepted-action';
import type { Instant } from '../../domain/instant';
import type { ProcessStep } from '../../domain/pipeline';
import { startOfGroup } from '../../domain/process';
import { planAt } from '../../domain/release-plan';
import { attemptOf, deploymentOf, type StepJob } from '../../domain/roll-out';
import { isAbortAccepted } from '../releases/is-abort-accepted';
import type { ReleaseRow } from '../releases/stored-release';
import { lockRelease, planOfRow, positionOf } from '../releases/stored-release';
import { TOLD_AT_ONCE, undecidedActions } from '../releases/undecided-actions';
import type { Unit } from '../store';
import type { StepEffectsTable } from '../tables';
import { emptyVariables, variablesOf, type DeploymentVariable } from './deployment-variables';
import { processOf } from './process-of';
import { stepKey } from './step-key';

/** A step of a deployment that a workflow of this epoch runs. */
export interface StepRun {
  release: string;
  epoch: number;
  job: StepJob;
}

/** A step that is to be carried out now, and what it may use. */
export interface StepToRun {
  kind: 'run';
  /** The idempotency key of what it brings about (WHK-3). */
  key: string;
  deploymentId: string;
  step: ProcessStep;
  variables: DeploymentVariable[];
}

/** What a step does next. */
export type BegunStep =
  | StepToRun
  | { kind: 'later'; at: Instant }
  | { kind: 'succeeded'; at: Instant }
  | { kind: 'failed'; at: Instant; detail: string; errored: boolean }
  /** Not to be gone on with: the position does not ask for it any more, or an abort is accepted (REL-32). */
  | { kind: 'stopped'; actions: AcceptedAction[] };

/**
 * Begins the next try of a step that reaches outside, in one transaction that looks for an accepted abort first
 * (REL-30). What has ended says so again, whoever was to tell may have died.
 */
export async function beginStep(unit: Unit, run: StepRun, now: Instant): Promise<BegunStep> {
  const found = await findStep(unit, run, 'running');
  if ('kind' in found) {
    return found;
  }
  const { row, deploymentId, step, variables } = found;
  const { job } = run;
  const key = stepKey({
    release: row.id,
    phase: planAt(planOfRow(row), job.phase).name,
    environment: job.environment,
    item: step.name,
    attempt: attemptOf(job),
  });
  const known = await unit.sql
    .selectFrom('stepEffects')
    .select(['status', 'errored', 'nextAttemptAt', 'detail', 'endedAt'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (known && known.status !== 'under-way') {
    return endOfStep(known, now);
  }
  if (known?.nextAttemptAt != null && known.nextAttemptAt > now) {
    return { kind: 'later', at: known.nextAttemptAt };
  }
  await unit.sql
    .insertInto('stepEffects')
    .values({
      key,
      releaseId: row.id,
      deploymentId,
      position: job.step,
      status: 'under-way',
      errored: 0,
      tries: 1,
      nextAttemptAt: null,
      detail: null,
      startedAt: now,
      endedAt: null,
    })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((effect) => ({
        tries: effect('stepEffects.tries', '+', 1),
        nextAttemptAt: null,
      })),
    )
    .execute();
  return { kind: 'run', key, deploymentId, step, variables };
}

/** How a step has ended that is not under way any more: the same for everybody who asks. */
export function endOfStep(
  { status, errored, detail, endedAt }: Pick<StepEffectsTable, 'status' | 'errored' | 'detail' | 'endedAt'>,
  now: Instant,
): Extract<BegunStep, { kind: 'succeeded' | 'failed' }> {
  const at = endedAt ?? now;
  return status === 'done'
    ? { kind: 'succeeded', at }
    : { kind: 'failed', at, detail: detail ?? '', errored: errored === 1 };
}

/** The step whose condition is to be evaluated now, and what it may use; or why not. */
export async function findCondition(
  unit: Unit,
  run: StepRun,
): Promise<{ expression: string; variables: DeploymentVariable[] } | Extract<BegunStep, { kind: 'stopped' }>> {
  const found = await findStep(unit, run, 'checking');
  if ('kind' in found) {
    return found;
  }
  const { row, step, variables } = found;
  const { runWhen } = step;
  const empty = await emptyVariables(unit.sql, row);
  return {
    expression: typeof runWhen === 'string' ? 'true' : runWhen.expression,
    variables: [...empty.map((name) => ({ ...EMPTY, name })), ...variables],
  };
}

const EMPTY = { value: '', sensitive: 0 as const, source: 'output' as const, variableId: null };

interface FoundStep {
  row: ReleaseRow;
  deploymentId: string;
  step: ProcessStep;
  variables: DeploymentVariable[];
}

async function findStep(
  unit: Unit,
  { release, epoch, job }: StepRun,
  expected: 'running' | 'checking',
): Promise<FoundStep | Extract<BegunStep, { kind: 'stopped' }>> {
  const row = await lockRelease(unit, release);
  const state = row && positionOf(row);
  if (!row || !state || row.epoch !== epoch || state.stage !== 'running') {
    return { kind: 'stopped', actions: [] };
  }
  const standing = deploymentOf(state, job)?.steps?.[job.step];
  if (standing?.state !== expected || standing.try !== job.try || (await isAbortAccepted(unit, row.id))) {
    return { kind: 'stopped', actions: await undecidedActions(unit.sql, row.id, state.decided, TOLD_AT_ONCE) };
  }
  const deploymentId = await deploymentIdOf(unit, row, job);
  const step = (await processOf(unit.sql, row)).get(job.step);
  if (!step) {
    throw new Error(`Release ${row.id} has no step ${job.step}`);
  }
  const before = startOfGroup(planOfRow(row).process, job.step);
  return { row, deploymentId, step, variables: await variablesOf(unit.sql, deploymentId, before) };
}

/** The id of the deployment that a job is of. */
async function deploymentIdOf(unit: Unit, row: ReleaseRow, job: StepJob): Promise<string> {
  const { id } = await unit.sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .select('deployments.id')
    .where('deployments.releaseId', '=', row.id)
    .where('deployments.phase', '=', planAt(planOfRow(row), job.phase).name)
    .where('deployments.attempt', '=', job.attempt)
    .where('environments.slug', '=', job.environment)
    .executeTakeFirstOrThrow();
  return id;
}
