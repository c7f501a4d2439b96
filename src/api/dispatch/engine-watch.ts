import type { Instant } from '../../domain/instant';
import type { EngineTrouble } from '../../domain/blocker';
import type { Probe } from '../deps';
import type { EngineListener } from './engine-calls';
import type { WorkflowFailure } from './engine-view';

/** What is known of the engine without asking it, for those who answer readers. */
export interface EngineFacts {
  /** What is wrong with it as far as that release goes; null: nothing that is known. */
  troubleOf(release: string): EngineTrouble | null;
}

export interface EngineWatchOptions {
  now: () => Instant;
  temporal: Probe;
  /** Left out where the workers run elsewhere: then nothing is known of them. */
  worker?: Probe;
  /** How often both are asked; 5 s by default. */
  everyMs?: number;
}

const PROBE_MS = 5_000;

interface Outage {
  since: Instant;
  detail: string;
}

/**
 * Remembers what everyone who talks to Temporal hears: since when it does not answer, since when no worker takes work,
 * which workflows fail (REL-26). Readers of a release are answered from here; a read never waits for Temporal.
 */
export class EngineWatch implements EngineFacts, EngineListener {
  private temporalDown: Outage | null = null;
  private workerDown: Outage | null = null;
  private readonly failures = new Map<string, WorkflowFailure>();
  private readonly prober: NodeJS.Timeout;

  constructor(private readonly options: EngineWatchOptions) {
    this.prober = setInterval(() => void this.look(), options.everyMs ?? PROBE_MS);
    void this.look();
  }

  stop(): void {
    clearInterval(this.prober);
  }

  get hasWorker(): boolean {
    return this.workerDown === null;
  }

  troubleOf(release: string): EngineTrouble | null {
    if (this.temporalDown) {
      return { trouble: 'temporal-down', ...this.temporalDown };
    }
    if (this.workerDown) {
      return { trouble: 'no-worker', ...this.workerDown };
    }
    const failure = this.failures.get(release);
    return failure ? { trouble: 'workflow-failing', since: failure.since, detail: failure.message } : null;
  }

  /** Temporal has answered somebody. */
  answered(): void {
    this.temporalDown = null;
  }

  /** Temporal has not answered somebody. */
  silent(error: unknown): void {
    this.temporalDown = this.outage(this.temporalDown, error);
  }

  /** The code of the release's workflow throws, again and again. */
  fails(release: string, failure: WorkflowFailure): void {
    this.failures.set(release, failure);
  }

  /** The code of the release's workflow works, or is asked for no more. */
  works(release: string): void {
    this.failures.delete(release);
  }

  /** Whose workflows were seen to fail. */
  failing(): string[] {
    return [...this.failures.keys()];
  }

  /** Asks both: at its times by itself, and for whoever knows that one of them has just changed. */
  async look(): Promise<void> {
    const { temporal, worker } = this.options;
    await Promise.all([
      temporal().then(
        () => this.answered(),
        (error: unknown) => this.silent(error),
      ),
      worker?.().then(
        () => (this.workerDown = null),
        (error: unknown) => (this.workerDown = this.outage(this.workerDown, error)),
      ),
    ]);
  }

  private outage(known: Outage | null, error: unknown): Outage {
    return {
      since: known?.since ?? this.options.now(),
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}
