import type { Instant } from '../../domain/instant';
import type { Unit } from '../store';

/** A line of a deployment's log, for people; no values of variables. */
export interface LogLine {
  at: Instant;
  /** Name of the step; null: of the whole deployment. */
  step: string | null;
  message: string;
}

/** Adds to a deployment's log. The release's row is locked, so that numbers are handed out in turn. */
export async function logDeployment(unit: Unit, deploymentId: string, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) {
    return;
  }
  const { last } = await unit.sql
    .selectFrom('deploymentLog')
    .select((row) => row.fn.max('number').as('last'))
    .where('deploymentId', '=', deploymentId)
    .executeTakeFirstOrThrow();
  const first = Number(last ?? 0) + 1;
  await unit.sql
    .insertInto('deploymentLog')
    .values(lines.map((line, index) => ({ deploymentId, number: first + index, ...line })))
    .execute();
}
