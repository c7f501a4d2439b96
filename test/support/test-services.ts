import type { StepSurroundings } from '../../src/activities/run-step';
import { callbackPath } from '../../src/api/services/receive-callback';
import { createCallbackTokens } from '../../src/store/callback-tokens';
import { createSecretBox } from '../../src/store/secret-box';
import { serviceTarget, type ServiceTarget } from '../../src/targets/service-target';
import type { Mailer } from '../../src/targets/mail/mailer';
import { createUnconfiguredMailer } from '../../src/targets/mail/unconfigured-mailer';
import { createAddressPolicy } from '../../src/targets/http/address-policy';
import type { LookUpAll } from '../../src/targets/http/guarded-lookup';

/** What the secrets of services in tests are sealed with. */
export const testSecretBox = createSecretBox('a secret key that only tests know of');

/** What targets of tests call back with. */
export const testCallbackTokens = createCallbackTokens('a secret key that only tests know of');

/** Loopback alone is private and may be connected to. */
export const testPolicy = createAddressPolicy(['127.0.0.0/8', '::1']);

/** What steps reach endpoints with, on this machine alone; mail goes nowhere unless a mailer is given. */
export function testSteps(mailer: Mailer = createUnconfiguredMailer()): StepSurroundings {
  return { http: { policy: testPolicy, now: Date.now }, mailer, secretBox: testSecretBox };
}

/** Services that are really sent to, on this machine alone. */
export function testServices(lookup?: LookUpAll): ServiceTarget {
  return serviceTarget({
    secretBox: testSecretBox,
    policy: testPolicy,
    callbackUrlOf: (key) => `http://127.0.0.1:8700${callbackPath(testCallbackTokens.tokenOf(key))}`,
    now: Date.now,
    ...(lookup && { lookup }),
  });
}
