import type { Instant } from '../../domain/instant';
import { usesVariable } from '../../domain/variable-uses';
import { pipelinesInUse } from '../projects/live-releases';
import type { Unit } from '../store';
import { lockVariable, type VariableRow } from './find-variable';

/** `busy` names the pipelines and releases whose process uses it. */
export type DeleteVariableOutcome =
  { kind: 'deleted' } | { kind: 'unknown' } | { kind: 'gone' } | { kind: 'busy'; users: string[] };

export interface VariableToDelete {
  projectId: string;
  name: string;
  by: string;
  at: Instant;
  /** Judges the deletion inside its transaction, with the variable as it is then. */
  judge: (current: VariableRow) => void;
}

/**
 * Deletes a variable softly (HTTP-7): its name is not given again. Its value is erased, as nothing reads it any more.
 * A pipeline that is saved at the same time may name it afterwards: that is so of any name, and found when it is run.
 */
export async function deleteVariable(unit: Unit, input: VariableToDelete): Promise<DeleteVariableOutcome> {
  const { projectId, name, by, at } = input;
  const known = await lockVariable(unit, projectId, name);
  if (!known) {
    return { kind: 'unknown' };
  }
  if (known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);

  const users = (await pipelinesInUse(unit.sql, projectId)).filter(({ pipeline }) => usesVariable(pipeline, name));
  if (users.length > 0) {
    return { kind: 'busy', users: users.map(({ user }) => user) };
  }
  await unit.sql
    .updateTable('variables')
    .set((row) => ({ value: '', environments: '[]', deletedAt: at, version: row('version', '+', 1) }))
    .where('id', '=', known.id)
    .execute();
  unit.record({
    type: 'variable-deleted',
    at,
    actorId: by,
    projectId,
    releaseId: null,
    data: { variable: name, variableId: known.id },
  });
  return { kind: 'deleted' };
}
