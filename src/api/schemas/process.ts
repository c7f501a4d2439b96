import { z } from 'zod';

import type { Json } from '../../domain/json';
import {
  HTTP_METHODS,
  type HttpMethod,
  type ManualDeadline,
  type ProcessStep,
  type RunWhen,
  type StepKind,
} from '../../domain/pipeline';
import { PROCESS_LIMITS } from '../../domain/process-limits';
import { durationMs, durationToJudge } from './common';

/*
 * Types are judged here, values by the domain (`checkProcess`), as with phases: all faults are listed together, each
 * with its path (PIPE-4). A step has the fields of its kind; those of other kinds are unknown to it.
 */

const text = z.string();
const names = (of: string, most: number) =>
  z
    .array(z.string())
    .optional()
    .meta({ maxItems: most, description: `${of}; left out or empty: no such limit.` });

/** How long an `http` step's endpoint may take where the step does not say. */
const HTTP_TIMEOUT_MS = 30_000;

const common = {
  name: text.meta({
    maxLength: PROCESS_LIMITS.nameLength,
    description: 'Free text without `[`, `]` and `#{`, unique in the process ignoring case (PRO-9).',
  }),
  environments: names('Only in these environments', PROCESS_LIMITS.names),
  notEnvironments: names('Nowhere in these environments', PROCESS_LIMITS.names),
  phases: names('Only in these phases', PROCESS_LIMITS.names),
  tenants: names('Only for these tenants', PROCESS_LIMITS.names),
  runWhen: z
    .union(
      [
        z.enum(['success', 'failure', 'always']),
        z
          .strictObject({
            expression: text.meta({
              maxLength: PROCESS_LIMITS.expressionLength,
              description: 'CEL over `vars["Name"]`, answering true or false; asked whatever happened before.',
            }),
          })
          .meta({ id: 'RunExpression', description: 'A condition over variables (PRO-3).' }),
      ],
      { error: 'Must be success, failure, always or { "expression": "…" }' },
    )
    .optional()
    .describe(
      'When it runs: `success` (no earlier step has failed; the default), `failure`, `always`, or a condition.',
    ),
  start: z
    .enum(['after-previous', 'with-previous'])
    .optional()
    .describe('After the step before it has ended (the default), or together with it.'),
  required: z
    .boolean()
    .optional()
    .describe('Whether nobody may skip it; a manual step with teams always is (PRO-4). false if left out.'),
};

const manualDeadline = z
  .strictObject({
    after: durationToJudge.optional().describe('How long it may wait, from being raised: a duration of more than 0.'),
    afterMs: z.number().optional().describe('The same in milliseconds, as answers give it; `after` wins.'),
    outcome: z
      .enum(['abort', 'proceed', 'escalate'])
      .describe('What happens when nobody has answered by then (INT-6).'),
    escalateTo: z
      .array(z.string())
      .optional()
      .describe('`escalate`: names of the teams that are responsible from then on.'),
  })
  .meta({
    id: 'ManualDeadline',
    description: 'Until when a manual step wants an answer, and what happens without one.',
  });

const rollOutStep = z
  .strictObject({ ...common, kind: z.literal('roll-out').describe('Applies the change set to its targets (PRO-7).') })
  .meta({ id: 'RollOutStep', description: 'Applies the change set to its targets.' });

const manualStep = z
  .strictObject({
    ...common,
    kind: z.literal('manual').describe('Asks a person (INT-1).'),
    instructions: text.meta({
      maxLength: PROCESS_LIMITS.templateLength,
      description: 'What to do, in Markdown; `#{Name}` is replaced by the variable.',
    }),
    teams: z.array(z.string()).optional().meta({
      maxItems: PROCESS_LIMITS.names,
      description: 'A member of one of these may take it; none: whoever holds `DeploymentCreate` (INT-3).',
    }),
    notesRequired: z.boolean().optional().describe('Whether an answer needs notes; false if left out.'),
    approvals: z.number().optional().meta({
      minimum: 1,
      maximum: PROCESS_LIMITS.approvals,
      description: 'How many different people must proceed; 1 if left out.',
    }),
    authorMaySubmit: z.boolean().optional().describe('Whether an author of the release may answer; true if left out.'),
    deadline: manualDeadline.nullable().optional().describe('null or left out: it waits.'),
    blockConcurrent: z
      .boolean()
      .optional()
      .describe('Whether other deployments to the project and environment wait while it does (INT-9).'),
  })
  .meta({ id: 'ManualStep', description: 'Asks a person: a manual intervention.' });

const headers = z.record(z.string(), z.string());

const httpStep = z
  .strictObject({
    ...common,
    kind: z.literal('http').describe('Calls an endpoint (PRO-5).'),
    method: z.enum(HTTP_METHODS).optional().describe('`POST` if left out.'),
    url: text.meta({ maxLength: PROCESS_LIMITS.urlLength, description: 'Where to; no template.' }),
    headers: headers.optional().describe('Values may hold `#{Name}`.'),
    body: z
      .unknown()
      .optional()
      .meta({ description: 'JSON whose texts may hold `#{Name}`, or a text that may; left out: none.' }),
    timeout: durationToJudge.optional().describe('How long one request may take, answer included; 30 s if left out.'),
    timeoutMs: z.number().optional().describe('The same in milliseconds, as answers give it; `timeout` wins.'),
    outputs: z
      .record(z.string(), z.string())
      .optional()
      .describe(
        'Output variables by name, each a field of the JSON answer: `id`, `build.id`, or a JSON Pointer (VAR-2).',
      ),
  })
  .meta({ id: 'HttpStep', description: 'Calls an endpoint.' });

const emailStep = z
  .strictObject({
    ...common,
    kind: z.literal('email').describe('Sends a mail.'),
    to: z.array(z.string()).meta({
      minItems: 1,
      maxItems: PROCESS_LIMITS.recipients,
      description: 'Addresses; may hold `#{Name}`.',
    }),
    subject: text.meta({ maxLength: PROCESS_LIMITS.subjectLength, description: 'May hold `#{Name}`.' }),
    body: text.meta({ maxLength: PROCESS_LIMITS.templateLength, description: 'Markdown; may hold `#{Name}`.' }),
  })
  .meta({ id: 'EmailStep', description: 'Sends a mail.' });

const notifyStep = z
  .strictObject({
    ...common,
    kind: z.literal('notify').describe('Posts a text to a chat’s webhook.'),
    url: text.meta({ maxLength: PROCESS_LIMITS.urlLength, description: 'The webhook; no template.' }),
    text: text.meta({ maxLength: PROCESS_LIMITS.templateLength, description: 'May hold `#{Name}`.' }),
  })
  .meta({ id: 'NotifyStep', description: 'Posts `{"text"}` to a chat’s webhook.' });

/** One step of a process as a body has it. */
export const stepBody = z.discriminatedUnion('kind', [rollOutStep, manualStep, httpStep, emailStep, notifyStep], {
  error: ({ code }) => (code === 'invalid_union' ? 'Must be roll-out, manual, http, email or notify' : undefined),
});

/** The domain's step from a body, defaults filled in; its values are as they came. */
export function toStep(body: z.output<typeof stepBody>): ProcessStep {
  const base = {
    name: body.name,
    environments: body.environments ?? [],
    notEnvironments: body.notEnvironments ?? [],
    phases: body.phases ?? [],
    tenants: body.tenants ?? [],
    runWhen: (body.runWhen ?? 'success') as RunWhen,
    start: body.start ?? 'after-previous',
    required: body.required ?? false,
  };
  switch (body.kind) {
    case 'roll-out':
      return { ...base, kind: body.kind };
    case 'manual':
      return {
        ...base,
        kind: body.kind,
        instructions: body.instructions,
        teams: body.teams ?? [],
        notesRequired: body.notesRequired ?? false,
        approvals: body.approvals ?? 1,
        authorMaySubmit: body.authorMaySubmit ?? true,
        deadline: body.deadline ? toDeadline(body.deadline) : null,
        blockConcurrent: body.blockConcurrent ?? false,
      };
    case 'http':
      return {
        ...base,
        kind: body.kind,
        method: body.method ?? 'POST',
        url: body.url,
        headers: body.headers ?? {},
        body: (body.body ?? null) as Json,
        timeoutMs: body.timeout ?? body.timeoutMs ?? HTTP_TIMEOUT_MS,
        outputs: body.outputs ?? {},
      };
    case 'email':
      return { ...base, kind: body.kind, to: body.to, subject: body.subject, body: body.body };
    case 'notify':
      return { ...base, kind: body.kind, url: body.url, text: body.text };
  }
}

function toDeadline({ after, afterMs, outcome, escalateTo }: z.output<typeof manualDeadline>): ManualDeadline {
  const ms = after ?? afterMs ?? 0;
  // Teams beside another outcome are kept for the check to refuse.
  return outcome === 'escalate' || escalateTo
    ? ({ afterMs: ms, outcome, escalateTo: escalateTo ?? [] } as ManualDeadline)
    : { afterMs: ms, outcome };
}

const kinds: [StepKind, ...StepKind[]] = ['roll-out', 'manual', 'http', 'email', 'notify'];
const list = (of: string) => z.array(z.string()).describe(of);

/** One step of a process, as answers show it: its fields, defaults filled in. */
export const stepAnswer = z
  .strictObject({
    name: z.string().describe('Unique in the process.'),
    kind: z.enum(kinds).describe('What it does.'),
    environments: list('Only in these environments; empty: everywhere.'),
    notEnvironments: list('Nowhere in these environments.'),
    phases: list('Only in these phases; empty: in all.'),
    tenants: list('Only for these tenants; empty: for all.'),
    runWhen: z
      .union([
        z.enum(['success', 'failure', 'always']),
        z.strictObject({ expression: z.string().describe('CEL over `vars["Name"]`.') }),
      ])
      .describe('When it runs (PRO-8).'),
    start: z.enum(['after-previous', 'with-previous']).describe('After the step before it, or with it.'),
    required: z.boolean().describe('Whether nobody may skip it.'),
    instructions: z.string().optional().describe('Manual: what to do, in Markdown.'),
    teams: z.array(z.string()).optional().describe('Manual: the responsible teams.'),
    notesRequired: z.boolean().optional().describe('Manual: whether an answer needs notes.'),
    approvals: z.int().optional().describe('Manual: how many people must proceed.'),
    authorMaySubmit: z.boolean().optional().describe('Manual: whether an author of the release may answer.'),
    deadline: z
      .strictObject({
        afterMs: durationMs.describe('How long it may wait, in milliseconds.'),
        outcome: z.enum(['abort', 'proceed', 'escalate']).describe('What happens then (INT-6).'),
        escalateTo: z.array(z.string()).optional().describe('`escalate`: the teams that are responsible from then on.'),
      })
      .nullable()
      .optional()
      .describe('Manual: null: it waits.'),
    blockConcurrent: z.boolean().optional().describe('Manual: whether other deployments wait meanwhile (INT-9).'),
    method: z
      .enum(HTTP_METHODS as [HttpMethod, ...HttpMethod[]])
      .optional()
      .describe('Http: the request’s method.'),
    url: z
      .string()
      .optional()
      .describe(
        'Http and notify: where to. Of a chat’s webhook only holders of `PipelineEdit` see more than the origin.',
      ),
    headers: headers.optional().describe('Http: what is sent with it.'),
    body: z.unknown().optional().describe('Http: the request’s body; null: none. Email: the text, in Markdown.'),
    timeoutMs: durationMs.optional().describe('Http: how long one request may take.'),
    outputs: z.record(z.string(), z.string()).optional().describe('Http: output variables and where they are found.'),
    to: z.array(z.string()).optional().describe('Email: addresses.'),
    subject: z.string().optional().describe('Email: its subject.'),
    text: z.string().optional().describe('Notify: what is posted.'),
  })
  .meta({ id: 'SavedStep', description: 'One step of a deployment process (PRO-1).' });
