import type { Unit } from '../store';
import { lockProjectById } from '../projects/lock-project-by-id';
import { raiseRevisions } from './raise-revisions';

/** Makes every flag of the project live in a new environment, with the flag's own definition. */
export async function addFlagsToEnvironment(unit: Unit, projectId: string, environmentId: string): Promise<void> {
  await lockProjectById(unit, projectId);
  await unit.sql
    .insertInto('flagEnvironments')
    .columns(['flagId', 'environmentId', 'definition', 'version'])
    .expression((builder) =>
      builder
        .selectFrom('flags')
        .where('projectId', '=', projectId)
        .select((row) => [
          'flags.id as flagId',
          row.val(environmentId).as('environmentId'),
          'flags.definition',
          row.lit(1).as('version'),
        ]),
    )
    .execute();
  await raiseRevisions(unit, [environmentId]);
}
