import type { Instant } from '../../domain/instant';
import type { ProcessStep } from '../../domain/pipeline';
import type { ReleaseState } from '../../domain/release';
import type { ProcessEvent, ReleaseEvent } from '../../domain/release-event';
import type { StepPlan } from '../../domain/release-plan';
import type { NewEvent } from '../audit/entry';
import type { ReleaseRow } from '../releases/stored-release';
import { planOfRow } from '../releases/stored-release';
import type { Unit } from '../store';
import type { DeploymentStepsTable } from '../tables';
import { logDeployment, type LogLine } from './deployment-log';
import { processOf } from './process-of';

/** An event that says something of steps, interruptions or variables of deployments. */
export type ProcessChange =
  ProcessEvent | Extract<ReleaseEvent, { type: 'phase-started' | 'release-aborting' | DeploymentEnd }>;

type DeploymentEnd = 'deployment-succeeded' | 'deployment-failed';

/** A deployment as events name it. */
export interface Deployment {
  id: string;
  phase: string;
  environment: string;
  environmentId: string;
  attempt: number;
  state: string;
}

/** What a row of a step becomes. */
export type StepChange = Partial<Omit<DeploymentStepsTable, 'deploymentId' | 'position'>>;

/** A step that has failed. */
export function failedWith(at: Instant, error: string, errored: boolean): StepChange {
  return { state: 'failed', endedAt: at, error, errored: errored ? 1 : 0 };
}

/** Of a step in which nothing has gone wrong, or nothing that counts any more. */
export const NO_ERROR = { error: null, errored: 0 } as const satisfies StepChange;

/** One recording's events as they are written: the deployments that they name, changes of their steps, and their logs. */
export class ProcessRecording {
  /** What the audit says of interruptions that an abort has closed. */
  readonly closed: NewEvent[] = [];
  private readonly lines = new Map<string, LogLine[]>();
  private readonly touched = new Set<Deployment>();
  private definitions: Map<number, ProcessStep> | undefined;
  /** Their rows are there, but the event that starts them is still to come. */
  private readonly notStarted: Set<Deployment>;

  private constructor(
    readonly unit: Unit,
    readonly release: ReleaseRow,
    readonly process: readonly StepPlan[],
    /** The youngest first. */
    readonly deployments: readonly Deployment[],
    events: readonly ProcessChange[],
  ) {
    const starts = events.flatMap((event) => (event.type === 'phase-started' ? [event] : []));
    this.notStarted = new Set(
      starts.flatMap(({ phase, environments, attempt }) =>
        environments.map((environment) => this.deployment(phase, environment, attempt)),
      ),
    );
  }

  /** The recording of these events; the rows of the deployments are written already. */
  static async of(unit: Unit, release: ReleaseRow, events: readonly ProcessChange[]): Promise<ProcessRecording> {
    const { process } = planOfRow(release);
    return new ProcessRecording(unit, release, process, await deploymentsOf(unit, release), events);
  }

  /** The deployments that a phase starts, which are no longer to come. */
  start({ phase, environments, attempt }: Extract<ProcessChange, { type: 'phase-started' }>): Deployment[] {
    const started = environments.map((environment) => this.deployment(phase, environment, attempt));
    started.forEach((deployment) => this.notStarted.delete(deployment));
    return started;
  }

  /** The deployment of which an event of a step speaks. */
  touch({ phase, environment, attempt }: ProcessEvent): Deployment {
    const deployment = this.deployment(phase, environment, attempt);
    this.touched.add(deployment);
    return deployment;
  }

  /** By then: one recording may hold the failure of an attempt and the start of the next (REL-28). */
  youngest(phase: number, environment: string): Deployment {
    return this.found((each) => this.isOf(each, phase, environment) && !this.notStarted.has(each), phase, environment);
  }

  planOf({ step }: { step: number }): StepPlan {
    const plan = this.process[step];
    if (!plan) {
      throw new RangeError(`There is no step ${step}`);
    }
    return plan;
  }

  /** The step as its pipeline defines it, with all its texts. */
  async definitionOf({ step }: { step: number }): Promise<ProcessStep | undefined> {
    this.definitions ??= await processOf(this.unit.sql, this.release);
    return this.definitions.get(step);
  }

  /** Changes the row of a step, and says so in the log. */
  async change(deployment: Deployment, { at, step }: ProcessEvent, change: StepChange, message: string): Promise<void> {
    await this.unit.sql
      .updateTable('deploymentSteps')
      .set(change)
      .where('deploymentId', '=', deployment.id)
      .where('position', '=', step)
      .execute();
    this.log(deployment, { at, step: this.process[step]?.name ?? null, message });
  }

  /** What has gone wrong in a step; null: nothing. */
  async errorOf({ id }: Deployment, { step }: ProcessEvent): Promise<string | null> {
    const row = await this.unit.sql
      .selectFrom('deploymentSteps')
      .select('error')
      .where('deploymentId', '=', id)
      .where('position', '=', step)
      .executeTakeFirst();
    return row?.error ?? null;
  }

  log({ id }: Deployment, line: LogLine): void {
    this.lines.set(id, [...(this.lines.get(id) ?? []), line]);
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

  private deployment(phase: number, environment: string, attempt: number): Deployment {
    return this.found((each) => each.attempt === attempt && this.isOf(each, phase, environment), phase, environment);
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
