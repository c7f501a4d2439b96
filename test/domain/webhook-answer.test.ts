import { MINUTE, SECOND } from '../../src/domain/instant';
import { judgeAnswer, type WebhookAnswer } from '../../src/domain/webhook-answer';

const asked: Omit<WebhookAnswer, 'status'> = {
  ...{ retryAfterMs: null, currentVersion: undefined, version: '1.5.0' },
  mayCallBack: false,
};

const STATUSES = Array.from({ length: 1_000 }, (_, status) => status);
const PASSING = [408, 409, 425, 429];

describe('judgeAnswer', () => {
  it('WHK-1: takes any 2xx for done, whatever version the answer names', () => {
    const answers = STATUSES.filter((status) => status >= 200 && status < 300);

    const kinds = answers.map((status) => judgeAnswer({ ...asked, status, currentVersion: '1.4.0' }));

    expect(kinds).toEqual(answers.map(() => ({ kind: 'done' })));
  });

  it('PRO-6: takes a 202 for a promise to call back, where the target was told where, and any other 2xx for done', () => {
    const answers = STATUSES.filter((status) => status >= 200 && status < 300);

    const accepted = answers.filter(
      (status) => judgeAnswer({ ...asked, mayCallBack: true, status }).kind === 'accepted',
    );

    expect(accepted).toEqual([202]);
  });

  it.each<[string | null | undefined, string]>([
    ['1.4.1', 'The target has version "1.4.1", which is not what was expected'],
    [null, 'The target has no version, which is not what was expected'],
    [undefined, 'The target has another version than expected'],
  ])('WHK-5: takes 412 for drift when the target has %p', (currentVersion, detail) => {
    expect(judgeAnswer({ ...asked, status: 412, currentVersion })).toEqual({ kind: 'drifted', detail, currentVersion });
  });

  it('WHK-5: a revert to nothing drifts where the target does not say that it has nothing', () => {
    const answer: WebhookAnswer = { ...asked, status: 412, version: null };

    expect(judgeAnswer(answer)).toMatchObject({ kind: 'drifted', currentVersion: undefined });
    expect(judgeAnswer({ ...answer, currentVersion: '' })).toMatchObject({ kind: 'drifted', currentVersion: '' });
  });

  it.each<[string | null]>([['1.5.0'], [null]])(
    'WHK-5: takes 412 for done when the target has %p, which it was asked to have',
    (version) => {
      expect(judgeAnswer({ ...asked, status: 412, version, currentVersion: version })).toEqual({ kind: 'done' });
    },
  );

  it('PRO-5: takes a 4xx that speaks of the request itself for a refusal', () => {
    const answers = STATUSES.filter((status) => status >= 400 && status < 500)
      .filter((status) => !PASSING.includes(status))
      .filter((status) => status !== 412);

    const outcomes = answers.map((status) => judgeAnswer({ ...asked, status, retryAfterMs: SECOND }));

    expect(outcomes).toEqual(
      answers.map((status) => ({ kind: 'refused', detail: `The target answered ${status}`, status })),
    );
  });

  it('WHK-2: takes a redirect for a refusal that says so', () => {
    const answers = STATUSES.filter((status) => status >= 300 && status < 400);

    const outcomes = answers.map((status) => judgeAnswer({ ...asked, status }));

    expect(outcomes).toEqual(
      answers.map((status) => ({
        kind: 'refused',
        detail: `The target answered ${status}; redirects are not followed`,
        status,
      })),
    );
  });

  it('PRO-5: takes what passes, what broke and what has no meaning for broken, to be sent again', () => {
    const answers = STATUSES.filter((status) => status < 200 || status >= 500 || PASSING.includes(status));

    const outcomes = answers.map((status) => judgeAnswer({ ...asked, status }));

    expect(outcomes).toEqual(
      answers.map((status) => ({ kind: 'broken', detail: `The target answered ${status}`, retryAfterMs: null })),
    );
  });

  it.each([
    [7 * SECOND, 7 * SECOND],
    [0, 0],
    [-MINUTE, 0],
    [5 * MINUTE, 5 * MINUTE],
    [5 * MINUTE + 1, 5 * MINUTE],
    [Number.POSITIVE_INFINITY, 5 * MINUTE],
  ])('PRO-5: honours a wait of %p ms as %p ms', (retryAfterMs, honouredMs) => {
    expect(judgeAnswer({ ...asked, status: 503, retryAfterMs })).toMatchObject({ retryAfterMs: honouredMs });
  });

  it('keeps its details short, whatever the target says', () => {
    const outcome = judgeAnswer({ ...asked, status: 412, currentVersion: 'x'.repeat(200) });

    expect(outcome).toMatchObject({ kind: 'drifted', detail: expect.stringMatching(/^.{1,300}$/) as string });
  });
});
