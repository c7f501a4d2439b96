import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';

import type { Instant } from '../../domain/instant';
import type { ReleaseWorkflowMemo, WorkflowPosition } from '../../workflows/messages';
import { POSITION_QUERY, releaseWorkflowId } from '../../workflows/messages';
import { engineCalls, type EngineListener } from './engine-calls';

/** The newest run of a release's workflow, as Temporal shows it. */
export interface EngineRun {
  runId: string;
  /** Of the memo. */
  epoch: number;
  isRunning: boolean;
  /** Temporal's name of its status, e.g. `TERMINATED`. */
  status: string;
  historyLength: number;
  /** How often its code was tried on what came last; null: nothing is to be done. */
  attempt: number | null;
  /** An activity of it is under way. */
  isRecording: boolean;
}

/** Why the code of a workflow failed last. */
export interface WorkflowFailure {
  since: Instant;
  message: string;
}

/** What is asked of Temporal about releases; throws when it does not answer. */
export interface EngineView {
  /** null: Temporal knows no workflow of the release. */
  describe(release: string): Promise<EngineRun | null>;
  /** Where that run believes to be; null: it does not say, for want of a worker or because its code fails. */
  positionOf(release: string, runId: string): Promise<WorkflowPosition | null>;
  /** The newest failure in that run's history; null: none is found. */
  lastFailure(release: string, runId: string): Promise<WorkflowFailure | null>;
}

/** Events that are searched for a failure, the newest first: it is followed by signals at most. */
const EVENTS_SEARCHED = 100;

/** Of a failure's message, one line of at most this many characters is told. */
const MESSAGE_LIMIT = 300;

/** The view of an installation's workflows, over a Temporal client. */
export function temporalView(client: Client, installation: string, listener?: EngineListener): EngineView {
  const call = engineCalls(client, listener);
  // A query needs a worker: that it is not answered says nothing about Temporal.
  const ask = engineCalls(client);

  return {
    async describe(release) {
      try {
        const handle = client.workflow.getHandle(releaseWorkflowId(installation, release));
        const { runId, status, historyLength, memo, raw } = await call(() => handle.describe());
        const { epoch = 1 }: Partial<ReleaseWorkflowMemo> = memo ?? {};
        const { pendingWorkflowTask, pendingActivities } = raw;
        return {
          runId,
          epoch,
          isRunning: status.name === 'RUNNING',
          status: status.name,
          historyLength,
          attempt: pendingWorkflowTask?.attempt ?? null,
          isRecording: (pendingActivities ?? []).length > 0,
        };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) {
          return null;
        }
        throw error;
      }
    },

    async positionOf(release, runId) {
      const handle = client.workflow.getHandle(releaseWorkflowId(installation, release), runId);
      try {
        return await ask(() => handle.query<WorkflowPosition>(POSITION_QUERY));
      } catch {
        return null;
      }
    },

    async lastFailure(release, runId) {
      const { history } = await call(() =>
        client.workflowService.getWorkflowExecutionHistoryReverse({
          namespace: client.options.namespace,
          execution: { workflowId: releaseWorkflowId(installation, release), runId },
          maximumPageSize: EVENTS_SEARCHED,
        }),
      );
      const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
      if (!failed) {
        return null;
      }
      const message = failed.workflowTaskFailedEventAttributes?.failure?.message ?? '';
      return { since: instantOf(failed.eventTime), message: firstLine(message) };
    },
  };
}

function instantOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): Instant {
  return Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1_000_000);
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, MESSAGE_LIMIT);
}
