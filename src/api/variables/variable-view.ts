import { z } from 'zod';
import type { VariableRecord } from '../../store/variables/variable-record';
import { etagOf } from '../etag';
import { instant, readOnly, slug, toInstant } from '../schemas/common';
import { variableExample, variableSettingsExample } from '../schemas/examples';
import { variableName, variableValue } from '../schemas/variable';

export const variableParams = z.strictObject({
  project: slug.describe('Name of the project.'),
  variable: variableName.describe('Name of the variable.'),
});

/** Body of PUT, and `spec` of an applied document. */
export const variableBody = z
  .strictObject({
    value: variableValue
      .nullable()
      .describe('Any text of at most 32 KB. null, as GET shows it, keeps one that was sensitive and stays so.'),
    environments: z
      .array(z.string())
      .optional()
      .describe('Names of the environments in which it has this value; left out or empty: in all.'),
    tenants: z.array(z.string()).optional().describe('Must be empty: there are no tenants so far.'),
    sensitive: z
      .boolean()
      .optional()
      .describe(
        'Whether the value is never shown again. Left out: as it is, so that nobody shows one by leaving a field out; ' +
          'a new one is not.',
      ),
    name: readOnly,
    project: readOnly,
    createdAt: readOnly,
  })
  .meta({ id: 'VariableSettings', examples: [variableSettingsExample], description: 'What can be set of a variable.' });

export type VariableBody = z.output<typeof variableBody>;

/** A variable as every answer shows it. */
export const variableAnswer = z
  .strictObject({
    name: variableName,
    project: slug.describe('Name of its project.'),
    value: z.string().nullable().describe('Its value; null: it is sensitive.'),
    environments: z.array(z.string()).describe('Names of the environments in which it has it; empty: in all.'),
    tenants: z.array(z.string()).describe('Always empty so far.'),
    sensitive: z.boolean().describe('Whether the value is never shown again.'),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({
    id: 'Variable',
    examples: [variableExample],
    description: 'A variable of a project (VAR-6); also a valid body of PUT (HTTP-7).',
  });

/** Changes with everything that can be set of it, and says nothing of the value (HTTP-7). */
export function variableEtag({ id, version }: { id: string; version: number }): string {
  return etagOf('variable', id, version);
}

export function showVariable(variable: VariableRecord, project: string): z.input<typeof variableAnswer> {
  return {
    name: variable.name,
    project,
    ...showVariableSettings(variable),
    createdAt: toInstant(variable.createdAt),
  };
}

/** What can be set of it, as `apply` compares it. */
export function showVariableSettings({ value, environments, sensitive }: VariableRecord) {
  const isSensitive = sensitive === 1;
  return { value: isSensitive ? null : value, environments, tenants: [], sensitive: isSensitive };
}
