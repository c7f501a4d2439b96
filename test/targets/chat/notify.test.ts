import { notifyChat } from '../../../src/targets/chat/notify';
import { startHttpEndpoint, type HttpEndpoint } from '../../support/http-endpoint';
import { testPolicy } from '../../support/test-services';

const surroundings = { policy: testPolicy, now: Date.now };

let chat: HttpEndpoint;

beforeEach(async () => {
  chat = await startHttpEndpoint();
});

afterEach(() => chat.stop());

it('PRO-1: posts a text as chats take it, under its key', async () => {
  const text = 'Release "1.5.0" <b>waits</b>\nfor grace → now';

  const outcome = await notifyChat({ url: chat.url, text, key: 'the/key' }, surroundings);

  expect(outcome).toMatchObject({ kind: 'done' });
  expect(chat.requests).toMatchObject([{ method: 'POST', key: 'the/key', body: JSON.stringify({ text }) }]);
  expect(chat.requests[0]?.headers['content-type']).toBe('application/json');
});

it.each([
  [404, { kind: 'refused', detail: 'The endpoint answered 404' }],
  [429, { kind: 'broken', detail: 'The endpoint answered 429', retryAfterMs: null }],
])('PRO-5: judges %i as every answer to a step', async (status, outcome) => {
  chat.answer({ status, body: 'no_service' });

  expect(await notifyChat({ url: chat.url, text: 'Hello', key: 'the/key' }, surroundings)).toEqual(outcome);
});

it('VAR-4: keeps the secret of the address to itself when nobody is there', async () => {
  await chat.stop();

  const outcome = await notifyChat({ url: `${chat.url}/hunter2`, text: 'Hello', key: 'the/key' }, surroundings);

  expect(outcome).toEqual({
    kind: 'broken',
    detail: 'The endpoint refused the connection (ECONNREFUSED)',
    retryAfterMs: null,
  });
});
