import { created, ok } from './define-route';

/** What a PUT answers (HTTP-7): 201 with `Location` for something new, 200 otherwise, both with the ETag. */
export function putAnswer<T>(isNew: boolean, location: string, body: T, etag: string) {
  return isNew ? created(location, body, { etag }) : ok(body, { etag });
}
