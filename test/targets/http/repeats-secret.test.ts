import fc from 'fast-check';

import { repeatsSecret } from '../../../src/targets/http/repeats-secret';

const SECRET = 'a "quoted" & sécret/+value?';

describe('VAR-4: an answer that repeats a secret', () => {
  it.each([
    ['as it is', `you sent ${SECRET}!`],
    ['in JSON', JSON.stringify({ got: SECRET })],
    ['in an address', `https://example.com/?token=${encodeURIComponent(SECRET)}`],
    ['in HTML', 'a &quot;quoted&quot; &amp; sécret/+value?'],
    ['as a header has it', 'a "quoted" & s%C3%A9cret/+value?'],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
  ])('is found %s', (_, text) => {
    expect(repeatsSecret(text, SECRET)).toBe(true);
  });

  it('is found in base64 of more, wherever it stands there', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(repeatsSecret(Buffer.from(before + SECRET + after).toString('base64'), SECRET)).toBe(true);
      }),
    );
  });

  it('is found without the blanks around it, which no header keeps', () => {
    expect(repeatsSecret('token', ' token\n')).toBe(true);
  });

  it('is not found where there is none, and a secret of nothing is in no text', () => {
    expect(repeatsSecret('build 17 has begun', SECRET)).toBe(false);
    expect(repeatsSecret('build 17 has begun', '')).toBe(false);
    expect(repeatsSecret('build 17 has begun', ' ')).toBe(true);
  });

  it('is looked for in whatever a variable may hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 1 }), (text, secret) => {
        expect(repeatsSecret(text + secret, secret)).toBe(true);
      }),
    );
    expect(repeatsSecret('\ud800', '\ud800')).toBe(true);
  });
});
