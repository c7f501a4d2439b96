import { z } from 'zod';
import { flagBody } from '../flags/flag-view';
import { environmentBody } from '../projects/environment-view';
import { projectBody } from '../projects/project-view';
import { slug } from '../schemas/common';
import { pipelineBody } from '../schemas/pipeline';
import { variableName } from '../schemas/variable';
import { serviceBody } from '../services/service-view';
import { teamBody } from '../users/team-view';
import { userBody } from '../users/user-view';
import { variableBody } from '../variables/variable-view';

const MOST_DOCUMENTS = 500;

const name = slug.describe('Its name in paths.');
const project = slug.describe('Name of the project it belongs to.');
const spec = 'As the body of the PUT of its kind.';

const projectDocument = z
  .strictObject({
    kind: z.literal('project').describe('A project.'),
    project: slug.optional().describe('The same as `name`; may be left out.'),
    name,
    spec: projectBody.describe(spec),
  })
  .refine((document) => document.project === undefined || document.project === document.name, {
    path: ['project'],
    error: 'Must be the same as name, or left out',
  })
  .meta({ id: 'ProjectDocument', description: 'A project to apply.' });

const userDocument = z
  .strictObject({ kind: z.literal('user').describe('A user.'), name, spec: userBody.describe(spec) })
  .meta({ id: 'UserDocument', description: 'A user to apply.' });

const teamDocument = z
  .strictObject({ kind: z.literal('team').describe('A team.'), name, spec: teamBody.describe(spec) })
  .meta({ id: 'TeamDocument', description: 'A team to apply.' });

const environmentDocument = z
  .strictObject({
    kind: z.literal('environment').describe('An environment.'),
    project,
    name,
    spec: environmentBody.describe(spec),
  })
  .meta({ id: 'EnvironmentDocument', description: 'An environment to apply.' });

const flagDocument = z
  .strictObject({ kind: z.literal('flag').describe('A flag.'), project, name, spec: flagBody.describe(spec) })
  .meta({ id: 'FlagDocument', description: 'A flag to apply.' });

const serviceDocument = z
  .strictObject({
    kind: z.literal('service').describe('A service.'),
    project,
    name,
    spec: serviceBody.describe('As the body of the PUT of its kind; its secrets are made by `POST …/secret` only.'),
  })
  .meta({ id: 'ServiceDocument', description: 'A service to apply.' });

const variableDocument = z
  .strictObject({
    kind: z.literal('variable').describe('A variable of a project, but no sensitive one: documents hold no secrets.'),
    project,
    name: variableName,
    spec: variableBody.describe(spec),
  })
  .meta({ id: 'VariableDocument', description: 'A variable to apply.' });

const pipelineDocument = z
  .strictObject({
    kind: z.literal('pipeline').describe('A pipeline.'),
    project,
    name,
    spec: pipelineBody.describe(spec),
  })
  .meta({ id: 'PipelineDocument', description: 'A pipeline to apply.' });

/** One thing to create or replace, as it can be kept in a repository (PIPE-7). */
export const applyDocument = z
  .discriminatedUnion('kind', [
    projectDocument,
    userDocument,
    teamDocument,
    environmentDocument,
    flagDocument,
    serviceDocument,
    variableDocument,
    pipelineDocument,
  ])
  .meta({ id: 'Document', description: 'One thing to create or replace.' });

export type ApplyDocument = z.output<typeof applyDocument>;

/** Body of `POST /v1/apply`. */
export const applyBody = z
  .strictObject({
    documents: z
      .array(applyDocument)
      .min(1)
      .max(MOST_DOCUMENTS)
      .describe('In any order: what others need is written first.'),
  })
  .meta({ id: 'Apply', description: 'Documents to apply, all or none.' });

const difference = z
  .strictObject({
    path: z.string().describe('Where, e.g. `phases[1].bakeMs`; empty: the thing itself.'),
    from: z.json().describe('What was there; null: nothing.'),
    to: z.json().describe('What is there now, or would be; null: nothing.'),
  })
  .meta({ id: 'Difference', description: 'One place in which a thing changes.' });

const appliedDocument = z
  .strictObject({
    kind: z
      .enum(['project', 'user', 'team', 'environment', 'flag', 'service', 'variable', 'pipeline'])
      .describe('Kind of the document.'),
    project: slug.nullable().describe('Name of the project it belongs to; null: none.'),
    name: z.string().describe('Its name in paths.'),
    outcome: z.enum(['created', 'changed', 'unchanged']).describe('What became of it, or would.'),
    difference: z.array(difference).describe('Every place in which it changes; empty for what stays as it is.'),
  })
  .meta({ id: 'AppliedDocument', description: 'What a document changes.' });

/** What `POST /v1/apply` answers. */
export const applyAnswer = z
  .strictObject({
    dryRun: z.boolean().describe('Nothing was written: this is what would change.'),
    documents: z.array(appliedDocument).describe('One for each document, in the order of the request.'),
  })
  .meta({ id: 'Applied', description: 'What an apply changed, or would change.' });
