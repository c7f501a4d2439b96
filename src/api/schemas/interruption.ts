import { z } from 'zod';

import type { InterruptionResult } from '../../domain/accepted-action';
import { id, instant, slug } from './common';
import { interruptionExample, reassignmentExample, submissionExample, submissionsExample } from './examples';
import { problemBody } from './problem-body';

const RESULTS: [InterruptionResult, ...InterruptionResult[]] = ['proceed', 'abort', 'fail', 'retry', 'ignore'];

/** States of an interruption (INT-2). */
export const interruptionState = z.enum(['pending', 'taken', 'submitted', 'closed']);

/** What asks. */
export const interruptionKind = z.enum(['manual', 'failure']);

const result = z.enum(RESULTS);

/** Longer notes are for elsewhere; every later mail and page would carry them. */
const LONGEST_NOTES = 16_000;

const notes = z
  .string()
  .max(LONGEST_NOTES)
  .optional()
  .describe('What the others should know, as text; kept as it is written. Later steps can use it (VAR-1).');

/** An answer to an interruption. */
export const submissionBody = z
  .strictObject({
    result: result.describe(
      'To a manual step `proceed` or `abort` (INT-5); to a failure `fail`, `retry` or `ignore` (INT-10).',
    ),
    notes,
  })
  .meta({ id: 'Submission', examples: [submissionExample], description: 'A person’s answer to an interruption.' });

/** Most that are answered in one request. */
const MOST_AT_ONCE = 100;

/** One answer to several interruptions (INT-8). */
export const submissionsBody = z
  .strictObject({
    ids: z.array(id).min(1).max(MOST_AT_ONCE).describe('Ids of the interruptions; each free one is taken first.'),
    result: result.describe('The answer to each of them.'),
    notes,
  })
  .meta({ id: 'Submissions', examples: [submissionsExample], description: 'One answer to several interruptions.' });

/** Whom an interruption is handed over to. */
export const reassignmentBody = z.strictObject({ user: slug.describe('Name of a user who could take it.') }).meta({
  id: 'Reassignment',
  examples: [reassignmentExample],
  description: 'Whom an interruption is handed over to.',
});

const nullableInstant = (description: string) => instant.nullable().describe(description);

const proceed = z
  .strictObject({
    user: slug.describe('Name of the user who has proceeded.'),
    notes: z.string().describe('What they wrote; empty: nothing.'),
    at: instant.describe('When their answer was accepted.'),
  })
  .meta({ id: 'Proceed', description: 'One of the people who have to proceed has (INT-6).' });

/** An interruption, as GET and all that is done to it answer. */
export const interruption = z
  .strictObject({
    id: z.string().describe('Its id.'),
    kind: interruptionKind.describe('A manual step asks, or a step that has failed (INT-10).'),
    state: interruptionState.describe('`pending`: nobody has it; `taken`; `submitted`: answered; `closed` (INT-7).'),
    title: z.string().describe('What it is about: the step’s name, or that it has failed (INT-10).'),
    instructions: z.string().describe('What to do, in Markdown; variables filled in, sensitive ones masked.'),
    teams: z
      .array(slug)
      .describe('Members of one of these may take it; empty: whoever holds `DeploymentCreate` (INT-3).'),
    responsibleUser: slug.nullable().describe('Name of the user who has taken it; null: nobody has.'),
    pendingAction: z
      .string()
      .nullable()
      .describe(
        'Id of an answer that is accepted and not decided yet, for `GET /v1/actions/{id}`; null: there is none.',
      ),
    result: result.nullable().describe('The answer; null: there is none, or it is not decided yet.'),
    results: z.array(result).describe('What it can be answered with.'),
    notes: z.string().nullable().describe('What was written with the answer; null: it is not answered.'),
    notesRequired: z.boolean().describe('Whether an answer needs notes.'),
    approvals: z
      .strictObject({
        needed: z.int().describe('How many different people have to proceed.'),
        given: z.int().describe('How many of them have.'),
        proceeded: z.array(proceed).describe('Who has, in order; it is for others then.'),
      })
      .describe('More than one person may have to proceed (INT-6).'),
    submittedBy: slug.nullable().describe('Name of the user who answered; null: nobody, or a deadline did.'),
    closedBy: slug.nullable().describe('Name of the user whose abort closed it; null: nobody’s did.'),
    closedWhy: z.string().nullable().describe('Why it was closed without an answer; null: it was not.'),
    project: slug.describe('Name of the project.'),
    environment: slug.describe('Name of the environment.'),
    tenant: slug.nullable().describe('Name of the tenant; null: none.'),
    release: z.string().describe('Id of the release.'),
    deployment: z.string().describe('Id of the deployment.'),
    phase: z.string().describe('Name of the phase.'),
    step: z.string().describe('Name of the step that asks, or that has failed.'),
    blockConcurrent: z
      .boolean()
      .describe('Whether other deployments to the project and environment wait for it (INT-9).'),
    deadline: nullableInstant('Until when it wants an answer; null: it waits.'),
    escalatedAt: nullableInstant(
      'When its deadline gave it to other teams, whoever had it before (INT-6); null: it has not.',
    ),
    raisedAt: nullableInstant('When it was raised.'),
    endedAt: nullableInstant('When it was answered or closed; null: it is open.'),
    canTake: z.boolean().describe('Whether the caller could take it now.'),
    canSubmit: z.boolean().describe('Whether the caller holds it and could answer it now.'),
  })
  .meta({
    id: 'Interruption',
    examples: [interruptionExample],
    description: 'The run asks a person to do something, and to answer (INT-1).',
  });

/** What became of one of several. */
export const submissionResult = z
  .strictObject({
    id: z.string().describe('The interruption’s id, as it was sent.'),
    status: z.int().describe('What a request about it alone would have been answered with.'),
    action: z.string().nullable().describe('Id of the answer, for `GET /v1/actions/{id}`; null: it was not accepted.'),
    interruption: interruption.nullable().describe('As it is now; null: it was refused, or is not decided yet.'),
    problem: problemBody.nullable().describe('Why it was refused; null: it was not.'),
  })
  .meta({ id: 'SubmissionResult', description: 'What became of the answer to one of several interruptions.' });
