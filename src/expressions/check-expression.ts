import type { KnownVariables } from '../domain/known-variables';
import { isAmong, readExpression, type ExpressionFault } from './cel';

/**
 * What is wrong with a run condition at save (PRO-3); null: nothing. It is read, let through, answers true or false, and
 * names only variables that can exist.
 */
export function checkExpression(expression: string, names: KnownVariables): ExpressionFault | null {
  const read = readExpression(expression);
  if (!('variables' in read)) {
    return read;
  }
  const unknown = read.variables.find((variable) => !isAmong(variable, names));
  return unknown === undefined ? null : { message: names.whyNot(unknown.name), position: unknown.position };
}
