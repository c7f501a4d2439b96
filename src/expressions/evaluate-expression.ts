import { canonicalName } from '../domain/variables';
import { quoted } from '../domain/quoted';
import { isAmong, readExpression } from './cel';

/** What a run condition says, or why it cannot be evaluated, in a clause. That holds no value: one may be sensitive (VAR-4). */
export type ExpressionAnswer = { kind: 'answer'; value: boolean } | { kind: 'failed'; detail: string };

/** Characters of all values that an expression asks for, each as often as it does: what bounds the time it takes. */
const LONGEST_VALUES = 256 * 1024;

/**
 * Asks a run condition (PRO-3). Never throws, whatever expression and values hold. The same expression and values give
 * the same answer; what is replayed is the answer, as other versions may know other functions.
 *
 * @param values by canonical name
 */
export function evaluateExpression(expression: string, values: ReadonlyMap<string, string>): ExpressionAnswer {
  const read = readExpression(expression);
  if (!('variables' in read)) {
    return failed(`it ${read.message} (character ${read.position + 1})`);
  }
  const missing = read.variables.find((variable) => !isAmong(variable, values));
  if (missing) {
    return failed(`it names the variable ${quoted(missing.name)}, which does not exist here`);
  }
  const named = read.variables.map(({ name }): [string, string] => [name, values.get(canonicalName(name)) ?? '']);
  if (named.reduce((sum, [, value]) => sum + value.length, 0) > LONGEST_VALUES) {
    return failed(`it names variables of more than ${LONGEST_VALUES} characters together`);
  }
  try {
    const value = read.evaluate(new Map(named));
    return typeof value === 'boolean' ? { kind: 'answer', value } : failed('it did not answer true or false');
  } catch (error) {
    return failed(detailOf(error, expression));
  }
}

/** What went wrong and where; the message of CEL itself may repeat a value. */
function detailOf(error: unknown, expression: string): string {
  const { code, range } = error as { code?: string; range?: { start: number; end: number } };
  const what = (code === undefined ? undefined : WHAT_FAILED[code]) ?? 'has no answer';
  const where = range ? expression.slice(range.start, range.end) : expression;
  return `${quoted(where)} ${what}`;
}

const WHAT_FAILED: Readonly<Record<string, string>> = {
  int_conversion_error: 'is not given a whole number',
  double_conversion_error: 'is not given a number',
  bool_conversion_error: 'is given neither true nor false',
  numeric_overflow: 'is beyond what a number can be',
  division_by_zero: 'divides by zero',
  modulo_by_zero: 'divides by zero',
};

function failed(detail: string): ExpressionAnswer {
  return { kind: 'failed', detail };
}
