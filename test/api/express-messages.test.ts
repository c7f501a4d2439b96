import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { closeHttpServer, createHttpServer } from '../../src/api/http-server';
import { DEFAULT_LIMITS } from '../../src/api/settings';
import { startApi, type ApiFixture } from '../support/api-fixture';

let api: ApiFixture;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.close());

async function statusesBehind(
  listener: RequestListener,
  path: string,
  addresses: readonly string[],
): Promise<number[]> {
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const statuses: number[] = [];
  for (const address of addresses) {
    statuses.push((await request(url).get(path).set('x-forwarded-for', address)).status);
  }
  await closeHttpServer(server, 100);
  return statuses;
}

describe('requests and responses of the HTTP server', () => {
  it('get no other prototypes on their way through Express', async () => {
    const prototypes: unknown[][] = [];

    const statuses = await statusesBehind(
      (incoming, outgoing) => {
        const before = [Object.getPrototypeOf(incoming), Object.getPrototypeOf(outgoing)] as unknown[];
        api.app(incoming, outgoing);
        prototypes.push(before, [Object.getPrototypeOf(incoming), Object.getPrototypeOf(outgoing)]);
      },
      '/livez',
      ['203.0.113.1'],
    );

    expect(statuses).toEqual([200]);
    expect(prototypes[1]?.[0]).toBe(prototypes[0]?.[0]);
    expect(prototypes[1]?.[1]).toBe(prototypes[0]?.[1]);
  });

  it('HTTP-9: are judged by the proxy setting of their own app, where two apps share a process', async () => {
    const limits = { ...DEFAULT_LIMITS, anonymous: { perSecond: 0.001, burst: 1 } };
    const direct = await startApi({ settings: { ...api.deps.settings, limits } });
    const behindProxy = await startApi({ settings: { ...api.deps.settings, limits, trustProxy: 'loopback' } });

    const [first, second] = ['203.0.113.1', '203.0.113.2'] as const;
    const ofDirect = await statusesBehind(direct.app, '/openapi.json', [first, second]);
    const ofProxied = await statusesBehind(behindProxy.app, '/openapi.json', [first, second, first]);

    expect(ofDirect).toEqual([200, 429]);
    expect(ofProxied).toEqual([200, 200, 429]);
    await direct.close();
    await behindProxy.close();
  });
});
