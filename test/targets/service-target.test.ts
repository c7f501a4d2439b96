import type { EffectToSend } from '../../src/store/effects/begin-send';
import { createSecretBox } from '../../src/store/secret-box';
import { testServices } from '../support/test-services';
import { startTarget, stopTargets } from './webhooks/webhook-target';

afterEach(stopTargets);

it('WHK-1: a secret that does not open under this key is a plain answer, and nothing is sent', async () => {
  const target = await startTarget((response) => response.end());
  const sealed = createSecretBox('the key of another installation altogether').seal('whsec_c2VjcmV0', 'its row');
  const effect: EffectToSend = {
    key: 'release/-/all/production/payments/apply/1',
    url: target.url,
    timeoutMs: 1_000,
    callbackTimeoutMs: null,
    until: Date.now() + 1_000,
    earlierUntil: null,
    secrets: [{ id: 'secret', serviceId: 'payments', sealed }],
    body: {
      type: 'service.apply',
      timestamp: new Date(0).toISOString(),
      data: {
        project: 'shop',
        service: 'payments',
        environment: 'production',
        tenant: null,
        release: 'release',
        track: null,
        phase: 'all',
        attempt: 1,
        sequence: 1,
        version: '2',
        previousVersion: null,
        expectedVersion: null,
        callbackUrl: null,
      },
    },
  };

  const outcome = await testServices().send(effect);

  expect(outcome).toEqual({ kind: 'refused', detail: 'No secret of the service opens with this SLUICE_SECRET_KEY' });
  expect(target.requests).toEqual([]);
});
