import { MINUTE, SECOND } from '../../../src/domain/instant';
import { readRetryAfter } from '../../../src/targets/http/read-retry-after';

const NOON = Date.parse('2026-01-02T12:00:00Z');

describe('PRO-5: Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 2 * MINUTE],
    [' 7 ', 7 * SECOND],
    ['Fri, 02 Jan 2026 12:01:30 GMT', 90 * SECOND],
    ['Fri, 02 Jan 2026 11:59:00 GMT', -MINUTE],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ])('reads %p', (header, ms) => {
    expect(readRetryAfter(header, NOON)).toBe(ms);
  });

  it.each([
    [undefined],
    [''],
    ['-5'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    ['soon'],
    ['2026-01-02T12:01:30Z'],
    ['Fri, 02 Jan 2026 12:01:30 +0100'],
    ['Fri, 02 Foo 2026 12:01:30 GMT'],
    ['Fri, 02 Jan 2026 99:99:99 GMT'],
    ['120, 240'],
    [`${'1'.repeat(10_000)}x`],
  ])('finds nothing in %p', (header) => {
    expect(readRetryAfter(header, NOON)).toBeNull();
  });
});
