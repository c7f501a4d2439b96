import { z } from 'zod';
import { SECOND } from '../../domain/instant';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { Problem } from '../problem';
import type { StreamTickets } from './stream-tickets';

export const FLAG_CHANGES_PATH = '/ofrep/v1/changes';

/** How often it is looked whether the key behind an open stream still opens anything (within 1 s). */
const KEY_CHECK_MS = SECOND;

const REFETCH = { type: 'message', data: { type: 'refetchEvaluation' } };

export const streamFlagChangesRoute = ({ flagFollower, keyRing }: Deps, tickets: StreamTickets) =>
  defineRoute({
    method: 'get',
    path: FLAG_CHANGES_PATH,
    operationId: 'streamFlagChanges',
    summary: 'Hear when flags should be evaluated again',
    description: 'The address comes with a bulk evaluation; its ticket takes the place of the evaluation key.',
    permission: 'public',
    cors: true,
    query: z.looseObject({ ticket: z.string().max(1_000).optional().describe('As given with a bulk evaluation.') }),
    answers: {
      200: { description: '`refetchEvaluation` at each change.', contentType: 'text/event-stream' },
    },
    problems: ['request.unauthenticated'],
    handle: async ({ query }) => {
      const subject = tickets.redeem(query.ticket ?? '');
      // A ticket outlives a restart, and a client that is refused its stream does not come back to it.
      await keyRing.ready();
      if (!subject || !keyRing.isLive(subject.keyId)) {
        throw new Problem(
          'request.unauthenticated',
          'The ticket is too old or not one of ours: evaluate all flags again',
        );
      }
      return {
        status: 200,
        events: async (channel) => {
          const stopListening = flagFollower.on((environmentId) => {
            if (environmentId === subject.environmentId) {
              channel.send(REFETCH);
            }
          });
          const watch = setInterval(() => {
            if (!keyRing.isLive(subject.keyId)) {
              channel.close();
            }
          }, KEY_CHECK_MS);
          await ended(channel.closed);
          clearInterval(watch);
          stopListening();
        },
      };
    },
  });

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
