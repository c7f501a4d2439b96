import type { Instant } from '../../domain/instant';
import { newId } from '../new-id';
import { lockEnvironments } from '../projects/lock-environments';
import { lockProjectById } from '../projects/lock-project-by-id';
import type { SecretBox } from '../secret-box';
import type { Unit } from '../store';
import { lockVariable, type VariableRow } from './find-variable';
import { openVariable, sealVariable } from './variable-value';

/** A variable as somebody wants it, and whose doing it is. */
export interface VariableToPut {
  projectId: string;
  name: string;
  /** null: as it is, which holds of one that is sensitive and stays so (HTTP-7). */
  value: string | null;
  /** null: as it is. */
  sensitive: boolean | null;
  /** Names; empty: all. */
  environments: readonly string[];
  secretBox: SecretBox;
  by: string;
  at: Instant;
  /** Judges the write inside its transaction, with the variable as it is then; what it throws leaves all as it was. */
  judge: (current: VariableRow | null) => void;
  /** Judges what is wanted, knowing what is there; must throw where a value is lacking. */
  judgeContent: (content: VariableContent) => void;
}

/** What a put comes to. */
export interface VariableContent {
  /** None is given, and there is none that could be kept. */
  lacksValue: boolean;
  sensitive: boolean;
  /** Of the environments that are named, those that exist. */
  environments: ReadonlySet<string>;
}

/** `gone`: the name belonged to a variable that was deleted (HTTP-1). `too-many`: the project has as many as it can. */
export type PutVariableOutcome =
  { kind: 'created' | 'changed' | 'unchanged' } | { kind: 'gone' } | { kind: 'too-many' };

/** Variables of a project, those that were deleted not counted: each of its deployments keeps all of them (VAR-6). */
export const MOST_VARIABLES = 500;

/**
 * Creates or replaces a variable; the same content changes nothing and is no event (HTTP-7). Allowed at any time: it is
 * read when a deployment starts (VAR-6). No event holds a value, whether sensitive or not: the audit is never erased, and
 * a value can turn out to have been a secret.
 */
export async function putVariable(unit: Unit, input: VariableToPut): Promise<PutVariableOutcome> {
  const { projectId, name, secretBox, at } = input;
  const known = await lockVariable(unit, projectId, name);
  if (known && known.deletedAt !== null) {
    return { kind: 'gone' };
  }
  input.judge(known);
  if (!known && (await isFull(unit, projectId))) {
    return { kind: 'too-many' };
  }

  const sensitive = input.sensitive ?? known?.sensitive === 1;
  const kept = known?.sensitive === 1 && sensitive && input.value === null ? known.value : null;
  const environmentIds = await lockEnvironments(unit, projectId, input.environments);
  const lacksValue = input.value === null && kept === null;
  input.judgeContent({ lacksValue, sensitive, environments: new Set(environmentIds.keys()) });

  const environments = JSON.stringify([...environmentIds.values()].sort());
  const isSameValue = kept !== null || (known !== null && hasValue(secretBox, known, sensitive, input.value));
  if (known && isSameValue && known.environments === environments) {
    return { kind: 'unchanged' };
  }
  const id = known?.id ?? newId();
  const value = kept ?? sealVariable(secretBox, id, given(input), sensitive);
  const content = { value, sensitive: sensitive ? (1 as const) : (0 as const), environments };
  if (known) {
    await unit.sql
      .updateTable('variables')
      .set((row) => ({ ...content, version: row('version', '+', 1) }))
      .where('id', '=', id)
      .execute();
  } else {
    await unit.sql
      .insertInto('variables')
      .values({ id, projectId, name, ...content, createdAt: at, deletedAt: null })
      .execute();
  }
  unit.record({
    type: known ? 'variable-changed' : 'variable-created',
    at,
    actorId: input.by,
    projectId,
    releaseId: null,
    data: { variable: name, variableId: id, environments: [...environmentIds.keys()].sort(), sensitive },
  });
  return { kind: known ? 'changed' : 'created' };
}

/** Asked by one at a time, so that two at once do not both become the last one. */
async function isFull(unit: Unit, projectId: string): Promise<boolean> {
  await lockProjectById(unit, projectId);
  const { count } = await unit.sql
    .selectFrom('variables')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('projectId', '=', projectId)
    .where('deletedAt', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count) >= MOST_VARIABLES;
}

/** Where the stored one cannot be opened with this key, another is a change: the way to mend that. */
function hasValue(secretBox: SecretBox, known: VariableRow, sensitive: boolean, value: string | null): boolean {
  if ((known.sensitive === 1) !== sensitive) {
    return false;
  }
  try {
    return openVariable(secretBox, known) === value;
  } catch {
    return false;
  }
}

function given({ name, value }: VariableToPut): string {
  if (value === null) {
    throw new Error(`The variable ${name} has no value, which its judge let pass`);
  }
  return value;
}
