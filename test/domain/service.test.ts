import { areSameEndpoints, checkService, newEndpoints, type ServiceToCheck } from '../../src/domain/service';

const facts = {
  environments: new Set(['staging', 'production']),
  endpointFault: (url: string) => (url.startsWith('https:') ? null : 'must be https'),
};

const faultsOf = (service: Partial<ServiceToCheck>) =>
  checkService(
    {
      endpoints: new Map(),
      timeoutMs: 30_000,
      timeoutPath: 'timeout',
      callbackTimeoutMs: 3_600_000,
      callbackTimeoutPath: 'callbackTimeout',
      ...service,
    },
    facts,
  );

describe('checkService', () => {
  it('HTTP-4: names every fault at once, each with its path', () => {
    const faults = faultsOf({
      endpoints: new Map([
        ['production', 'ftp://payments.example.com'],
        ['moon', 'https://payments.example.com'],
        ['staging', 'https://payments.example.com'],
      ]),
      timeoutMs: 0,
      timeoutPath: 'timeoutMs',
      callbackTimeoutMs: 0,
      callbackTimeoutPath: 'callbackTimeoutMs',
    });

    expect(faults).toEqual([
      { path: 'endpoints.production', message: 'must be https' },
      { path: 'endpoints.moon', message: 'names the environment "moon", which does not exist' },
      { path: 'timeoutMs', message: 'must be a duration from 1s to 5m, in whole milliseconds' },
      { path: 'callbackTimeoutMs', message: 'must be a duration from 1s to 7d, in whole milliseconds' },
    ]);
  });

  it.each([1_000, 1_001, 30_000, 300_000])('WHK-1: takes a time of %d ms', (timeoutMs) => {
    expect(faultsOf({ timeoutMs })).toEqual([]);
  });

  it.each([NaN, -1, 0, 999, 1_000.5, 300_001, Infinity])('WHK-1: refuses a time of %d ms', (timeoutMs) => {
    expect(faultsOf({ timeoutMs }).map(({ path }) => path)).toEqual(['timeout']);
  });

  it.each([1_000, 3_600_000, 604_800_000])('PRO-6: takes a time of %d ms for a callback', (callbackTimeoutMs) => {
    expect(faultsOf({ callbackTimeoutMs })).toEqual([]);
  });

  it.each([NaN, 0, 999, 1_000.5, 604_800_001])('PRO-6: refuses a time of %d ms for a callback', (callbackTimeoutMs) => {
    expect(faultsOf({ callbackTimeoutMs }).map(({ path }) => path)).toEqual(['callbackTimeout']);
  });

  it('INV-8: stays short whatever names and addresses are', () => {
    const faults = faultsOf({
      endpoints: new Map([
        ['x'.repeat(100_000), 'https://payments.example.com'],
        ['production', `https://payments.example.com/${'x'.repeat(100_000)}`],
      ]),
    });

    expect(faults).toHaveLength(2);
    expect(JSON.stringify(faults).length).toBeLessThan(600);
  });
});

describe('endpoints', () => {
  const both = new Map([
    ['staging', 'https://staging.example.com'],
    ['production', 'https://example.com'],
  ]);

  it('are the same in any order', () => {
    expect(areSameEndpoints(both, new Map([...both].reverse()))).toBe(true);
    expect(areSameEndpoints(new Map(), new Map())).toBe(true);
  });

  it.each([
    ['one goes', new Map([...both].slice(1)), []],
    ['one comes', new Map([...both, ['development', 'https://dev.example.com']]), ['development']],
    ['one leads elsewhere', new Map([...both, ['staging', 'https://new.example.com']]), ['staging']],
    [
      'one moves to another environment',
      new Map([...both].slice(1)).set('moon', 'https://staging.example.com'),
      ['moon'],
    ],
  ])('differ where %s', (_, wanted, added) => {
    expect(areSameEndpoints(both, wanted)).toBe(false);
    expect([...newEndpoints(both, wanted).keys()]).toEqual(added);
  });
});
