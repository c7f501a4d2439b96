import { MINUTE } from '../../domain/instant';
import type { SecretBox } from '../../store/secret-box';

/** Whose stream a ticket opens. */
export interface StreamSubject {
  environmentId: string;
  keyId: string;
}

/** Tickets for the change stream, whose address browsers can give no header (FLG-4). */
export interface StreamTickets {
  /**
   * A ticket good for half an hour to an hour and for nothing but hearing that an environment changed. Within half an
   * hour a key gets the same one: clients open their stream anew whenever its address changes.
   */
  issue(subject: StreamSubject): string;
  /** Whose stream it opens; null when it is not ours or too old. */
  redeem(ticket: string): StreamSubject | null;
}

const PERIOD_MS = 30 * MINUTE;
const PURPOSE = 'flag change stream';

/** Tickets are sealed, so that a process that did not issue one can redeem it. */
export function createStreamTickets(secretBox: SecretBox, now: () => number): StreamTickets {
  let period = 0;
  let issued = new Map<string, string>();

  return {
    issue: (subject) => {
      const current = Math.floor(now() / PERIOD_MS);
      if (current !== period) {
        period = current;
        issued = new Map();
      }
      const known = issued.get(subject.keyId);
      const ticket = known ?? secretBox.seal(JSON.stringify({ ...subject, until: (period + 2) * PERIOD_MS }), PURPOSE);
      issued.set(subject.keyId, ticket);
      return ticket;
    },
    redeem: (ticket) => {
      try {
        const opened = JSON.parse(secretBox.open(ticket, PURPOSE)) as StreamSubject & { until: number };
        return opened.until > now() ? { environmentId: opened.environmentId, keyId: opened.keyId } : null;
      } catch {
        return null;
      }
    },
  };
}
