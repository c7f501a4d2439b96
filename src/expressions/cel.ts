import type * as Cel from '@marcbachmann/cel-js' with { 'resolution-mode': 'import' };
import { PROCESS_LIMITS } from '../domain/process-limits';
import { canonicalName } from '../domain/variables';

/*
 * Run conditions are CEL over `vars["Name"]` (PRO-3), of which only what is listed here is let through. So nothing loops
 * (no macros), nothing runs long (no regular expressions), nothing reads the machine's time zone or clock (no timestamps
 * and durations), and nothing grows: a text is no longer than what was put into it.
 */

// The package is an ES module; Node's own require loads it (from 20.19 on), while `import` in CommonJS needs a Promise.
const { Environment } = require('@marcbachmann/cel-js') as typeof Cel;

/** Bounds of an expression; a person reads it in one line. */
const EXPRESSION_LIMITS = { characters: PROCESS_LIMITS.expressionLength, nodes: 300, depth: 30 } as const;

/** A variable that an expression asks for. */
export interface NamedVariable {
  /** As written. */
  name: string;
  /** Where in the expression: characters before it. */
  position: number;
}

/** What is wrong with an expression, in half a sentence, and where. */
export interface ExpressionFault {
  message: string;
  /** Characters before it. */
  position: number;
}

/** An expression that is let through and answers true or false. */
export interface ReadExpression {
  variables: NamedVariable[];
  /** Throws what CEL throws. */
  evaluate: (values: ReadonlyMap<string, string>) => unknown;
}

/** Reads an expression, and says all that can be known about it without values. Never throws. */
export function readExpression(expression: string): ReadExpression | ExpressionFault {
  if (expression.length > EXPRESSION_LIMITS.characters) {
    return { message: `must have at most ${EXPRESSION_LIMITS.characters} characters`, position: 0 };
  }
  try {
    const parsed = cel.parse(expression);
    const variables: NamedVariable[] = [];
    const fault = refuse(parsed.ast, variables);
    if (fault) {
      return fault;
    }
    const { error, type } = parsed.check();
    if (error) {
      return faultOf(error);
    }
    return type === 'bool'
      ? { variables, evaluate: (values) => parsed({ vars: values }) as unknown }
      : { message: `must answer true or false, and answers ${type}`, position: 0 };
  } catch (error) {
    return faultOf(error);
  }
}

/** One for all: it keeps nothing of the expressions it has read. */
const cel: Cel.Environment = new Environment({
  limits: { maxAstNodes: EXPRESSION_LIMITS.nodes, maxDepth: EXPRESSION_LIMITS.depth },
})
  .registerVariable('vars', 'map<string, string>')
  .registerFunction('wholeNumber(string): int', wholeNumber)
  .registerFunction('wholeNumber(int): int', (value: bigint) => value)
  .registerFunction('wholeNumber(double): int', (value: number) => wholeNumber(String(Math.trunc(value))));

/** Replaces CEL's own `int`, to which an empty text is 0: a variable of a step that did not run would be a number. */
function wholeNumber(text: string): bigint {
  if (!/^[+-]?\d{1,18}$/.test(text)) {
    throw Object.assign(new Error('no whole number'), { code: 'int_conversion_error' });
  }
  return BigInt(text.replace('+', ''));
}

const OPERATORS: readonly string[] = [
  ...['!_', '-_', '+', '-', '*', '/', '%', '&&', '||', '?:'],
  ...['==', '!=', '<', '<=', '>', '>=', 'in'],
];
const FUNCTIONS: readonly string[] = ['int', 'double', 'string', 'bool', 'size'];
const METHODS: readonly string[] = [
  ...['startsWith', 'endsWith', 'contains', 'size', 'trim', 'lowerAscii', 'upperAscii'],
];
const ITERATIONS: readonly string[] = ['all', 'exists', 'exists_one', 'map', 'filter'];

/** The first thing that is not let through; null: all is. Recursion is safe: parsing has bounded the nodes. */
function refuse(node: Cel.ASTNode, variables: NamedVariable[]): ExpressionFault | null {
  const fault = (message: string): ExpressionFault => ({ message, position: node.start });
  switch (node.op) {
    case 'value':
      return ['string', 'bigint', 'number', 'boolean'].includes(typeof node.args)
        ? null
        : fault('must hold no values but texts, numbers, true and false');
    case '[]': {
      const [map, key] = node.args;
      if (map.op !== 'id' || map.args !== 'vars' || key.op !== 'value' || typeof key.args !== 'string') {
        return fault('must use [ ] only to name a variable: vars["Name"], its name spelled out');
      }
      variables.push({ name: key.args, position: key.start });
      return null;
    }
    case 'id':
      return fault(`must name variables as vars["Name"], and ${node.args.slice(0, 100)} is none`);
    case '.':
      return fault('must have no fields: variables are named as vars["Name"]');
    case 'list':
      return refuseFirst(node.args, variables);
    case 'call':
      return refuseCall(node, node.args[0], FUNCTIONS) ?? refuseFirst(renamed(node.args), variables);
    case 'rcall':
      return refuseCall(node, node.args[0], METHODS) ?? refuseFirst([node.args[1], ...node.args[2]], variables);
    default:
      return OPERATORS.includes(node.op)
        ? refuseFirst((Array.isArray(node.args) ? node.args : [node.args]) as Cel.ASTNode[], variables)
        : fault('must hold no maps');
  }
}

function refuseFirst(nodes: readonly Cel.ASTNode[], variables: NamedVariable[]): ExpressionFault | null {
  for (const node of nodes) {
    const fault = refuse(node, variables);
    if (fault) {
      return fault;
    }
  }
  return null;
}

function refuseCall({ start }: Cel.ASTNode, name: string, allowed: readonly string[]): ExpressionFault | null {
  if (allowed.includes(name)) {
    return null;
  }
  const known = allowed.map((each) => `${each}()`).join(', ');
  const message =
    name === 'matches'
      ? 'must not use matches(): a regular expression may run for minutes'
      : ITERATIONS.includes(name)
        ? `must not use ${name}(): conditions do not loop`
        : `must not use ${name.slice(0, 100)}(), only ${known}`;
  return { message, position: start };
}

/** `int` is ours; see {@link wholeNumber}. */
function renamed(call: [string, Cel.ASTNode[]]): Cel.ASTNode[] {
  if (call[0] === 'int') {
    call[0] = 'wholeNumber';
  }
  return call[1];
}

/** What CEL says is wrong, without its drawing of the place. */
function faultOf(error: unknown): ExpressionFault {
  const { code, summary, message, range } = error as CelFault;
  // The lexer reads code units: what it quotes may be half a character.
  const said = (summary ?? message)
    .replaceAll('wholeNumber(', 'int(')
    .replace(/\p{Cs}/gu, '\ufffd')
    .slice(0, 200);
  const hint = code === 'no_such_overload' ? '; variables are texts, int() and double() make numbers of them' : '';
  return { message: `must be an expression: ${said}${hint}`, position: range?.start ?? 0 };
}

/** The error of the package; all of it is missing where something else was thrown. */
interface CelFault {
  message: string;
  code?: string;
  summary?: string;
  range?: { start: number };
}

/** Whether the variable is among these, whichever of its two forms was written (VAR-1). */
export function isAmong({ name }: NamedVariable, names: { has: (name: string) => boolean }): boolean {
  return names.has(canonicalName(name));
}
