import { z } from 'zod';
import type { OfrepErrorCode } from '../../targets/flags/ofrep';
import type { Answer } from '../define-route';
import type { Problem } from '../problem';

/** Well above the largest context, which is judged by its own size (FLG-9). */
export const OFREP_BODY_LIMIT = 64 * 1024;

/** What a client asks with; the protocol lets fields pass that it does not know, and so do we. */
export const evaluationRequest = z
  .looseObject({
    context: z
      .unknown()
      .optional()
      .describe('Attributes by name, `targetingKey` among them; at most 16 KB, nested 4 deep. Left out: none.'),
  })
  .meta({ id: 'OfrepRequest', description: 'Who asks (OFREP).' });

const key = z.string().describe('The flag.');
const errorCode = z.string().describe('`PARSE_ERROR`, `INVALID_CONTEXT`, `GENERAL` or `FLAG_NOT_FOUND`.');
const errorDetails = z.string().describe('What is wrong, for people.');

export const evaluationSuccess = z
  .strictObject({
    key,
    value: z
      .unknown()
      .optional()
      .describe('Absent where there is no variant: the client uses the default of its code.'),
    reason: z.string().describe('Why this value, in OpenFeature’s words.'),
    variant: z.string().optional().describe('Name of the variant.'),
  })
  .meta({ id: 'OfrepEvaluation', description: 'What a flag answers (OFREP).' });

export const evaluationFailure = z
  .strictObject({ key, errorCode, errorDetails })
  .meta({ id: 'OfrepEvaluationFailure', description: 'Why a flag has no answer (OFREP).' });

export const requestFailure = z
  .strictObject({ errorCode, errorDetails })
  .meta({ id: 'OfrepFailure', description: 'Why a request has no answer (OFREP).' });

/** Any error of a route in OFREP's form. */
export const ofrepFailure = z.union([evaluationFailure, requestFailure]);

export const bulkEvaluation = z
  .strictObject({
    flags: z.array(z.union([evaluationSuccess, evaluationFailure])).describe('Every flag of the environment.'),
    eventStreams: z
      .array(
        z.strictObject({
          type: z.literal('sse').describe('Server-sent events.'),
          url: z.string().describe('Address with a ticket, good for half an hour at least.'),
        }),
      )
      .describe('Where the client hears that it should evaluate again.'),
  })
  .meta({ id: 'OfrepBulkEvaluation', description: 'What all flags answer (OFREP).' });

/** A problem in the form of OFREP, with its own status: clients of flags read no problem details (FLG-4). */
export function renderOfrepProblem(problem: Problem, params: Record<string, string>): Answer {
  const failure = { errorCode: codeOf(problem), errorDetails: problem.detail };
  const { key: flag } = params;
  return { status: problem.status, body: flag === undefined ? failure : { key: flag, ...failure } };
}

function codeOf({ code, extras }: Problem): OfrepErrorCode {
  if (code === 'request.too-large' || extras.errors?.[0]?.path.startsWith('context')) {
    return 'INVALID_CONTEXT';
  }
  const isUnreadable =
    code === 'request.malformed' || code === 'request.invalid' || code === 'request.unsupported-media-type';
  return isUnreadable ? 'PARSE_ERROR' : 'GENERAL';
}
