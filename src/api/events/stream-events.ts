import { z } from 'zod';
import { lastPosition, readAudit } from '../../store/audit/read-audit';
import type { Store } from '../../store/store';
import { defineRoute, type Scope, type ScopeRequest } from '../define-route';
import type { Deps } from '../deps';
import type { EventChannel } from '../event-channel';
import { invalidRequest } from '../problem';
import { eventViews } from '../releases/event-view';
import { findRelease } from '../releases/release-scope';
import { id } from '../schemas/common';
import { EventVisibility } from './event-visibility';

const PAGE = 200;

/** A notice tells of new events at once; this is how long they take where it got lost. */
const POLL_MS = 5_000;

export const streamEventsRoute = ({ store }: Deps) => {
  const visibility = new EventVisibility(store);
  return defineRoute({
    method: 'get',
    path: '/v1/events',
    operationId: 'streamEvents',
    summary: 'Follow what happens',
    description:
      'Server-sent events, oldest first: `event` is the type, `id` the place, `data` an Event as JSON. Everything the caller may see at the moment it is sent. Begins with what is new; with `Last-Event-ID` it goes on behind that place, `0` is the beginning. Ends when the token dies; a reader that does not keep up is cut off and comes back with `Last-Event-ID`.',
    permission: { name: 'ProjectView', in: streamScope(store) },
    query: z.strictObject({ release: id.optional().describe('Id of a release: its events only.') }),
    answers: { 200: { description: 'The stream.', contentType: 'text/event-stream' } },
    problems: ['release.unknown'],
    handle: async ({ query, callerNow, lastEventId }) => {
      const newest = await lastPosition(store.read);
      // A place beyond the newest is from before the store was restored: from here on, everything is new.
      let position = Math.min(lastEventId === null ? newest : readPosition(lastEventId), newest);

      const sendPage = async (channel: EventChannel): Promise<boolean> => {
        const caller = await callerNow();
        if (!caller) {
          channel.close();
          return false;
        }
        const paging = { order: 'ascending' as const, limit: PAGE, after: position };
        const { entries, next } = await readAudit(store.read, { releaseId: query.release }, paging);
        const seen = [];
        for (const entry of entries) {
          if (await visibility.maySee(caller, entry)) {
            seen.push(entry);
          }
        }
        for (const event of await eventViews(store.read, seen)) {
          channel.send({ id: event.id, type: event.type, data: event });
        }
        position = entries.at(-1)?.position ?? position;
        if (entries.length > 0 && seen.at(-1) !== entries.at(-1)) {
          channel.skipTo(String(position));
        }
        await channel.ready();
        return next !== null;
      };

      return {
        status: 200,
        events: async (channel) => {
          while (!channel.closed.aborted) {
            const news = newsAfter(store, channel.closed);
            const isMore = await sendPage(channel);
            if (!isMore) {
              await news.wait();
            }
            news.stop();
          }
        },
      };
    },
  });
};

/** Anybody may follow what they may see; one release only by those who may see that. */
const streamScope =
  (store: Store) =>
  async ({ query, caller }: ScopeRequest): Promise<Scope> => {
    const release = query['release'];
    if (typeof release !== 'string') {
      return { projectId: null, permitted: true };
    }
    const scope = await findRelease(store, caller, release);
    return { ...scope, permitted: scope.visible ?? false };
  };

function readPosition(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw invalidRequest([{ path: 'header.Last-Event-ID', message: 'Is not the id of an event' }]);
  }
  return Number(text);
}

/** Listens from now on, so that what is committed while a page is being read is not missed. */
function newsAfter(store: Store, closed: AbortSignal) {
  let wake: () => void;
  const told = new Promise<void>((resolve) => (wake = resolve));
  const stopListening = store.notices.on((notice) => notice.kind === 'events' && wake());
  const onClose = () => wake();
  closed.addEventListener('abort', onClose);
  const timer = setTimeout(() => wake(), POLL_MS);
  return {
    wait: () => told,
    stop: () => {
      stopListening();
      closed.removeEventListener('abort', onClose);
      clearTimeout(timer);
    },
  };
}
