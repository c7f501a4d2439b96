import { z } from 'zod';
import { CHANGE_SET_LIMITS, type TriggerChange } from '../../domain/change-set';
import { PROCESS_LIMITS } from '../../domain/process-limits';
import { flagDefinition, toDefinition } from './flag-definition';
import { releaseSource } from './release';

const flagChange = z
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
  .meta({ id: 'FlagChange', description: 'A change of one flag (CHG-1).' });

const serviceChange = z
  .strictObject({
    service: z.string().max(200).describe('Name of the service.'),
    version: z.string().meta({
      minLength: 1,
      maxLength: CHANGE_SET_LIMITS.versionLength,
      description: 'What is to be deployed, in words that the service’s endpoints understand.',
    }),
    environments: z
      .array(z.string().max(200))
      .optional()
      .describe('Names of the environments it may go to; left out: all in which the service has an endpoint (CHG-3).'),
  })
  .meta({ id: 'ServiceChange', description: 'A new version of one service (CHG-1).' });

const label = z.string().trim().min(1).max(100);

/** Body of a trigger. */
export const triggerBody = z
  .strictObject({
    changes: z.array(z.union([flagChange, serviceChange])).meta({
      minItems: 1,
      maxItems: CHANGE_SET_LIMITS.changes,
      description: 'What the release changes; at most 512 KB in all (CHG-1). Takes effect in this order.',
    }),
    reason: z.string().trim().min(1).max(2_000).optional().describe('Why; stays on the release and in the audit.'),
    source: releaseSource.optional().describe('The CI run that triggers it (REL-5).'),
    labels: z.array(label).max(50).optional().describe('Free words to find it by; stay on the release (REL-5).'),
    skipSteps: z
      .array(z.string().max(200))
      .max(PROCESS_LIMITS.steps)
      .optional()
      .describe('Names of steps to leave out in every deployment; required ones cannot be (PRO-4).'),
    whenBusy: z
      .enum(['reject', 'queue'])
      .optional()
      .describe(
        'What to do when a flag or service is in another release (REL-3): 409 (if left out), or wait in its queue.',
      ),
  })
  .meta({ id: 'Trigger', description: 'One change set to be taken through the phases of a pipeline (REL-1).' });

/** The change set as the domain judges it. */
export function toChanges(body: z.output<typeof triggerBody>): TriggerChange[] {
  return body.changes.map((change): TriggerChange => {
    const environments = change.environments === undefined ? {} : { environments: change.environments };
    if ('service' in change) {
      const { service, version } = change;
      return { service, version, ...environments };
    }
    const { flag, definition, base } = change;
    return { flag, definition: toDefinition(definition), ...environments, ...(base !== undefined && { base }) };
  });
}
