import type { Effect } from '../../src/domain/effect-key';
import { effectKey, tryOfKey } from '../../src/domain/effect-key';

const effect: Effect = {
  release: '01JZ8W6N',
  phase: 'everyone',
  environment: 'production',
  item: 'payments',
  direction: 'apply',
  attempt: 1,
};

/** What is the same in all keys but for the phase. */
const keyOf = (phase: string): string => `01JZ8W6N/-/${phase}/production/payments/apply/1`;

it('INT-10: the try of a step that a person has decided can be read from its key, whatever else is in it', () => {
  const tries = [1, '2', '1.2', '3.11'].map((attempt) => tryOfKey(effectKey({ ...effect, item: 'v1.7', attempt })));

  expect(tries).toEqual([1, 1, 2, 11]);
});

describe('effectKey', () => {
  it('WHK-3: names release, track, phase, environment, item, direction and attempt; without a tenant the track is -', () => {
    expect(effectKey(effect)).toBe(keyOf('everyone'));
    expect(effectKey({ ...effect, direction: 'revert' })).toBe('01JZ8W6N/-/everyone/production/payments/revert/1');
  });

  it.each([
    ["a/b!'()*~é", 'a%2Fb%21%27%28%29%2A~%C3%A9'],
    ['AZaz09-._~', 'AZaz09-._~'],
    ['100 %', '100%20%25'],
    ['a+b&c=d?e#f:g@h', 'a%2Bb%26c%3Dd%3Fe%23f%3Ag%40h'],
    ['語', '%E8%AA%9E'],
    ['🚀', '%F0%9F%9A%80'],
    ['%2F', '%252F'],
    ['\n', '%0A'],
  ])('WHK-3: encodes all of %j but what RFC 3986 calls unreserved', (phase, encoded) => {
    expect(effectKey({ ...effect, phase })).toBe(keyOf(encoded));
  });

  it('WHK-3: encodes every part', () => {
    const key = effectKey({ ...effect, release: 'r/1', phase: 'p/1', environment: 'e/1', item: 'i/1' });

    expect(key).toBe('r%2F1/-/p%2F1/e%2F1/i%2F1/apply/1');
  });

  it('WHK-3: is another one for anything that is another effect', () => {
    const others: Partial<Effect>[] = [
      {},
      { release: '01JZ8W6P' },
      { phase: 'everyone/production', environment: 'payments', item: 'apply' },
      { phase: 'staff' },
      { environment: 'staging' },
      { item: 'stock' },
      { direction: 'revert' },
      { attempt: 2 },
      { attempt: 11 },
    ];

    const keys = others.map((more) => effectKey({ ...effect, ...more }));

    expect(new Set(keys).size).toBe(others.length);
    expect(keys.map((key) => key.split('/').length)).toEqual(others.map(() => 7));
  });
});
