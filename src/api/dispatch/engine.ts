import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, WorkflowNotFoundError } from '@temporalio/client';

import type { AcceptedAction } from '../../domain/release';
import type { ActionsSignalArgs, ReleaseWorkflowInput } from '../../workflows/messages';
import {
  ACTIONS_SIGNAL,
  HOLDS_CHANGED_SIGNAL,
  RELEASE_WORKFLOW,
  releaseWorkflowId,
  taskQueueOf,
} from '../../workflows/messages';

/** What the facade says to Temporal. Everything may be said twice; each resolves once the server has it on disk. */
export interface Engine {
  /** Starts the release's workflow; one that was started before counts as started. */
  start(input: ReleaseWorkflowInput): Promise<void>;
  /** Tells it of actions; `false`: there is no such workflow running. */
  tellActions(release: string, actions: AcceptedAction[]): Promise<boolean>;
  /** Tells it that a hold may have ended; `false`: there is no such workflow running. */
  tellHoldsChanged(release: string): Promise<boolean>;
}

/** How long Temporal may take to acknowledge; the client itself would wait for ever. */
const DEADLINE_MS = 5_000;

/** The engine of an installation, over a Temporal client. */
export function temporalEngine(client: Client, installation: string): Engine {
  const withDeadline = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + DEADLINE_MS, call);

  const tell = async (release: string, signal: string, args: unknown[]): Promise<boolean> => {
    try {
      await withDeadline(() =>
        client.workflow.getHandle(releaseWorkflowId(installation, release)).signal(signal, ...args),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return false;
      }
      throw error;
    }
  };

  return {
    async start(input) {
      try {
        await withDeadline(() =>
          client.workflow.start(RELEASE_WORKFLOW, {
            workflowId: releaseWorkflowId(installation, input.release),
            taskQueue: taskQueueOf(installation),
            workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
            args: [input],
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
          throw error;
        }
      }
    },
    tellActions: (release, actions) => {
      const args: ActionsSignalArgs = [actions];
      return tell(release, ACTIONS_SIGNAL, args);
    },
    tellHoldsChanged: (release) => tell(release, HOLDS_CHANGED_SIGNAL, []),
  };
}
