import { z } from 'zod';
import { CHANGE_SET_LIMITS, type TriggerChange } from '../../domain/change-set';
import { flagDefinition, toDefinition } from './flag-definition';
import { releaseSource } from './release';

const triggerChange = z
  .strictObject({
    flag: z.string().max(200).describe('Name of the flag.'),
    definition: flagDefinition.describe('What the flag becomes.'),
    environments: z
      .array(z.string().max(200))
      .optional()
      .describe('Names of the environments whose answers change; left out: all of the project (CHG-3).'),
    base: z
      .string()
      .max(200)
      .optional()
      .describe(
        'The flag’s ETag that the change was made from; when the flag has another by then, the trigger is refused.',
      ),
  })
  .meta({ id: 'Change', description: 'One change of a trigger (CHG-1).' });

const label = z.string().trim().min(1).max(100);

/** Body of a trigger. */
export const triggerBody = z
  .strictObject({
    changes: z.array(triggerChange).meta({
      minItems: 1,
      maxItems: CHANGE_SET_LIMITS.changes,
      description: 'What the release changes; at most 512 KB in all (CHG-1). Takes effect in this order.',
    }),
    reason: z.string().trim().min(1).max(2_000).optional().describe('Why; stays on the release and in the audit.'),
    source: releaseSource.optional().describe('The CI run that triggers it (REL-5).'),
    labels: z.array(label).max(50).optional().describe('Free words to find it by; stay on the release (REL-5).'),
    whenBusy: z
      .enum(['reject', 'queue'])
      .optional()
      .describe('What to do when a flag is in another release (REL-3): 409 (if left out), or wait in its queue.'),
  })
  .meta({ id: 'Trigger', description: 'One change set to be taken through the phases of a pipeline (REL-1).' });

/** The change set as the domain judges it. */
export function toChanges(body: z.output<typeof triggerBody>): TriggerChange[] {
  return body.changes.map(({ flag, definition, environments, base }) => ({
    flag,
    definition: toDefinition(definition),
    ...(environments !== undefined && { environments }),
    ...(base !== undefined && { base }),
  }));
}
