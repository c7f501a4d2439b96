import { z } from 'zod';
import { problemKinds, type ProblemCode } from '../problem-codes';

const codes = Object.keys(problemKinds) as [ProblemCode, ...ProblemCode[]];

/** Every error (HTTP-4). */
export const problemBody = z
  .strictObject({
    type: z.string().describe('A URI that stands for the code: `urn:sluice:problem:<code>`.'),
    title: z.string().describe('What all problems of this code have in common.'),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('What was wrong this time.'),
    code: z.enum(codes).describe('The stable name of the problem, to be compared by programs.'),
    errors: z
      .array(
        z.strictObject({
          path: z.string().describe('Where in the request, e.g. `phases[1].name`, `query.limit`, `path.project`.'),
          message: z.string().describe('What is wrong there.'),
        }),
      )
      .optional()
      .describe('Every fault of the request at once.'),
    allowed: z.array(z.string()).optional().describe('What is possible instead.'),
    facts: z.record(z.string(), z.json()).optional().describe('Facts a program can use.'),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' });
