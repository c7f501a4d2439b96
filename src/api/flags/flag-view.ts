import { z } from 'zod';
import type { FlagInFull } from '../../store/flags/get-flag';
import type { FlagRecord } from '../../store/flags/flag-record';
import { instant, readOnly, slug, toInstant } from '../schemas/common';
import { flagDefinition } from '../schemas/flag-definition';

export const flagParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  flag: slug.describe('Name of the flag.'),
});

const kind = z.enum(['gate', 'config']).describe('`gate`: a boolean; `config`: a JSON object. Never changes (FLG-1).');

/** Body of PUT, and `spec` of an applied document. */
export const flagBody = z
  .strictObject({
    kind,
    definition: flagDefinition,
    description: z.string().max(2_000).optional().describe('For people; empty if left out.'),
    name: readOnly,
    project: readOnly,
    createdAt: readOnly,
    release: readOnly,
    queued: readOnly,
    environments: readOnly,
  })
  .meta({ id: 'FlagSettings', description: 'What can be set of a flag.' });

const fields = {
  name: slug.describe('Its name in paths, and its key for clients.'),
  project: slug.describe('Name of its project.'),
  kind,
  definition: flagDefinition.describe('What was last put to all environments, or completed by a release.'),
  description: z.string().describe('For people.'),
  createdAt: instant.describe('When it was created.'),
};

const inEnvironment = z
  .strictObject({
    environment: slug.describe('Name of the environment.'),
    definition: flagDefinition.describe('What is live: everyone gets it whom no running release reaches.'),
    release: z
      .string()
      .nullable()
      .describe('Id of the release whose definition some clients get here already; null: everyone gets what is live.'),
  })
  .meta({ id: 'FlagInEnvironment', description: 'What clients of one environment see of a flag.' });

/** A flag with what is live where, as GET and PUT answer it. */
export const flagAnswer = z
  .strictObject({
    ...fields,
    release: z.string().nullable().describe('Id of the release that is changing it; null: none.'),
    queued: z.array(z.string()).describe('Ids of the releases that wait for it, first come first (REL-3).'),
    environments: z.array(inEnvironment).describe('What is live in each environment, in their order.'),
  })
  .meta({ id: 'Flag', description: 'A gate or a dynamic config; also a valid body of PUT (HTTP-7).' });

/** A flag in a list. */
export const listedFlag = z.strictObject(fields).meta({ id: 'ListedFlag', description: 'A flag as lists show it.' });

export function showFlag(flag: FlagInFull, project: string): z.input<typeof flagAnswer> {
  return {
    ...showListedFlag(flag, project),
    release: flag.releaseId,
    queued: flag.queued,
    environments: flag.environments.map(({ slug: environment, live, releaseId }) => ({
      environment,
      definition: live,
      release: releaseId,
    })),
  };
}

export function showListedFlag(flag: FlagRecord, project: string): z.input<typeof listedFlag> {
  const { slug: name, kind: ofKind, definition, description, createdAt } = flag;
  return { name, project, kind: ofKind, definition, description, createdAt: toInstant(createdAt) };
}
