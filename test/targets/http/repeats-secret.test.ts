import fc from 'fast-check';

import { escapeFor } from '../../../src/domain/escape';
import { repeatedIn, repeatsSecret } from '../../../src/targets/http/repeats-secret';

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
    ['in a form', `token=${new URLSearchParams({ t: SECRET }).toString()}`],
    ['in a form in lower case', new URLSearchParams({ t: SECRET }).toString().toLowerCase()],
    ['in an address that spares what it can', encodeURI(SECRET)],
    ['in a form of older days', 'a+%22quoted%22+%26+s%e9cret%2f%2bvalue%3f'],
    ['in HTML with names', 'a &quot;quoted&quot; &amp; s&eacute;cret&sol;&plus;value&quest;'],
    ['in HTML with numbers', 'a &#34;quoted&#x22; &#38; s&#233;cret&#x2F;+value?'],
    ['in JSON of ASCII', '{"got":"a \\"quoted\\" & s\\u00e9cret/+value?"}'],
    ['in JSON that spares no slash', '{"got":"a \\"quoted\\" \\u0026 s\\u00E9cret\\/+value?"}'],
    ['in hexadecimal digits', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['in bytes', (Buffer.from(SECRET).toString('hex').match(/../g) ?? []).join(':')],
    ['in base64 on several lines', Buffer.from(SECRET).toString('base64').replace(/.{8}/g, '$&\r\n')],
    ['in JSON in a page', escapeFor.html(JSON.stringify({ got: SECRET }))],
    [
      'in an address in JSON',
      JSON.stringify({ at: `https://example.com/?${new URLSearchParams({ t: SECRET }).toString()}` }),
    ],
    ['in base64 of JSON', Buffer.from(JSON.stringify({ got: SECRET })).toString('base64url')],
    [
      'in base64 in an address in JSON',
      JSON.stringify({ at: encodeURIComponent(Buffer.from(SECRET).toString('base64')) }),
    ],
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

  it('is found in whatever encoding of whatever it is', () => {
    const encodings: ((secret: string) => string)[] = [
      (secret) => new URLSearchParams({ t: secret }).toString(),
      (secret) =>
        JSON.stringify(secret).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (secret) => escapeFor.html(secret),
      (secret) => Buffer.from(secret).toString('base64url'),
      (secret) => Buffer.from(secret).toString('hex'),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...encodings), fc.string({ unit: 'grapheme', minLength: 3 }), (encode, secret) => {
        expect(repeatsSecret(`<${encode(secret)}>`, secret)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is looked for in the longest answer in bounded time, whatever stands there', () => {
    for (const piece of ['%', '%2', '%41', '&', '&#', '&amp;', '\\', '\\u0', '+', 'A', 'é', '\r']) {
      expect(repeatsSecret(piece.repeat(64 * 1024), SECRET)).toBe(false);
    }
  });

  it('is not found where there is none, and a secret of nothing is in no text', () => {
    expect(repeatsSecret('build 17 has begun', SECRET)).toBe(false);
    expect(repeatsSecret('build 17 has begun', '')).toBe(false);
    expect(repeatsSecret('build 17 has begun', ' ')).toBe(true);
  });

  it('is told from others: the first that is repeated', () => {
    const secrets = [{ value: 'another' }, { value: SECRET }, { value: 'sécret' }];

    expect(repeatedIn(encodeURIComponent(SECRET), secrets)).toBe(secrets[1]);
    expect(repeatedIn('build 17', secrets)).toBeUndefined();
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
