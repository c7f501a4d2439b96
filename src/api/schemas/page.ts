import { z } from 'zod';
import type { After, PageRequest } from '../../store/page';
import { invalidRequest } from '../problem';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** `limit` and `cursor` of a list's query (HTTP-5); to be spread into the route's query object. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `Must be a number from 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_LIMIT))
    .optional()
    .describe(`How many at most, 1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} if left out.`),
  cursor: z.string().max(200).optional().describe('`next` of the page before; left out: the first page.'),
};

/** One page of a list as a schema. */
export function pageOf<T extends z.ZodType>(item: T, name: string) {
  return z
    .strictObject({
      items: z.array(item).describe('Newest first.'),
      next: z.string().nullable().describe('`cursor` of the next page; null: this is the last one.'),
    })
    .meta({ id: name, description: 'One page of a list.' });
}

/**
 * Reads `limit` and `cursor` of a checked query.
 *
 * @throws Problem 400 `request.invalid` for a cursor we did not give out
 */
export function pageRequest(query: { limit?: number | undefined; cursor?: string | undefined }): PageRequest {
  return {
    limit: query.limit ?? DEFAULT_LIMIT,
    after: query.cursor === undefined ? null : readCursor(query.cursor),
  };
}

/** Makes a page of `limit + 1` rows: the one too many only tells that there is a next page. */
export function toPage<R extends After, T>(
  rows: readonly R[],
  { limit }: PageRequest,
  show: (row: R) => T,
): { items: T[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(show), next: rows.length > limit && last ? cursorOf(last) : null };
}

/** The cursor of the page after this row. */
export function cursorOf({ createdAt, id }: After): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

const cursorContent = z.tuple([z.int(), z.string().max(100)]);

function readCursor(text: string): After {
  try {
    const [createdAt, id] = cursorContent.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { createdAt, id };
  } catch {
    throw invalidRequest([{ path: 'query.cursor', message: 'Is not a cursor of this list' }]);
  }
}
