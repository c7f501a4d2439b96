import { noContent } from './define-route';
import { Problem } from './problem';
import type { ProblemCode } from './problem-codes';

type Kinds<S extends string> = Extract<ProblemCode, `${string}.${S}`> extends `${infer Thing}.${S}` ? Thing : never;

/** What can be deleted: it has a problem for being unknown and one for being gone. */
export type Deletable = Kinds<'unknown'> & Kinds<'gone'>;

/** How a deletion ended: `users` are what still needs the thing (HTTP-7). */
export type Deletion = { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

/**
 * The answer to a DELETE (HTTP-7): 204, or why not.
 *
 * @throws Problem 404 `<thing>.unknown`, 410 `<thing>.gone`, 409 `<thing>.in-use` naming who uses it
 */
export function answerDeletion<T extends Deletable & Kinds<'in-use'>>(
  thing: T,
  name: string,
  deletion: Deletion,
): ReturnType<typeof noContent>;
export function answerDeletion(
  thing: Deletable,
  name: string,
  deletion: Exclude<Deletion, { kind: 'busy' }>,
): ReturnType<typeof noContent>;
export function answerDeletion(thing: Deletable, name: string, deletion: Deletion): ReturnType<typeof noContent> {
  switch (deletion.kind) {
    case 'deleted':
      return noContent();
    case 'unknown':
      throw unknown(thing, name);
    case 'gone':
      throw gone(thing, name);
    case 'busy':
      throw new Problem(
        `${thing}.in-use` as ProblemCode,
        `${name} is in use by ${deletion.users.slice(0, 10).join(', ')}`,
        {
          facts: { users: deletion.users },
        },
      );
  }
}

/** 404: there is none, or none that the caller may see; the two read the same (HTTP-3). */
export function unknown(thing: Deletable, name: string): Problem {
  return new Problem(`${thing}.unknown`, `There is no ${thing} ${name}`);
}

/** 410: it was deleted, and its name is not given again (HTTP-1). */
export function gone(thing: Deletable, name: string): Problem {
  return new Problem(`${thing}.gone`, `The ${thing} ${name} was deleted`);
}
