import request, { type Test } from 'supertest';
import { ADMIN_TOKEN, type ApiFixture } from './api-fixture';

/** Somebody who talks to the API with one token. */
export interface ApiClient {
  token: string;
  get(path: string, headers?: Record<string, string>): Test;
  put(path: string, body: object, headers?: Record<string, string>): Test;
  post(path: string, body?: object, headers?: Record<string, string>): Test;
  delete(path: string, headers?: Record<string, string>): Test;
}

export function clientOf(api: ApiFixture, token: string): ApiClient {
  const call = (method: 'get' | 'put' | 'post' | 'delete', path: string, headers: Record<string, string> = {}) =>
    request(api.app)[method](path).set('authorization', `Bearer ${token}`).set(headers);
  return {
    token,
    get: (path, headers) => call('get', path, headers),
    put: (path, body, headers) => call('put', path, headers).send(body),
    post: (path, body, headers) => (body ? call('post', path, headers).send(body) : call('post', path, headers)),
    delete: (path, headers) => call('delete', path, headers),
  };
}

export function administratorOf(api: ApiFixture): ApiClient {
  return clientOf(api, ADMIN_TOKEN);
}

/** Makes a user with these roles and a token of their own. */
export async function addPerson(api: ApiFixture, name: string, roles: object[]): Promise<ApiClient> {
  const admin = administratorOf(api);
  await admin.put(`/v1/users/${name}`, { roles }).expect(201);
  const answer = await admin.post(`/v1/users/${name}/tokens`, { name: 'of the administrator' }).expect(201);
  const first = clientOf(api, (answer.body as { token: string }).token);
  const own = await first.post(`/v1/users/${name}/tokens`, { name: 'own' }).expect(201);
  return clientOf(api, (own.body as { token: string }).token);
}
