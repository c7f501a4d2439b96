import { Registry } from 'prom-client';
import request from 'supertest';
import { createKeyRing } from '../../../src/api/key-ring';
import { routes } from '../../../src/api/routes';
import { createApp } from '../../../src/api/server';
import { StoreUnavailable } from '../../../src/store/store-error';
import type { Store } from '../../../src/store/store';
import { ADMIN_TOKEN, startApi, type ApiFixture } from '../../support/api-fixture';
import { eventually } from '../../support/eventually';

const gate = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
const PROJECT = '/v1/projects/shop';

let api: ApiFixture;

beforeEach(async () => {
  api = await startApi();
  await operate('put', PROJECT, {});
});
afterEach(() => api.close());

describe('what is served', () => {
  it('FLG-4: a new environment answers the flags that were there before it', async () => {
    await operate('put', `${PROJECT}/flags/new-checkout`, { kind: 'gate', definition: gate });
    await operate('put', `${PROJECT}/environments/late`, { requiresPipeline: false });
    const { key } = (await operate('post', `${PROJECT}/environments/late/evaluation-keys`, {})).body as { key: string };

    expect(await evaluate(key)).toMatchObject({ status: 200, body: { value: true } });
  });

  it('FLG-6: goes on when the store fails just as the keys are read again, and counts them once it is back', async () => {
    const outage = { isOn: false };
    const keyRing = createKeyRing(failing(api.deps.store, outage));
    const environment = `${PROJECT}/environments/production`;
    await operate('put', environment, {});
    const first = (await operate('post', `${environment}/evaluation-keys`, {})).body as { id: string; key: string };
    await keyRing.ready();
    const second = (await operate('post', `${environment}/evaluation-keys`, {})).body as { id: string; key: string };

    outage.isOn = true;
    await expect(keyRing.reload()).rejects.toThrow(StoreUnavailable);
    expect(await keyRing.find(first.key)).toMatchObject({ keyId: first.id });
    expect(await keyRing.find(first.key)).toMatchObject({ keyId: first.id });
    expect(keyRing.isLive(first.id)).toBe(true);

    outage.isOn = false;
    await eventually('the second key counts', async () => (await keyRing.find(second.key)) !== null);
  });

  it('FLG-4: a ticket for the change stream outlives a restart', async () => {
    const environment = `${PROJECT}/environments/production`;
    await operate('put', environment, {});
    const { key } = (await operate('post', `${environment}/evaluation-keys`, {})).body as { key: string };
    const bulk = await request(api.app)
      .post('/ofrep/v1/evaluate/flags')
      .set('authorization', `Bearer ${key}`)
      .send({ context: {} });
    const [stream] = (bulk.body as { eventStreams: { url: string }[] }).eventStreams;
    const { pathname, search } = new URL(stream?.url ?? '');

    const restarted = { ...api.deps, keyRing: createKeyRing(api.deps.store), registry: new Registry() };
    const answer = await request(createApp(restarted, routes(restarted))).head(`${pathname}${search}`);

    expect(answer.status).toBe(200);
  });
});

/** A store whose reads fail while there is an outage. */
function failing(store: Store, outage: { isOn: boolean }): Pick<Store, 'read'> {
  return {
    get read() {
      if (outage.isOn) {
        throw new StoreUnavailable(new Error('gone'));
      }
      return store.read;
    },
  };
}

async function evaluate(key: string): Promise<{ status: number; body: unknown }> {
  const { status, body } = await request(api.app)
    .post('/ofrep/v1/evaluate/flags/new-checkout')
    .set('authorization', `Bearer ${key}`)
    .send({ context: {} });
  return { status, body: body as unknown };
}

async function operate(method: 'put' | 'post', path: string, body: object) {
  const answer = await request(api.app)[method](path).set('authorization', `Bearer ${ADMIN_TOKEN}`).send(body);
  if (answer.status >= 300) {
    throw new Error(JSON.stringify(answer.body));
  }
  return answer;
}
