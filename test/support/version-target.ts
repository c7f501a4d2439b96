import type { ServerResponse } from 'node:http';

import type { EffectBody } from '../../src/store/effects/begin-send';
import { startTarget, type WebhookTarget } from '../targets/webhooks/webhook-target';

export interface Delivery extends EffectBody {
  /** The idempotency key. */
  id: string;
}

/** How one delivery is met: undefined does what is asked, a promise does it when it is kept. */
type Answer = (delivery: Delivery, response: ServerResponse) => boolean | undefined | Promise<void>;

/** Webhook targets in this process that keep versions, and misbehave as a test says. */
export interface VersionTarget {
  urlOf(service: string, environment: string): string;
  /** Every delivery, in order of arrival. */
  deliveries: Delivery[];
  /** Those that had an effect: none has one twice. */
  effects: Delivery[];
  versionOf(service: string, environment: string): string | null;
  setVersion(service: string, environment: string, version: string | null): void;
  /** Called for each delivery first; true: it has been answered. */
  meet(answer: Answer | null): void;
}

/** A target that keeps to the contract as a receiver should (WHK-3, WHK-4, WHK-5): once per key, no lower sequence. */
export async function startVersionTarget(): Promise<VersionTarget> {
  const versions = new Map<string, string | null>();
  const highest = new Map<string, number>();
  const done = new Set<string>();
  const deliveries: Delivery[] = [];
  const effects: Delivery[] = [];
  let meet: Answer | null = null;
  const say = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const receive = (delivery: Delivery, response: ServerResponse): void => {
    const { service, environment, sequence, version, expectedVersion } = delivery.data;
    const place = `${service}/${environment}`;
    const currentVersion = versions.get(place) ?? null;
    if (done.has(delivery.id) || version === currentVersion) {
      done.add(delivery.id);
      return say(response, 200, { currentVersion });
    }
    if (sequence < (highest.get(place) ?? 0)) {
      return say(response, 410, { detail: 'stale sequence' });
    }
    highest.set(place, sequence);
    if (expectedVersion !== currentVersion) {
      return say(response, 412, { currentVersion });
    }
    versions.set(place, version);
    done.add(delivery.id);
    effects.push(delivery);
    return say(response, 200, { currentVersion: version });
  };
  const target: WebhookTarget = await startTarget((response, request) => {
    const delivery = { ...(JSON.parse(request.body) as EffectBody), id: String(request.headers['webhook-id']) };
    deliveries.push(delivery);
    const met = meet?.(delivery, response);
    if (met instanceof Promise) {
      void met.then(() => receive(delivery, response));
    } else if (!met) {
      receive(delivery, response);
    }
  });
  return {
    urlOf: (service, environment) => `${target.url}&service=${service}&environment=${environment}`,
    deliveries,
    effects,
    versionOf: (service, environment) => versions.get(`${service}/${environment}`) ?? null,
    setVersion: (service, environment, version) => void versions.set(`${service}/${environment}`, version),
    meet: (answer) => {
      meet = answer;
    },
  };
}
