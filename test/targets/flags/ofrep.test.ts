import type { FlagDefinition } from '../../../src/domain/flag';
import { FlagImage } from '../../../src/targets/flags/flag-image';
import { CONTEXT_LIMITS, evaluateBulk, evaluateOne } from '../../../src/targets/flags/ofrep';

const gate: FlagDefinition = {
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on'] },
};

function imageOf(flags: Record<string, FlagDefinition>): FlagImage {
  const image = new FlagImage();
  image.replace('e', 1, new Map(Object.entries(flags)));
  return image;
}

const image = imageOf({ gate, none: { ...gate, state: 'DISABLED' } });
const one = (body: unknown, key = 'gate'): ReturnType<typeof evaluateOne> => evaluateOne(image, 'e', key, body);
const bulk = (body: unknown, tag: string | null = null): ReturnType<typeof evaluateBulk> =>
  evaluateBulk(image, 'e', body, tag);
const tagOf = (answer: ReturnType<typeof evaluateBulk>): string => ('headers' in answer ? answer.headers.etag : 'none');

describe('one flag', () => {
  it('FLG-4: answers value, variant and reason', () => {
    expect(one({ context: { targetingKey: 'ada', plan: 'pro' } })).toEqual({
      status: 200,
      body: { key: 'gate', value: true, reason: 'TARGETING_MATCH', variant: 'on' },
    });
  });

  it.each([undefined, null, {}, { context: {} }, { context: {}, other: 1 }])('FLG-4: takes the body %j', (body) => {
    expect(one(body)).toMatchObject({ status: 200, body: { value: false } });
  });

  it('FLG-4: answers without a value where there is no variant', () => {
    expect(one({}, 'none')).toEqual({ status: 200, body: { key: 'none', reason: 'DISABLED' } });
  });

  it('FLG-4: answers 404 for an unknown flag', () => {
    expect(one({}, 'other')).toEqual({
      status: 404,
      body: { key: 'other', errorCode: 'FLAG_NOT_FOUND', errorDetails: expect.any(String) },
    });
  });

  it.each<[string, unknown, string]>([
    ['a body that is no object', [], 'PARSE_ERROR'],
    ['a text as body', 'x', 'PARSE_ERROR'],
    ['a context of null', { context: null }, 'INVALID_CONTEXT'],
    ['a list as context', { context: [] }, 'INVALID_CONTEXT'],
    ['a targeting key that is no text', { context: { targetingKey: 7 } }, 'INVALID_CONTEXT'],
    ['a context too deep', { context: { a: { b: { c: { d: {} } } } } }, 'INVALID_CONTEXT'],
    [
      'a context of brackets',
      { context: { a: JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) } },
      'INVALID_CONTEXT',
    ],
    ['a context too long', { context: { a: 'x'.repeat(CONTEXT_LIMITS.bytes) } }, 'INVALID_CONTEXT'],
    ['a context too wide', { context: { a: new Array(10_000).fill(1) } }, 'INVALID_CONTEXT'],
    ['an own __proto__', JSON.parse('{"context":{"__proto__":{"plan":"pro"}}}'), 'INVALID_CONTEXT'],
    ['an own __proto__ inside', JSON.parse('{"context":{"a":[{"__proto__":1}]}}'), 'INVALID_CONTEXT'],
  ])('FLG-4: refuses %s', (_, body, errorCode) => {
    const failure = { errorCode, errorDetails: expect.any(String) };

    expect(one(body)).toEqual({ status: 400, body: { key: 'gate', ...failure } });
    expect(bulk(body)).toEqual({ status: 400, body: failure });
  });

  it('FLG-9: takes a context up to the bounds', () => {
    const most = 'x'.repeat(CONTEXT_LIMITS.bytes - '{"a":""}'.length);

    expect(one({ context: { a: most } }).status).toBe(200);
    expect(one({ context: { a: `${most}x` } }).status).toBe(400);
    expect(one({ context: { a: { b: { c: { d: 1 } } } } }).status).toBe(200);
    expect(one({ context: { a: '\u0000'.repeat(2_700) } }).status).toBe(200);
    expect(one({ context: { a: '\u0000'.repeat(2_800) } }).status).toBe(400);
    expect(one({ context: { a: '€'.repeat(5_000) } }).status).toBe(200);
    expect(one({ context: { a: '€'.repeat(5_600) } }).status).toBe(400);
  });

  it('FLG-4: a failing evaluation is a 400 with its code', () => {
    const failing = imageOf({ f: { ...gate, targeting: { if: [{ in: ['x', { var: 'plan' }] }, 'on'] } } });

    expect(evaluateOne(failing, 'e', 'f', { context: { plan: 7 } })).toMatchObject({
      status: 400,
      body: { key: 'f', errorCode: 'GENERAL' },
    });
  });
});

describe('all flags', () => {
  it('FLG-4: answers each, with an error where one fails', () => {
    const mixed = imageOf({ bad: { ...gate, defaultVariant: 'gone' }, gate });

    expect(evaluateBulk(mixed, 'e', {}, null)).toMatchObject({
      status: 200,
      body: {
        flags: [
          { key: 'bad', errorCode: 'PARSE_ERROR' },
          { key: 'gate', value: false },
        ],
      },
    });
  });

  it('FLG-4: the ETag is a strong hash of the answer', () => {
    const [first, same, other] = ['free', 'basic', 'pro'].map((plan) => tagOf(bulk({ context: { plan } })));

    expect(first).toMatch(/^"[\w-]{43}"$/);
    expect(same).toBe(first);
    expect(other).not.toBe(first);
  });

  it('FLG-4: the ETag outlives a revision that changes nothing for the client', () => {
    const changing = imageOf({ gate });
    const before = tagOf(evaluateBulk(changing, 'e', {}, null));
    const rule = { if: [{ '==': [{ var: 'plan' }, 'max'] }, 'on', 'off'] };

    changing.replace('e', 2, new Map([['gate', { ...gate, targeting: rule }]]));
    const between = evaluateBulk(changing, 'e', {}, before);
    changing.replace(
      'e',
      3,
      new Map([['gate', { ...gate, targeting: { if: [{ '==': [{ var: 'plan' }, 'max'] }, 'on'] } }]]),
    );

    // The reason is part of the answer: what was the default is now a match.
    expect(between.status).toBe(200);
    expect(evaluateBulk(changing, 'e', {}, before)).toEqual({ status: 304, headers: { etag: before } });
  });

  it('FLG-4: answers 304 to the tag it gave, in every form of If-None-Match', () => {
    const tag = tagOf(bulk({}));

    expect(bulk({}, tag)).toEqual({ status: 304, headers: { etag: tag } });
    expect(bulk({}, `"other", W/${tag}`).status).toBe(304);
    expect(bulk({}, '*').status).toBe(304);
    expect(bulk({}, '"other"').status).toBe(200);
  });

  it('FLG-4: names the event streams, whose new address is a new answer', () => {
    const streams = (ticket: number) => [
      { type: 'sse' as const, url: `https://flags.example.com/stream?ticket=${ticket}` },
    ];
    const answer = evaluateBulk(image, 'e', {}, null, streams(1));

    expect(answer).toMatchObject({ body: { eventStreams: streams(1) } });
    expect(evaluateBulk(image, 'e', {}, tagOf(answer), streams(1)).status).toBe(304);
    expect(evaluateBulk(image, 'e', {}, tagOf(answer), streams(2)).status).toBe(200);
  });
});
