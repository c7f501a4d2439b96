import { z } from 'zod';
import { CONDITION_LIMITS } from '../../domain/phase-filter';
import {
  RELEASE_ACTIONS,
  type Condition,
  type Operator,
  type Phase,
  type Pipeline,
  type ReleaseAction,
  type Review,
} from '../../domain/pipeline';
import { PIPELINE_LIMITS } from '../../domain/pipeline-check';
import { PROCESS_LIMITS } from '../../domain/process-limits';
import { durationMs, durationToJudge, instant, readOnly, slug } from './common';
import { stepAnswer, stepBody, toStep } from './process';

const OPERATORS: Operator[] = [
  ...(['in', 'not_in', 'starts_with', 'ends_with', 'contains', '=', '!=', '<', '<=', '>', '>='] as const),
  ...(['sem_ver_=', 'sem_ver_!=', 'sem_ver_<', 'sem_ver_<=', 'sem_ver_>', 'sem_ver_>=', 'percentage'] as const),
];

/*
 * Types are judged here, values by the domain (`checkPipeline`): so bad durations, unknown environments and conditions
 * that do not type-check are listed together (PIPE-4). What the domain bounds is written into the JSON Schema as well,
 * for editors.
 *
 * Every GET body is a valid PUT body (HTTP-7), and answers carry milliseconds (HTTP-2). So a duration has two names: a
 * body may give `bake` or `bakeMs`, and where it gives both (a GET body into which somebody wrote `bake`) `bake` is
 * what they want. What only a GET has (`version`, …) is known, and ignored.
 */

const ms = z.number();

const condition = z
  .strictObject({
    attribute: z
      .string()
      .nullable()
      .optional()
      .describe(
        'Name of the context’s attribute. Only `percentage` may leave it out: it then takes the targeting key.',
      ),
    operator: z.string().meta({
      enum: OPERATORS,
      description: 'How attribute and values compare. A missing or wrongly typed attribute matches none (FLG-7).',
    }),
    values: z.array(z.unknown()).meta({
      items: { type: ['string', 'number', 'boolean'] },
      minItems: 1,
      maxItems: CONDITION_LIMITS.values,
      description: 'What to compare with, all of one type; `percentage` takes one number from 0 to 100.',
    }),
  })
  .meta({ id: 'Condition', description: 'One test of a context’s attribute.' });

const rule = z
  .strictObject({
    environments: z.array(z.string()).meta({
      minItems: 1,
      maxItems: PIPELINE_LIMITS.environmentsPerRule,
      description: 'Names of the environments in which the phase takes effect.',
    }),
    conditions: z.array(condition).optional().meta({
      maxItems: CONDITION_LIMITS.conditions,
      description: 'For whom; all must hold. None: for everybody in these environments.',
    }),
  })
  .meta({
    id: 'Rule',
    description: 'Environments and conditions; a phase reaches whoever matches one of its rules (PIPE-2).',
  });

const reviewDeadline = z
  .strictObject({
    after: durationToJudge
      .optional()
      .describe('How long the review may stay open, from its opening: a duration of more than 0.'),
    afterMs: ms.optional().describe('The same in milliseconds, as answers give it; `after` wins.'),
    outcome: z
      .enum(['abort', 'proceed', 'keep-waiting'])
      .describe('What happens when nobody has answered by then (REL-10).'),
  })
  .meta({ id: 'ReviewDeadline', description: 'Until when a review wants an answer, and what happens without one.' });

const review = z
  .strictObject({
    teams: z.array(z.string()).optional().meta({
      maxItems: PIPELINE_LIMITS.teamsPerReview,
      description:
        'A member of one of these may approve, and nobody else; none: whoever holds `ReleaseApprove` (SEC-4).',
    }),
    approvals: z.number().optional().meta({
      minimum: 1,
      maximum: PIPELINE_LIMITS.approvals,
      description: 'How many different people must approve; 1 if left out.',
    }),
    authorMayApprove: z.boolean().optional().describe('Whether an author of the release counts; false if left out.'),
    deadline: reviewDeadline.nullable().optional().describe('null or left out: the review waits.'),
  })
  .meta({ id: 'Review', description: 'Consent needed before a phase starts (REL-10).' });

const phase = z
  .strictObject({
    name: z.string().meta({ maxLength: PIPELINE_LIMITS.nameLength, description: 'Unique in the pipeline.' }),
    bake: durationToJudge
      .optional()
      .describe('How long to wait after the phase’s deployments, e.g. `30m`; left out: not at all (REL-23).'),
    bakeMs: ms.optional().describe('The same in milliseconds, as answers give it; `bake` wins.'),
    requiredReview: z
      .union([z.literal(false), review], { error: 'Must be false, or an object that says who reviews, such as {}' })
      .optional()
      .describe('Consent needed before the phase starts; false or left out: none.'),
    rules: z.array(rule).meta({
      minItems: 1,
      maxItems: PIPELINE_LIMITS.rulesPerPhase,
      description: 'Where and for whom the phase takes effect.',
    }),
  })
  .meta({ id: 'Phase', description: 'One ordered step of a pipeline (PIPE-1).' });

/** A pipeline's definition as a body: of PUT, and as `spec` of an applied document. */
export const pipelineBody = z
  .strictObject({
    phases: z.array(phase).meta({
      minItems: 1,
      maxItems: PIPELINE_LIMITS.phases,
      description: 'In the order in which a release goes through.',
    }),
    process: z.array(stepBody).optional().meta({
      maxItems: PROCESS_LIMITS.steps,
      description:
        'The steps of each deployment, in order (PRO-1); without a `roll-out` among them, one comes first (PRO-7).',
    }),
    guidedFailure: z
      .boolean()
      .optional()
      .describe('Whether a step that fails asks a person first: fail, retry or ignore (INT-10). false if left out.'),
    onFailure: z.enum(['hold', 'abort']).optional().describe('What a failed phase does (REL-22); `hold` if left out.'),
    reasonRequired: z
      .array(z.string().meta({ enum: RELEASE_ACTIONS }))
      .optional()
      .describe('Actions that need a reason (REL-25).'),
    project: readOnly,
    name: readOnly,
    version: readOnly,
    latestVersion: readOnly,
    createdAt: readOnly,
    savedAt: readOnly,
    savedBy: readOnly,
    warnings: readOnly,
  })
  .meta({ id: 'PipelineDefinition', description: 'Ordered phases (PIPE-1); checked as a whole (PIPE-4).' });

/**
 * The domain's pipeline from a body, defaults filled in: what is compared for "same content" (PIPE-5) and stored. Its
 * values are as they came: `checkPipeline` is next.
 */
export function toPipeline(body: z.output<typeof pipelineBody>): Pipeline {
  return {
    phases: body.phases.map(toPhase),
    process: (body.process ?? []).map(toStep),
    guidedFailure: body.guidedFailure ?? false,
    onFailure: body.onFailure ?? 'hold',
    reasonRequired: (body.reasonRequired ?? []) as ReleaseAction[],
  };
}

function toPhase(body: z.output<typeof phase>): Phase {
  return {
    name: body.name,
    bakeMs: body.bake ?? body.bakeMs ?? 0,
    requiredReview: body.requiredReview ? toReview(body.requiredReview) : null,
    rules: body.rules.map(({ environments, conditions = [] }) => ({
      environments,
      conditions: conditions.map(({ attribute, operator, values }) => ({
        attribute: attribute ?? null,
        operator: operator as Operator,
        values: values as Condition['values'],
      })),
    })),
  };
}

function toReview({ teams, approvals, authorMayApprove, deadline }: z.output<typeof review>): Review {
  return {
    teams: teams ?? [],
    approvals: approvals ?? 1,
    authorMayApprove: authorMayApprove ?? false,
    deadline: deadline ? { afterMs: deadline.after ?? deadline.afterMs ?? 0, outcome: deadline.outcome } : null,
  };
}

const warning = z
  .strictObject({
    path: z.string().describe('Where in the definition.'),
    message: z.string().describe('What its author should know.'),
  })
  .meta({ id: 'Warning', description: 'Nothing wrong, and perhaps not what was meant (PIPE-4).' });

const phaseAnswer = z
  .strictObject({
    name: z.string().describe('Unique in the pipeline.'),
    bakeMs: durationMs.describe('How long to wait after the phase’s deployments, in milliseconds.'),
    requiredReview: z
      .union([
        z.literal(false),
        z
          .strictObject({
            teams: z
              .array(slug)
              .describe('A member of one of these may approve; none: whoever holds `ReleaseApprove`.'),
            approvals: z.int().describe('How many different people must approve.'),
            authorMayApprove: z.boolean().describe('Whether an author of the release counts.'),
            deadline: z
              .strictObject({
                afterMs: durationMs.describe('How long the review may stay open, in milliseconds.'),
                outcome: z.enum(['abort', 'proceed', 'keep-waiting']).describe('What happens then (REL-10).'),
              })
              .nullable()
              .describe('null: the review waits.'),
          })
          .meta({ id: 'SavedReview', description: 'Consent needed before a phase starts (REL-10).' }),
      ])
      .describe('Consent needed before the phase starts; false: none.'),
    rules: z
      .array(
        z.strictObject({
          environments: z.array(slug).describe('Where the phase takes effect.'),
          conditions: z
            .array(
              z.strictObject({
                attribute: z.string().nullable().describe('Name of the attribute; null: the targeting key.'),
                operator: z.enum(OPERATORS).describe('How attribute and values compare.'),
                values: z.array(z.union([z.string(), z.number(), z.boolean()])).describe('What to compare with.'),
              }),
            )
            .describe('For whom; all must hold. None: for everybody in these environments.'),
        }),
      )
      .describe('Where and for whom the phase takes effect.'),
  })
  .meta({ id: 'SavedPhase', description: 'One ordered step of a pipeline (PIPE-1).' });

const pipelineFields = {
  project: slug.describe('Name of its project.'),
  name: slug.describe('Its name.'),
  version: z.int().describe('The version shown: raised by every change of content (PIPE-5).'),
  latestVersion: z.int().describe('The version that a trigger pins now.'),
  createdAt: instant.describe('When the pipeline was made.'),
  savedAt: instant.describe('When this version was saved.'),
  savedBy: slug.nullable().describe('Name of the user who saved this version; null: Sluice itself.'),
};

/** A version of a pipeline, as GET and PUT answer it. */
export const pipelineAnswer = z
  .strictObject({
    ...pipelineFields,
    phases: z.array(phaseAnswer).describe('In the order in which a release goes through.'),
    process: z.array(stepAnswer).describe('The steps of each deployment, as written; empty: the roll-out alone.'),
    guidedFailure: z.boolean().describe('Whether a step that fails asks a person first (INT-10).'),
    onFailure: z.enum(['hold', 'abort']).describe('What a failed phase does (REL-22).'),
    reasonRequired: z.array(z.enum(RELEASE_ACTIONS)).describe('Actions that need a reason (REL-25).'),
    warnings: z.array(warning).describe('What its author should know, as of now (PIPE-4).'),
  })
  .meta({ id: 'Pipeline', description: 'A pipeline in one of its versions; also a valid body of PUT (HTTP-7).' });

/** A pipeline in a list. */
export const listedPipeline = z
  .strictObject({ ...pipelineFields, phases: z.array(z.string()).describe('Names of its phases, in order.') })
  .meta({ id: 'ListedPipeline', description: 'A pipeline as lists show it: its latest version.' });

/** The definition as answers show it. */
export function fromPipeline(pipeline: Pipeline) {
  return {
    phases: pipeline.phases.map(({ requiredReview, ...rest }) => ({
      ...rest,
      requiredReview: requiredReview ?? (false as const),
    })),
    process: pipeline.process,
    guidedFailure: pipeline.guidedFailure,
    onFailure: pipeline.onFailure,
    reasonRequired: pipeline.reasonRequired,
  };
}
