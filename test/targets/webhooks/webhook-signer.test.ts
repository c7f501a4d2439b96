import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '../../../src/store/secret-hash';
import { createWebhookSigner } from '../../../src/targets/webhooks/webhook-signer';

const BODY = JSON.stringify({ type: 'service.apply', data: { version: '1.5.0', note: 'größer' } });
const newer = newSigningSecret();
const older = newSigningSecret();

describe('createWebhookSigner', () => {
  it('WHK-1: signs with every secret, so that a target that knows either of them can verify', () => {
    const headers = createWebhookSigner([newer, older])('the-id', BODY, Date.now());

    expect(new Webhook(newer).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    expect(new Webhook(older).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    expect(() => new Webhook(newSigningSecret()).verify(BODY, headers)).toThrow('No matching signature found');
    expect(() => new Webhook(newer).verify(`${BODY} `, headers)).toThrow('No matching signature found');
    expect(() => new Webhook(newer).verify(BODY, { ...headers, 'webhook-id': 'another' })).toThrow('No matching');
  });

  it('WHK-1: puts the newest secret first and parts signatures by a blank', () => {
    const at = Date.parse('2026-01-02T03:04:05.678Z');

    const both = createWebhookSigner([newer, older])('the-id', BODY, at);

    const [first, second, ...rest] = both['webhook-signature']?.split(' ') ?? [];
    expect(createWebhookSigner([newer])('the-id', BODY, at)['webhook-signature']).toBe(first);
    expect(createWebhookSigner([older])('the-id', BODY, at)['webhook-signature']).toBe(second);
    expect(first).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(rest).toEqual([]);
    expect(both['webhook-timestamp']).toBe('1767323045');
  });

  it('WHK-1: signs nothing without a secret, or with one that is none', () => {
    expect(() => createWebhookSigner([])).toThrow('needs a secret');
    expect(() => createWebhookSigner([newer, 'whsec_'])).toThrow();
    expect(() => createWebhookSigner([newer, 'whsec_%%%%'])).toThrow();
  });
});

describe('newSigningSecret', () => {
  it('WHK-1: has 32 random bytes in the form of Standard Webhooks', () => {
    const secrets = Array.from({ length: 100 }, newSigningSecret);

    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
    }
  });
});
