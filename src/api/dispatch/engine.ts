import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, WorkflowNotFoundError } from '@temporalio/client';

import type { AcceptedAction } from '../../domain/accepted-action';
import type { ActionsSignalArgs, ReleaseWorkflowInput, ReleaseWorkflowMemo } from '../../workflows/messages';
import {
  ACTIONS_SIGNAL,
  HOLDS_CHANGED_SIGNAL,
  RELEASE_WORKFLOW,
  releaseWorkflowId,
  taskQueueOf,
} from '../../workflows/messages';
import { engineCalls, type EngineListener } from './engine-calls';
import { temporalView } from './engine-view';

/** What the facade says to Temporal. Everything may be said twice; each resolves once the server has it on disk. */
export interface Engine {
  /**
   * Starts the release's workflow; one that was started before counts as started. One of an older epoch that still runs
   * is terminated: the store gives it no more to do.
   */
  start(input: ReleaseWorkflowInput): Promise<void>;
  /** Tells it of actions; `false`: there is no such workflow running. */
  tellActions(release: string, actions: AcceptedAction[]): Promise<boolean>;
  /** Tells it that a hold may have ended; `false`: there is no such workflow running. */
  tellHoldsChanged(release: string): Promise<boolean>;
}

/** How often a start meets an older workflow and ends it before it gives up, for the dispatcher to try again. */
const START_ATTEMPTS = 3;

/** The engine of an installation, over a Temporal client. */
export function temporalEngine(client: Client, installation: string, listener?: EngineListener): Engine {
  const call = engineCalls(client, listener);
  const view = temporalView(client, installation, listener);

  const tell = async (release: string, signal: string, args: unknown[]): Promise<boolean> => {
    try {
      await call(() => client.workflow.getHandle(releaseWorkflowId(installation, release)).signal(signal, ...args));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return false;
      }
      throw error;
    }
  };

  /** Whether it was started; `false`: another one runs or has run under its id. */
  const tryToStart = async (input: ReleaseWorkflowInput): Promise<boolean> => {
    const memo: ReleaseWorkflowMemo = { epoch: input.epoch };
    try {
      await call(() =>
        client.workflow.start(RELEASE_WORKFLOW, {
          workflowId: releaseWorkflowId(installation, input.release),
          taskQueue: taskQueueOf(installation),
          // The first is never started again by a repeated trigger; a later one follows workflows that have ended.
          workflowIdReusePolicy:
            input.epoch === 1 ? WorkflowIdReusePolicy.REJECT_DUPLICATE : WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          memo: { ...memo },
          args: [input],
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return false;
      }
      throw error;
    }
  };

  /** Ends that run, unless it has ended by itself. */
  const terminate = async (release: string, runId: string, reason: string): Promise<void> => {
    try {
      await call(() => client.workflow.getHandle(releaseWorkflowId(installation, release), runId).terminate(reason));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) {
        throw error;
      }
    }
  };

  return {
    async start(input) {
      for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
        if ((await tryToStart(input)) || input.epoch === 1) {
          return;
        }
        const run = await view.describe(input.release);
        if (!run?.isRunning) {
          continue;
        }
        if (run.epoch >= input.epoch) {
          return;
        }
        await terminate(input.release, run.runId, `Epoch ${input.epoch} goes on from the store`);
      }
      throw new Error(`Epoch ${input.epoch} of ${input.release} could not be started: others keep its id`);
    },
    tellActions: (release, actions) => {
      const args: ActionsSignalArgs = [actions];
      return tell(release, ACTIONS_SIGNAL, args);
    },
    tellHoldsChanged: (release) => tell(release, HOLDS_CHANGED_SIGNAL, []),
  };
}
