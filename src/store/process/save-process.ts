import { escapeFor } from '../../domain/escape';
import type { Instant } from '../../domain/instant';
import { resultsOf } from '../../domain/interruption';
import type { ProcessStep } from '../../domain/pipeline';
import type { ProcessEvent, ReleaseEvent, ReleaseState, StepPlan } from '../../domain/release';
import { parseTemplate, renderTemplate } from '../../domain/template';
import { manualOutputs } from '../../domain/variables';
import type { ReleaseRow } from '../releases/stored-release';
import { planOfRow } from '../releases/stored-release';
import { closeInterruptions } from '../interruptions/close-interruptions';
import { answersOf, type Answer } from '../interruptions/answers-of';
import { wakeBlocked } from '../interruptions/wake-blocked';
import { inPieces } from '../in-pieces';
import { newId } from '../new-id';
import type { Unit } from '../store';
import type { DeploymentStepsTable } from '../tables';
import { logDeployment, type LogLine } from './deployment-log';
import { maskedLookUp, saveOutputs, startVariables, variablesOf, type OutputValue } from './deployment-variables';
import { processOf } from './process-of';

type ProcessChange =
  ProcessEvent | Extract<ReleaseEvent, { type: 'phase-started' | 'release-aborting' | DeploymentEnd }>;

type DeploymentEnd = 'deployment-succeeded' | 'deployment-failed';

/**
 * Brings steps, interruptions and variables of deployments up to what these events say of them; `after` is the position
 * behind them. The rows of the deployments are written already. A pipeline without a process costs nothing.
 */
export async function saveProcess(
  unit: Unit,
  release: ReleaseRow,
  after: ReleaseState,
  events: readonly ReleaseEvent[],
): Promise<void> {
  const { process } = planOfRow(release);
  const concerned = process.length === 0 ? [] : events.filter(isOfProcess);
  if (concerned.length === 0) {
    return;
  }
  const saving = new ProcessSaving(unit, release, process, await deploymentsOf(unit, release), concerned);
  for (const event of concerned) {
    await saving.save(event);
  }
  await saving.finish(after);
}

function isOfProcess(event: ReleaseEvent): event is ProcessChange {
  return (
    ('step' in event && 'attempt' in event) ||
    ['phase-started', 'release-aborting', 'deployment-succeeded', 'deployment-failed'].includes(event.type)
  );
}

interface Deployment {
  id: string;
  phase: string;
  environment: string;
  environmentId: string;
  attempt: number;
  state: string;
}

/** The deployments of the release, the youngest first. */
function deploymentsOf(unit: Unit, release: ReleaseRow): Promise<Deployment[]> {
  return unit.sql
    .selectFrom('deployments')
    .innerJoin('environments', 'environments.id', 'deployments.environmentId')
    .select([
      'deployments.id',
      'deployments.phase',
      'deployments.environmentId',
      'deployments.attempt',
      'deployments.state',
      'environments.slug as environment',
    ])
    .where('deployments.releaseId', '=', release.id)
    .orderBy('deployments.attempt', 'desc')
    .execute();
}

type StepChange = Partial<Omit<DeploymentStepsTable, 'deploymentId' | 'position'>>;

/** What is written for the events of one recording. */
class ProcessSaving {
  private readonly lines = new Map<string, LogLine[]>();
  private readonly touched = new Set<Deployment>();
  private definitions: Map<number, ProcessStep> | undefined;
  /** Their rows are there, but the event that starts them is still to come. */
  private readonly notStarted: Set<Deployment>;

  constructor(
    private readonly unit: Unit,
    private readonly release: ReleaseRow,
    private readonly process: readonly StepPlan[],
    private readonly deployments: readonly Deployment[],
    events: readonly ProcessChange[],
  ) {
    const starts = events.flatMap((event) => (event.type === 'phase-started' ? [event] : []));
    this.notStarted = new Set(
      starts.flatMap(({ phase, environments, attempt }) =>
        environments.map((environment) => this.deployment(phase, environment, attempt)),
      ),
    );
  }

  async save(event: ProcessChange): Promise<void> {
    switch (event.type) {
      case 'phase-started':
        return this.start(event);
      case 'release-aborting':
        return this.abort(event);
      case 'deployment-succeeded':
      case 'deployment-failed': {
        const deployment = this.youngest(event.phase, event.environment);
        const how = event.type === 'deployment-succeeded' ? 'succeeded' : `failed: ${event.detail ?? ''}`;
        this.log(deployment, { at: event.at, step: null, message: `The deployment has ${how}` });
        return;
      }
      default:
        return this.step(event);
    }
  }

  /** Writes what was gathered: logs, and which deployments wait for a person. */
  async finish(after: ReleaseState): Promise<void> {
    for (const [deploymentId, lines] of this.lines) {
      await logDeployment(this.unit, deploymentId, lines);
    }
    for (const { id, phase, environment, attempt } of this.touched) {
      const index = this.phaseNames.indexOf(phase);
      const state = after.phases[index]?.deployments.find(
        (each) => each.environment === environment && each.attempt === attempt,
      )?.state;
      if (state === 'running' || state === 'waiting') {
        await this.unit.sql.updateTable('deployments').set({ state }).where('id', '=', id).execute();
      }
    }
  }

  private get phaseNames(): string[] {
    return planOfRow(this.release).phases.map(({ name }) => name);
  }

  private async start(event: Extract<ProcessChange, { type: 'phase-started' }>): Promise<void> {
    const started = event.environments.map((environment) => this.deployment(event.phase, environment, event.attempt));
    const rows = started.flatMap(({ id: deploymentId }) =>
      this.process.map(({ name, kind }, position) => ({
        deploymentId,
        position,
        name,
        kind,
        state: 'pending' as const,
        try: 1,
        startedAt: null,
        endedAt: null,
        detail: null,
        error: null,
        errored: 0 as const,
      })),
    );
    for (const piece of inPieces(rows)) {
      await this.unit.sql.insertInto('deploymentSteps').values(piece).execute();
    }
    await startVariables(this.unit, this.release, started);
    started.forEach((deployment) => {
      this.notStarted.delete(deployment);
      this.log(deployment, {
        at: event.at,
        step: null,
        message: `The deployment of phase ${deployment.phase} has started`,
      });
    });
  }

  /** Abort stops the process where it stands, and closes what it asks (REL-32, INT-7). */
  private async abort({ at, by, action, cause }: Extract<ProcessChange, { type: 'release-aborting' }>): Promise<void> {
    const ids = this.deployments.map(({ id }) => id);
    if (ids.length === 0) {
      return;
    }
    await this.unit.sql
      .updateTable('deploymentSteps')
      .set({ state: 'aborted', endedAt: at })
      .where('deploymentId', 'in', ids)
      .where('state', 'in', ['pending', 'running', 'waiting'])
      .execute();
    await this.unit.sql
      .updateTable('stepEffects')
      .set({ status: 'given-up', nextAttemptAt: null, endedAt: at })
      .where('releaseId', '=', this.release.id)
      .where('status', '=', 'under-way')
      .execute();
    await closeInterruptions(this.unit, this.release, { at, by, action, cause });
    // Their rows have been ended already, and a release is aborted once.
    this.deployments
      .filter(({ state }) => state === 'aborted')
      .forEach((deployment) => {
        this.log(deployment, { at, step: null, message: 'The release is being aborted: the deployment ends here' });
      });
  }

  private async step(event: ProcessEvent): Promise<void> {
    const deployment = this.deployment(event.phase, event.environment, event.attempt);
    this.touched.add(deployment);
    const { at } = event;
    switch (event.type) {
      case 'step-checking':
        return this.change(deployment, event, { state: 'running', startedAt: at }, 'Its condition is being evaluated');
      case 'condition-answered': {
        const message = `Its condition is ${String(event.answer)}`;
        return this.change(deployment, event, { detail: message }, message);
      }
      case 'step-skipped': {
        const detail = whySkipped(event.why, this.planOf(event));
        return this.change(deployment, event, { state: 'skipped', endedAt: at, detail }, `Skipped: ${detail}`);
      }
      case 'step-started': {
        const again = event.try === 1 ? '' : `, try ${event.try}`;
        const change: StepChange = {
          state: 'running',
          startedAt: at,
          endedAt: null,
          error: null,
          errored: 0,
          try: event.try,
        };
        return this.change(deployment, event, change, `Started${again}`);
      }
      case 'step-succeeded':
        return this.change(deployment, event, { state: 'succeeded', endedAt: at }, 'Succeeded');
      case 'step-failed': {
        const { detail, errored } = event;
        return this.change(deployment, event, failed(at, detail, errored), `Failed: ${detail}`);
      }
      case 'interruption-raised': {
        await this.raise(deployment, event);
        const { failure } = event;
        const change: StepChange = {
          state: 'waiting',
          ...(failure && { error: failure.detail, errored: failure.errored ? 1 : 0 }),
        };
        return this.change(
          deployment,
          event,
          event.kind === 'manual' ? { ...change, startedAt: at } : change,
          failure ? `Failed: ${failure.detail}. A person is asked what to do` : 'Waiting for a person',
        );
      }
      case 'interruption-proceeded':
      case 'interruption-submitted':
        return this.answer(deployment, event);
      case 'interruption-deadline-passed':
        return this.deadline(deployment, event);
    }
  }

  /** Renders what the person is to see, with the variables of this moment; sensitive ones are masked (VAR-4). */
  private async raise(
    deployment: Deployment,
    event: Extract<ProcessEvent, { type: 'interruption-raised' }>,
  ): Promise<void> {
    const plan = this.planOf(event);
    const definition = (await this.definitionsOf()).get(event.step);
    const manual = event.kind === 'manual' && definition?.kind === 'manual' ? definition : null;
    const variables = manual ? await variablesOf(this.unit.sql, deployment.id) : [];
    const rendered =
      manual && renderTemplate(parseTemplate(manual.instructions), maskedLookUp(variables), escapeFor.markdown);
    const instructions = rendered
      ? 'text' in rendered
        ? rendered.text
        : `The instructions cannot be shown: the text ${rendered.fault}`
      : `Step ${plan.name} has failed: ${event.failure?.detail ?? ''}`;
    const open = { number: event.interruption, kind: event.kind, deadlineAt: event.deadlineAt, proceeds: [] };
    await this.unit.sql
      .insertInto('interruptions')
      .values({
        id: newId(),
        releaseId: this.release.id,
        number: event.interruption,
        projectId: this.release.projectId,
        environmentId: deployment.environmentId,
        deploymentId: deployment.id,
        position: event.step,
        kind: event.kind,
        state: 'pending',
        title: event.kind === 'manual' ? plan.name : `${plan.name} has failed`,
        instructions,
        teams: JSON.stringify(manual?.teams ?? []),
        results: JSON.stringify(resultsOf({ open, step: plan })),
        notesRequired: manual?.notesRequired ? 1 : 0,
        approvals: manual?.approvals ?? 1,
        authorMaySubmit: (manual?.authorMaySubmit ?? true) ? 1 : 0,
        blockConcurrent: manual?.blockConcurrent ? 1 : 0,
        proceeds: '[]',
        responsibleUserId: null,
        submitAction: null,
        result: null,
        notes: null,
        submittedBy: null,
        closedBy: null,
        closedWhy: null,
        deadlineAt: event.deadlineAt,
        raisedAt: event.at,
        endedAt: null,
      })
      .execute();
  }

  private async answer(
    deployment: Deployment,
    event: Extract<ProcessEvent, { type: 'interruption-proceeded' | 'interruption-submitted' }>,
  ): Promise<void> {
    const { at, by, action, interruption } = event;
    const answers = await answersOf(this.unit.sql, this.release.id, interruption, action);
    const last = answers.at(-1);
    const notes = last?.notes ?? '';
    const who = last?.username ?? by;
    if (event.type === 'interruption-proceeded') {
      // Pending again: others have to say so as well (INT-6).
      await this.interruption(interruption, {
        state: 'pending',
        responsibleUserId: null,
        submitAction: null,
        proceeds: JSON.stringify(answers.map(({ action: given }) => given)),
      });
      this.log(deployment, {
        at,
        step: this.planOf(event).name,
        message: `${who} says to proceed; others have to as well`,
      });
      return;
    }
    const { result } = event;
    await this.interruption(interruption, {
      state: 'submitted',
      submitAction: action,
      result,
      notes,
      submittedBy: by,
      endedAt: at,
    });
    await this.unblock();
    if (result === 'proceed' || result === 'abort') {
      await this.saveManual(deployment, event, { approved: result === 'proceed', byDeadline: false, answers });
    }
    const message = `${who} answered ${result}`;
    switch (result) {
      case 'proceed':
      case 'ignore':
        return this.change(deployment, event, { state: 'succeeded', endedAt: at, detail: message }, message);
      case 'abort':
        return this.change(
          deployment,
          event,
          { ...failed(at, notes === '' ? `${who} aborted it` : `${who} aborted it: ${notes}`, false), detail: message },
          message,
        );
      case 'fail':
        return this.change(deployment, event, { state: 'failed', endedAt: at, detail: message }, message);
      case 'retry':
        return this.change(deployment, event, { state: 'running', detail: message }, message);
    }
  }

  private async deadline(
    deployment: Deployment,
    event: Extract<ProcessEvent, { type: 'interruption-deadline-passed' }>,
  ): Promise<void> {
    const { at, interruption, outcome } = event;
    const definition = (await this.definitionsOf()).get(event.step);
    if (outcome === 'escalate') {
      const deadline = definition?.kind === 'manual' ? definition.deadline : null;
      const teams = deadline?.outcome === 'escalate' ? deadline.escalateTo : [];
      // Whoever had it did not answer: it is for the others now.
      await this.interruption(interruption, {
        state: 'pending',
        responsibleUserId: null,
        teams: JSON.stringify(teams),
        deadlineAt: null,
      });
      const message = `Nobody answered before the deadline: ${teams.join(', ')} are responsible now`;
      this.log(deployment, { at, step: this.planOf(event).name, message });
      return;
    }
    await this.interruption(interruption, {
      state: 'submitted',
      result: outcome,
      notes: 'Nobody answered before the deadline',
      endedAt: at,
    });
    await this.unblock();
    const answers = await answersOf(this.unit.sql, this.release.id, interruption, null);
    await this.saveManual(deployment, event, { approved: outcome === 'proceed', byDeadline: true, answers });
    const message = `Nobody answered before the deadline, so it is to ${outcome}`;
    return this.change(
      deployment,
      event,
      outcome === 'proceed'
        ? { state: 'succeeded', endedAt: at, detail: message }
        : { ...failed(at, 'Nobody answered before the deadline', false), detail: message },
      message,
    );
  }

  /** What later steps can use of a manual one (VAR-1, VAR-8). */
  private saveManual(
    deployment: Deployment,
    event: ProcessEvent,
    { answers, ...outcome }: { approved: boolean; byDeadline: boolean; answers: readonly Answer[] },
  ): Promise<void> {
    const { name, manual } = this.planOf(event);
    const outputs = manualOutputs(name, { ...outcome, submissions: answers, approvals: manual?.approvals ?? 1 });
    const kept = [...outputs].map(([output, value]): [string, OutputValue] => [
      output,
      { value, sensitive: 0, variableId: null },
    ]);
    return saveOutputs(this.unit, deployment.id, new Map(kept));
  }

  private async interruption(number: number, change: Record<string, string | number | null>): Promise<void> {
    await this.unit.sql
      .updateTable('interruptions')
      .set(change)
      .where('releaseId', '=', this.release.id)
      .where('number', '=', number)
      .execute();
  }

  private unblock(): Promise<void> {
    return wakeBlocked(this.unit, this.release);
  }

  private async change(
    deployment: Deployment,
    { at, step }: ProcessEvent,
    change: StepChange,
    message: string,
  ): Promise<void> {
    await this.unit.sql
      .updateTable('deploymentSteps')
      .set(change)
      .where('deploymentId', '=', deployment.id)
      .where('position', '=', step)
      .execute();
    this.log(deployment, { at, step: this.process[step]?.name ?? null, message });
  }

  private log({ id }: Deployment, line: LogLine): void {
    this.lines.set(id, [...(this.lines.get(id) ?? []), line]);
  }

  private planOf({ step }: { step: number }): StepPlan {
    const plan = this.process[step];
    if (!plan) {
      throw new RangeError(`There is no step ${step}`);
    }
    return plan;
  }

  private async definitionsOf(): Promise<Map<number, ProcessStep>> {
    this.definitions ??= await processOf(this.unit.sql, this.release);
    return this.definitions;
  }

  private deployment(phase: number, environment: string, attempt: number): Deployment {
    return this.found((each) => each.attempt === attempt && this.isOf(each, phase, environment), phase, environment);
  }

  /** By then: one recording may hold the failure of an attempt and the start of the next (REL-28). */
  private youngest(phase: number, environment: string): Deployment {
    return this.found((each) => this.isOf(each, phase, environment) && !this.notStarted.has(each), phase, environment);
  }

  private isOf(each: Deployment, phase: number, environment: string): boolean {
    return each.phase === this.phaseNames[phase] && each.environment === environment;
  }

  private found(isIt: (each: Deployment) => boolean, phase: number, environment: string): Deployment {
    const deployment = this.deployments.find(isIt);
    if (!deployment) {
      throw new Error(`There is no deployment of phase ${phase} of ${this.release.id} to ${environment}`);
    }
    return deployment;
  }
}

function whySkipped(why: Extract<ProcessEvent, { type: 'step-skipped' }>['why'], { runWhen }: StepPlan): string {
  switch (why) {
    case 'limits':
      return 'it is not for this environment or phase';
    case 'asked':
      return 'the trigger asked for that';
    case 'status':
      return runWhen === 'failure' ? 'no earlier step has failed' : 'an earlier step has failed';
    case 'condition':
      return 'its condition is false';
  }
}

function failed(at: Instant, error: string, errored: boolean): StepChange {
  return { state: 'failed', endedAt: at, error, errored: errored ? 1 : 0 };
}
