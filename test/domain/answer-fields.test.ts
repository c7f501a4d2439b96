import { fieldOf, readOutputs } from '../../src/domain/answer-fields';
import type { Json } from '../../src/domain/json';

const answer: Json = {
  id: 'b-7',
  build: { id: 42, url: 'https://builds.example.com/42', ok: true, 'a/b': 'slash', 'm~n': 'tilde', '~1': 'both' },
  list: [{ id: 'first' }, 'second'],
  'build.id': 'with a dot',
  '': { '': 'unnamed' },
  nothing: null,
  empty: '',
  half: 0.5,
  large: 9_007_199_254_740_993,
};

describe('a field of an answer', () => {
  it.each([
    ['id', 'b-7'],
    ['build.id', '42'],
    ['build.ok', 'true'],
    ['list.0.id', 'first'],
    ['list.1', 'second'],
    ['empty', ''],
    ['half', '0.5'],
    ['/id', 'b-7'],
    ['/build/id', '42'],
    ['/build.id', 'with a dot'],
    ['/build/a~1b', 'slash'],
    ['/build/m~0n', 'tilde'],
    ['/build/~01', 'both'],
    ['/list/0/id', 'first'],
    ['//', 'unnamed'],
  ])('VAR-2: %s is %j', (path, value) => {
    expect(fieldOf(answer, path)).toBe(value);
  });

  it.each(['', '/', 'missing', 'build', 'list', 'nothing', 'id.length', 'list.length', 'list.-1', 'list.00', 'list.9'])(
    'VAR-2: is nothing at %j',
    (path) => {
      expect(fieldOf(answer, path)).toBeNull();
    },
  );

  it.each(['__proto__', 'constructor', 'constructor.name', 'build.toString', '/__proto__/constructor/name', 'list.at'])(
    'VAR-2: is nothing that every object inherits: %s',
    (path) => {
      expect(fieldOf(answer, path)).toBeNull();
    },
  );

  it('VAR-2: is a member of its own, whatever its name', () => {
    expect(fieldOf(JSON.parse('{"__proto__":{"id":"own"}}') as Json, '__proto__.id')).toBe('own');
  });

  it('VAR-2: is nothing where a number has lost digits, and would name another thing', () => {
    expect(fieldOf(answer, 'large')).toBeNull();
    expect(fieldOf(JSON.parse('{"id":1e999}') as Json, 'id')).toBeNull();
    expect(fieldOf({ id: Number.MAX_SAFE_INTEGER }, 'id')).toBe('9007199254740991');
  });

  it('VAR-2: is found or not, however deep the answer and long the path', () => {
    const deep = JSON.parse('{"a":'.repeat(5_000) + '7' + '}'.repeat(5_000)) as Json;

    expect(fieldOf(deep, Array(5_000).fill('a').join('.'))).toBe('7');
    expect(fieldOf(deep, Array(100_000).fill('a').join('.'))).toBeNull();
  });
});

describe('the outputs of a step', () => {
  it('VAR-2: are the chosen fields by name', () => {
    const outputs = readOutputs('\uFEFF{"build":{"id":42,"url":"u"},"other":1}', {
      BuildId: 'build.id',
      Url: '/build/url',
    });

    expect(outputs).toEqual({ values: { BuildId: '42', Url: 'u' } });
  });

  it('VAR-2: are none where none is chosen, whatever the answer', () => {
    expect(readOutputs(null, {})).toEqual({ values: {} });
    expect(readOutputs('<html>', {})).toEqual({ values: {} });
  });

  it.each([
    [null, 'The answer was too long, or did not come to its end'],
    ['', 'The answer is no JSON'],
    ['<html>hunter2</html>', 'The answer is no JSON'],
    ['{"build":{}}', 'The answer has no field "build.id" that is a text, a boolean or an exact number'],
    ['{"build":{"id":null}}', 'The answer has no field "build.id" that is a text, a boolean or an exact number'],
    [
      '{"build":{"id":{"hunter2":1}}}',
      'The answer has no field "build.id" that is a text, a boolean or an exact number',
    ],
  ])('VAR-2: are a fault with %j, which is not repeated', (body, fault) => {
    expect(readOutputs(body, { BuildId: 'build.id' })).toEqual({ fault });
  });
});

it('VAR-2: a text with NUL, which PostgreSQL does not keep, is kept without it', () => {
  expect(fieldOf({ id: 'a\0b' }, 'id')).toBe('a\ufffdb');
});
