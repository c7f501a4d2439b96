import type { EngineRun } from '../../../src/api/dispatch/engine-view';
import { isBehind, judgePosition, judgeRun, type Asked } from '../../../src/api/dispatch/judge-run';
import type { StartedRelease } from '../../../src/store/dispatch/started-releases';

const stored = (more: Partial<StartedRelease> = {}): StartedRelease => ({
  id: 'release',
  epoch: 2,
  seq: 5,
  claimedBy: 'first-run',
  runId: 'run',
  historyLength: 40,
  ...more,
});

const shown = (more: Partial<EngineRun> = {}): EngineRun => ({
  runId: 'run',
  epoch: 2,
  isRunning: true,
  status: 'RUNNING',
  historyLength: 44,
  attempt: null,
  isRecording: false,
  ...more,
});

const asked = (seq: number | null, more: Partial<Omit<Asked, 'position'>> = {}): Asked => {
  const { before = stored(), run = shown(), after = before } = more;
  return { before, run, after, position: { epoch: run.epoch, seq } };
};

describe('what a workflow shows from outside', () => {
  it.each<[string, Partial<StartedRelease>, EngineRun | null, string | undefined]>([
    ['is nothing where it is well', {}, shown(), undefined],
    ['is nothing right after it was heard of', {}, shown({ historyLength: 40 }), undefined],
    ['is nothing where it goes on in a new run', {}, shown({ runId: 'next', historyLength: 3 }), undefined],
    ['is nothing before it is claimed', { claimedBy: null, runId: null, historyLength: 0 }, shown(), undefined],
    ['is that there is none', {}, null, 'missing'],
    ['is that it has ended', {}, shown({ isRunning: false, status: 'TIMED_OUT' }), 'closed'],
    ['is that it has lost what was recorded', {}, shown({ historyLength: 39 }), 'temporal-behind'],
    ['is that it is of an older epoch', {}, shown({ epoch: 1 }), 'temporal-behind'],
    ['is that it is of an epoch that the store does not know', {}, shown({ epoch: 3 }), 'store-behind'],
    ['is that, also when it has ended', {}, shown({ epoch: 3, isRunning: false }), 'store-behind'],
  ])('REL-33: %s', (_, before, run, why) => {
    expect(judgeRun(stored(before), run)?.why).toBe(why);
  });

  it('REL-33: names the status of one that has ended', () => {
    expect(judgeRun(stored(), shown({ isRunning: false, status: 'TIMED_OUT' }))?.detail).toContain('TIMED_OUT');
  });
});

describe('what a workflow says of itself', () => {
  const unclaimed = stored({ claimedBy: null, runId: null });

  it.each([
    ['is nothing where it is at the store’s step', asked(5), undefined],
    ['is nothing before it has claimed the release', asked(null, { before: unclaimed }), undefined],
    ['is nothing where it is yet to hear of a step', asked(4), undefined],
    ['is nothing where a step was recorded while it was asked', asked(6, { after: stored({ seq: 6 }) }), undefined],
    [
      'is nothing where it went on in a new run while it was asked',
      asked(5, { run: shown({ runId: 'next' }), after: stored({ runId: 'one more' }) }),
      undefined,
    ],
    ['is that it has recorded what the store does not have', asked(6), 'store-behind'],
    ['is that the store has forgotten its claim', asked(5, { before: unclaimed }), 'store-behind'],
    [
      'is that it is another run than the store has heard of',
      asked(5, { run: shown({ runId: 'other' }) }),
      'temporal-behind',
    ],
  ])('REL-33: %s', (_, of, why) => {
    expect(judgePosition(of)?.why).toBe(why);
  });

  it('REL-33: that it is behind counts only while nothing is on its way to it', () => {
    expect(isBehind(asked(4))).toBe(true);
    expect(isBehind(asked(5))).toBe(false);
    expect(isBehind(asked(null))).toBe(false);
    expect(isBehind(asked(4, { run: shown({ isRecording: true }) }))).toBe(false);
    expect(isBehind(asked(4, { before: stored({ seq: 4 }), after: stored({ seq: 5 }) }))).toBe(false);
  });
});
