import request from 'supertest';
import { startApi, type ApiFixture } from '../support/api-fixture';

let api: ApiFixture;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.close());

it('is served without a token', async () => {
  const answer = await request(api.app).get('/openapi.json');

  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ openapi: '3.1.0' });
});

it('answers an unknown route and a wrong method', async () => {
  const unknown = await request(api.app).get('/nope');
  const wrong = await request(api.app).post('/openapi.json');
  expect(unknown.status).toBe(404);
  expect(unknown.body).toMatchObject({ code: 'request.unknown-route' });
  expect(wrong.status).toBe(405);
  expect(wrong.headers['allow']).toBe('GET');
});
