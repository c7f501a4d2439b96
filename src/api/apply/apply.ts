import { z } from 'zod';
import { differenceOf } from '../../domain/difference';
import type { Fault } from '../../domain/fault';
import type { JsonObject } from '../../domain/json';
import type { Unit } from '../../store/store';
import type { Caller } from '../caller';
import { defineRoute, ok } from '../define-route';
import type { Deps } from '../deps';
import { faultsAt } from '../faulty-definition';
import { claimIdempotencyKey } from '../idempotency';
import { invalidRequest, Problem } from '../problem';
import { flagInQuery } from '../schemas/common';
import { applyAnswer, applyBody, type ApplyDocument } from './apply-body';
import { authorizeDocument } from './authorize-document';
import { showDocument } from './show-document';
import { writeDocument, type Writing } from './write-document';

type Applied = z.output<typeof applyAnswer>;

/** What others need comes first, whatever the order of the request. */
const ORDER: readonly ApplyDocument['kind'][] = [
  'project',
  'user',
  'team',
  'environment',
  'flag',
  'service',
  'variable',
  'pipeline',
];

/** More than anybody mends at once. */
const MOST_ERRORS = 100;

/** Creates or replaces many things at once, all or none (PIPE-7, SEC-2). */
export const applyRoute = ({ store, now, authenticator, flagFollower, endpointFault, secretBox }: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/apply',
    operationId: 'apply',
    summary: 'Create or replace what documents describe, all or nothing',
    description:
      'Idempotent: what is as described stays as it is. Each document is checked as if it were sent alone, permission ' +
      'included, before any is written (SEC-2). Documents may stand in any order. A flag is compared with what was last ' +
      'applied: where the document is the same it is left alone, whatever a release has made of it since; a changed one ' +
      'is a direct edit (REL-4). A new service comes without a secret: `POST …/secret` makes the first. A sensitive variable is ' +
      'refused: documents hold no secrets. With `dryRun` ' +
      'nothing is written and the difference is shown.',
    permission: 'authenticated',
    query: z.strictObject({
      dryRun: flagInQuery.optional().describe('`true`: write nothing and show what would change.'),
    }),
    body: applyBody,
    answers: { 200: { description: 'What changed, or with `dryRun` would change.', body: applyAnswer } },
    problems: [
      'request.forbidden',
      'project.unknown',
      'project.gone',
      'environment.gone',
      'user.gone',
      'user.last-administrator',
      'team.gone',
      'grant.exceeds',
      'reference.unknown',
      'flag.gone',
      'flag.invalid',
      'flag.kind-fixed',
      'flag.requires-pipeline',
      'flag.being-released',
      'service.gone',
      'service.invalid',
      'variable.gone',
      'variable.too-many',
      'variable.invalid',
      'pipeline.gone',
      'pipeline.invalid',
    ],
    handle: async ({ query, body, caller, idempotency }) => {
      const { documents } = body;
      refuseRepeated(documents);
      if (query.dryRun === true) {
        const tryIt = async (unit: Unit) => {
          await authorizeAll(unit, documents, caller);
          throw new DryRun({
            dryRun: true,
            documents: await writeAll(unit, documents, { caller, at: now(), endpointFault, secretBox }),
          });
        };
        return ok(await store.write(tryIt).catch(foundBy));
      }

      const applied = await store.write(async (unit) => {
        await authorizeAll(unit, documents, caller);
        const claim = await claimIdempotencyKey<JsonObject>(unit, idempotency, now());
        if (claim.repeated !== null) {
          return claim.repeated as Applied;
        }
        const result: Applied = {
          dryRun: false,
          documents: await writeAll(unit, documents, { caller, at: now(), endpointFault, secretBox }),
        };
        await claim.keep(result);
        return result;
      });
      authenticator.forget();
      await flagFollower.caughtUp();
      return ok(applied);
    },
  });

/** Thrown out of the transaction of a dry run, so that it is undone with what it found. */
class DryRun extends Error {
  override readonly name = 'DryRun';

  constructor(readonly found: Applied) {
    super('Undone, as it was a dry run');
  }
}

function foundBy(error: unknown): Applied {
  if (error instanceof DryRun) {
    return error.found;
  }
  throw error;
}

/** All permissions, with what is there before anything is written: no document can be a reason to allow another (SEC-2). */
async function authorizeAll(unit: Unit, documents: readonly ApplyDocument[], caller: Caller): Promise<void> {
  const created = new Set(documents.flatMap(({ kind, name }) => (kind === 'project' ? [name] : [])));
  await forEach(documents, documents, (document) => authorizeDocument(unit, caller, document, created));
}

async function writeAll(
  unit: Unit,
  documents: readonly ApplyDocument[],
  writing: Writing,
): Promise<Applied['documents']> {
  const results = new Map<ApplyDocument, Applied['documents'][number]>();
  const inOrder = [...documents].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  await forEach(inOrder, documents, async (document) => {
    const before = await showDocument(unit, document);
    const outcome = await writeDocument(unit, document, writing);
    const after = await showDocument(unit, document);
    const { kind, name } = document;
    results.set(document, {
      kind,
      project: projectOf(document),
      name,
      outcome,
      difference: differenceOf(before, after),
    });
  });
  return documents.flatMap((document) => results.get(document) ?? []);
}

function projectOf(document: ApplyDocument): string | null {
  return document.kind !== 'project' && 'project' in document ? document.project : null;
}

/** Goes through all documents although one is refused, so that everything wrong with them is said at once. */
async function forEach(
  documents: readonly ApplyDocument[],
  asSent: readonly ApplyDocument[],
  work: (document: ApplyDocument) => Promise<void>,
): Promise<void> {
  const refused: { problem: Problem; errors: Fault[] }[] = [];
  for (const document of documents) {
    try {
      await work(document);
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      refused.push({ problem: error, errors: faultsOf(error, asSent.indexOf(document)) });
    }
  }
  const [first] = refused;
  if (first) {
    const { code, detail, extras } = first.problem;
    const errors = refused.flatMap((each) => each.errors).slice(0, MOST_ERRORS);
    const [{ path, message } = { path: '', message: detail }] = errors;
    const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
    throw new Problem(code, `${path}: ${message}${more}`, { ...extras, errors });
  }
}

/** A document's faults with their place in the request; a problem without faults is one of the document itself. */
function faultsOf({ detail, extras }: Problem, index: number): Fault[] {
  return extras.errors
    ? faultsAt(`documents[${index}].spec`, extras.errors)
    : [{ path: `documents[${index}]`, message: detail }];
}

function refuseRepeated(documents: readonly ApplyDocument[]): void {
  const seen = new Map<string, number>();
  const faults = documents.flatMap((document, index): Fault[] => {
    const key = JSON.stringify([document.kind, projectOf(document), document.name]);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, index);
      return [];
    }
    return [{ path: `documents[${index}]`, message: `Is the same thing as documents[${first}]` }];
  });
  if (faults.length > 0) {
    throw invalidRequest(faults);
  }
}
