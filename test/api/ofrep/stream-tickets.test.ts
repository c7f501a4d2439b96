import { createStreamTickets } from '../../../src/api/ofrep/stream-tickets';
import { HOUR, MINUTE } from '../../../src/domain/instant';
import { createSecretBox } from '../../../src/store/secret-box';

const box = createSecretBox('a-key-for-tests-of-at-least-32-characters');
const subject = { environmentId: 'e1', keyId: 'k1' };
const NOON = 12 * HOUR;

describe('tickets of the change stream', () => {
  it('FLG-4: open the stream of their key for half an hour at least and an hour at most', () => {
    let now = NOON + 29 * MINUTE;
    const tickets = createStreamTickets(box, () => now);
    const ticket = tickets.issue(subject);

    const answers = [30, 59, 60].map((minutes) => {
      now = NOON + minutes * MINUTE;
      return tickets.redeem(ticket);
    });

    expect(answers).toEqual([subject, subject, null]);
  });

  it('FLG-4: are the same within half an hour and others afterwards', () => {
    let now = NOON;
    const tickets = createStreamTickets(box, () => now);
    const first = tickets.issue(subject);

    now = NOON + 29 * MINUTE;
    expect(tickets.issue(subject)).toBe(first);
    expect(tickets.issue({ ...subject, keyId: 'k2' })).not.toBe(first);
    now = NOON + 31 * MINUTE;
    expect(tickets.issue(subject)).not.toBe(first);
  });

  it('FLG-4: are nothing that others can make', () => {
    const tickets = createStreamTickets(box, () => NOON);
    const foreign = createStreamTickets(createSecretBox('another-key-of-at-least-32-characters!'), () => NOON);
    const otherUse = box.seal(JSON.stringify({ ...subject, until: NOON + HOUR }), 'something else');

    expect([foreign.issue(subject), otherUse, '', 'x', '💥'].map((ticket) => tickets.redeem(ticket))).toEqual(
      new Array(5).fill(null),
    );
  });
});
