import type { z } from 'zod';
import { created, ok } from './define-route';

/** What a PUT answers (HTTP-7): 201 with `Location` for something new, 200 otherwise, both with the ETag. */
export function putAnswer<T>(isNew: boolean, location: string, body: T, etag: string) {
  return isNew ? created(location, body, { etag }) : ok(body, { etag });
}

/** The same as its route declares it. */
export function putAnswers<B extends z.ZodType>(body: B) {
  return {
    200: { description: 'It was there; this is it now.', body, headers: { ETag: 'Of this content.' } },
    201: { description: 'It is new.', body, headers: { ETag: 'Of this content.', Location: 'Its address.' } },
  };
}
