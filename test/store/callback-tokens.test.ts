import { createCallbackTokens } from '../../src/store/callback-tokens';

const tokens = createCallbackTokens('a secret key of at least 32 characters');
const KEY = '01J/-/all/production/payments/apply/1';

it('PRO-6: a token is the same each time, for one key alone, and can stand in a path', () => {
  const token = tokens.tokenOf(KEY);

  expect(createCallbackTokens('a secret key of at least 32 characters').tokenOf(KEY)).toBe(token);
  expect(token).toMatch(/^[\w-]+\.[\w-]{43}$/);
  expect(tokens.keyOf(token)).toBe(KEY);
});

it('INV-7: a token of another key, another secret key, or spelled in another way fits nothing', () => {
  const [encoded = '', signature = ''] = tokens.tokenOf(KEY).split('.');
  const otherKey = Buffer.from(KEY.replace('/1', '/2')).toString('base64url');
  const others = [
    `${otherKey}.${signature}`,
    createCallbackTokens('another secret key of 32 characters').tokenOf(KEY),
    ...[`${encoded}=.${signature}`, `${encoded}.${signature}=`, `${encoded}.${signature}.`, ` ${encoded}.${signature}`],
    ...[
      `${encoded}.${signature.slice(0, -1)}`,
      `${encoded}.`,
      `.${signature}`,
      encoded,
      '',
      '.',
      '..',
      '\u0000',
      'é.é',
    ],
    `${'a'.repeat(100_000)}.${signature}`,
  ];

  expect(others.map((token) => tokens.keyOf(token))).toEqual(others.map(() => null));
});
