import { MINUTE, SECOND } from '../../src/domain/instant';
import { applyRetryDelayMs, APPLY_TRIES_MAX, revertRetryDelayMs } from '../../src/domain/retry';

const tries = Array.from({ length: 12 }, (_, before) => before + 1);

describe('retries', () => {
  it('PRO-5: an apply waits one second, then twice as long each time, up to 30 seconds', () => {
    const delays = tries.map((count) => applyRetryDelayMs(count, null) / SECOND);

    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30]);
  });

  it('PRO-5: an apply is sent five times at most', () => {
    expect(APPLY_TRIES_MAX).toBe(5);
  });

  it('REL-19: a revert waits one second, then twice as long each time, up to five minutes', () => {
    const delays = tries.map((count) => revertRetryDelayMs(count, null) / SECOND);

    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  });

  it.each([applyRetryDelayMs, revertRetryDelayMs])(
    'PRO-5: %p waits as long as the target asks, if that is longer',
    (delayMs) => {
      expect(delayMs(1, 20 * SECOND)).toBe(20 * SECOND);
      expect(delayMs(4, 20 * SECOND)).toBe(20 * SECOND);
      expect(delayMs(5, 10 * SECOND)).toBe(16 * SECOND);
    },
  );

  it.each([applyRetryDelayMs, revertRetryDelayMs])(
    'PRO-5: %p is neither hurried nor held up by a target',
    (delayMs) => {
      expect(delayMs(1, 0)).toBe(SECOND);
      expect(delayMs(1, -MINUTE)).toBe(SECOND);
      expect(delayMs(1, Number.POSITIVE_INFINITY)).toBe(5 * MINUTE);
    },
  );

  it('REL-19: goes on after any number of tries', () => {
    expect(revertRetryDelayMs(1_000_000, null)).toBe(5 * MINUTE);
    expect(revertRetryDelayMs(0, null)).toBe(SECOND);
  });
});
