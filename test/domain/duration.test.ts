import { parseDuration } from '../../src/domain/duration';
import { DAY, HOUR, LONGEST_MS, MINUTE, SECOND } from '../../src/domain/instant';

describe('HTTP-2: durations', () => {
  it.each<[number | string, number]>([
    [0, 0],
    [1_500, 1_500],
    [LONGEST_MS, LONGEST_MS],
    ['90s', 90 * SECOND],
    ['30m', 30 * MINUTE],
    ['12h', 12 * HOUR],
    ['2d', 2 * DAY],
    ['1h30m', HOUR + 30 * MINUTE],
    ['1d2h3m4s', DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND],
    ['0s', 0],
    ['366d', LONGEST_MS],
    ['PT30M', 30 * MINUTE],
    ['P2D', 2 * DAY],
    ['P1DT12H', DAY + 12 * HOUR],
    ['P2W', 14 * DAY],
    ['PT90S', 90 * SECOND],
  ])('reads %p', (value, ms) => {
    expect(parseDuration(value)).toEqual({ ms });
  });

  it.each<[number | string]>([
    [-1],
    [0.5],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [1e300],
    [LONGEST_MS + 1],
    ['367d'],
    ['99999999999999999999999999999999d'],
    [''],
    ['P'],
    ['PT'],
    ['P1DT'],
    ['P1Y'],
    ['P1M'],
    ['PT1.5H'],
    ['1.5h'],
    ['-5m'],
    ['+5m'],
    ['5'],
    ['5 m'],
    ['m'],
    ['30m1h'],
    ['1h1h'],
    ['5M'],
    ['１h'],
    [' 5m'],
    ['5m\n'],
    ['9'.repeat(1_000_000)],
  ])('refuses %p', (value) => {
    expect(parseDuration(value)).toEqual({ fault: expect.stringMatching(/^Must /) as string });
  });
});
