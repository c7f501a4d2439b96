import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';

/** Told how every call of Temporal ended: it has answered, whatever it said, or it has not. */
export interface EngineListener {
  answered(): void;
  silent(error: unknown): void;
}

/** Runs one call of Temporal. */
export type EngineCall = <T>(call: () => Promise<T>) => Promise<T>;

/** How long Temporal may take to answer; the client itself would wait for ever. */
const DEADLINE_MS = 5_000;

/** Calls of that client, each within five seconds, and a listener that hears how they ended. */
export function engineCalls(client: Client, listener?: EngineListener): EngineCall {
  return async (call) => {
    try {
      const answer = await client.withDeadline(Date.now() + DEADLINE_MS, call);
      listener?.answered();
      return answer;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError) {
        listener?.answered();
      } else {
        listener?.silent(error);
      }
      throw error;
    }
  };
}
