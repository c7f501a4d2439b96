/**
 * What a flag definition may be: flagd's schema (FLG-1), within bounds that keep its evaluation small (FLG-9), and with
 * targeting whose results can be read off it. Only then can two definitions be merged into one flag (FLG-5), and only
 * then is it certain that targeting never answers a variant that does not exist.
 */
import type { Fault } from './fault';
import type { FlagKind } from './flag';

/** Bounds of a definition (FLG-9). */
export const DEFINITION_LIMITS = {
  /** Of its JSON, in UTF-8. */
  bytes: 64 * 1024,
  /** Objects and lists inside one another, the definition itself being the first. */
  depth: 32,
  /** Values of any kind, the definition and each member counted. */
  nodes: 1_000,
  variants: 100,
  variantNameLength: 100,
} as const;

const LARGEST_WEIGHT = 2 ** 31 - 1;
const FIELDS: readonly string[] = ['state', 'variants', 'defaultVariant', 'targeting'];

/** flagd's operators with the number of their arguments. `reduce` and `$ref` are known, and refused with a reason. */
const ARGUMENTS: Record<string, readonly [least: number, most: number]> = {
  if: [1, Infinity],
  '==': [2, 2],
  '===': [2, 2],
  '!=': [2, 2],
  '!==': [2, 2],
  '<': [2, 3],
  '<=': [2, 3],
  '>': [2, 2],
  '>=': [2, 2],
  '!': [1, 1],
  '!!': [1, 1],
  or: [1, Infinity],
  and: [1, Infinity],
  '+': [1, Infinity],
  '-': [1, 2],
  '*': [1, Infinity],
  '/': [2, 2],
  '%': [2, 2],
  min: [1, Infinity],
  max: [1, Infinity],
  in: [2, 2],
  cat: [1, Infinity],
  substr: [2, 3],
  starts_with: [2, 2],
  ends_with: [2, 2],
  sem_ver: [3, 3],
  fractional: [1, Infinity],
  missing: [0, Infinity],
  missing_some: [2, 2],
  map: [2, 2],
  filter: [2, 2],
  some: [2, 2],
  all: [2, 2],
  none: [2, 2],
  merge: [1, Infinity],
};

const UNARY: readonly string[] = ['!', '!!'];
const ITERATIONS: readonly string[] = ['map', 'filter', 'some', 'all', 'none', 'merge'];
const PREDICATES: readonly string[] = [
  ...['==', '===', '!=', '!==', '<', '<=', '>', '>=', '!', '!!', 'in'],
  ...['starts_with', 'ends_with', 'sem_ver', 'some', 'all', 'none'],
];

type Members = Record<string, unknown>;

/**
 * Every fault of a definition at once, each with its path (FLG-1, FLG-9). A definition beyond the bounds gets those
 * faults alone. Safe on any value that a JSON body can hold.
 */
export function checkDefinition(kind: FlagKind, definition: unknown, path: string): Fault[] {
  if (!isObject(definition)) {
    return [{ path, message: 'must be an object with state, variants, defaultVariant and targeting' }];
  }
  const beyond = checkBounds(definition, path);
  if (beyond.length > 0) {
    return beyond;
  }
  const { variants, targeting } = definition;
  const faults: Fault[] = Object.keys(definition)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => ({ path: member(path, field), message: 'is unknown' }));
  faults.push(...checkState(definition['state'], `${path}.state`));
  faults.push(...checkVariants(kind, variants, `${path}.variants`));
  const names = isObject(variants) ? Object.keys(variants) : [];
  faults.push(...checkDefault(definition['defaultVariant'], names, `${path}.defaultVariant`));
  if (targeting !== undefined) {
    faults.push(...checkTargeting(targeting, names, `${path}.targeting`));
  }
  return faults;
}

/**
 * Whether a result of targeting is a condition, which flagd takes as the variant `true` or `false`.
 *
 * @returns `nullable` when flagd may also answer null for it, i.e. the default variant
 */
export function predicateOf(result: unknown): { nullable: boolean } | null {
  if (typeof result === 'boolean') {
    return { nullable: false };
  }
  const [operator, operands] = operationOf(result);
  if (operator === 'and' || operator === 'or') {
    const parts = Array.isArray(operands) ? operands.map(predicateOf) : [];
    if (parts.length === 0 || parts.includes(null)) {
      return null;
    }
    return { nullable: parts.some((part) => part?.nullable) };
  }
  if (operator === undefined || !PREDICATES.includes(operator)) {
    return null;
  }
  return { nullable: operator === 'starts_with' || operator === 'ends_with' || operator === 'sem_ver' };
}

/** An expression's operator and arguments; nothing for what is no operation. */
export function operationOf(expression: unknown): [operator: string, operands: unknown] | [] {
  if (!isObject(expression)) {
    return [];
  }
  const [operator, ...more] = Object.keys(expression);
  return operator === undefined || more.length > 0 ? [] : [operator, expression[operator]];
}

/** Walks without recursion and gives up at the first bound that is passed, so that no input can exhaust it. */
function checkBounds(definition: Members, path: string): Fault[] {
  const faults: Fault[] = [];
  const waiting: { value: unknown; path: string; depth: number }[] = [{ value: definition, path, depth: 1 }];
  let nodes = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    nodes += 1;
    if (nodes > DEFINITION_LIMITS.nodes) {
      return [...faults, { path, message: `must hold at most ${DEFINITION_LIMITS.nodes} values` }];
    }
    if (typeof next.value !== 'object' || next.value === null) {
      if (!isScalar(next.value)) {
        faults.push({ path: next.path, message: 'must be JSON' });
      }
      continue;
    }
    if (next.depth > DEFINITION_LIMITS.depth) {
      return [...faults, { path, message: `must be nested at most ${DEFINITION_LIMITS.depth} deep` }];
    }
    const { value, path: at, depth } = next;
    if (Array.isArray(value)) {
      if (value.length > DEFINITION_LIMITS.nodes) {
        return [...faults, { path, message: `must hold at most ${DEFINITION_LIMITS.nodes} values` }];
      }
      value.forEach((item: unknown, index) => waiting.push({ value: item, path: `${at}[${index}]`, depth: depth + 1 }));
      continue;
    }
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') {
        faults.push({ path: member(at, key), message: 'is a reserved name' });
      }
      if (waiting.length > DEFINITION_LIMITS.nodes) {
        return [...faults, { path, message: `must hold at most ${DEFINITION_LIMITS.nodes} values` }];
      }
      waiting.push({ value: item, path: member(at, key), depth: depth + 1 });
    }
  }
  if (utf8Length(JSON.stringify(definition)) > DEFINITION_LIMITS.bytes) {
    faults.push({ path, message: `must have at most ${DEFINITION_LIMITS.bytes} bytes as JSON` });
  }
  return faults;
}

function checkState(state: unknown, path: string): Fault[] {
  return state === 'ENABLED' || state === 'DISABLED' ? [] : [{ path, message: 'must be ENABLED or DISABLED' }];
}

function checkVariants(kind: FlagKind, variants: unknown, path: string): Fault[] {
  if (!isObject(variants) || Object.keys(variants).length === 0) {
    return [{ path, message: 'must be an object with at least one variant' }];
  }
  const entries = Object.entries(variants);
  if (entries.length > DEFINITION_LIMITS.variants) {
    return [{ path, message: `must hold at most ${DEFINITION_LIMITS.variants} variants` }];
  }
  return entries.flatMap(([name, value]) => {
    const at = member(path, name);
    const faults: Fault[] = [];
    if (!isVariantName(name)) {
      const most = DEFINITION_LIMITS.variantNameLength;
      faults.push({ path: at, message: `must have a name of 1 to ${most} characters without control characters` });
    }
    if (kind === 'gate' && typeof value !== 'boolean') {
      faults.push({ path: at, message: 'must be true or false, as the flag is a gate' });
    }
    if (kind === 'config' && !isObject(value)) {
      faults.push({ path: at, message: 'must be a JSON object, as the flag is a dynamic config' });
    }
    return faults;
  });
}

function isVariantName(name: string): boolean {
  // \p{Cs}: half a surrogate pair, which no UTF-8 can carry.
  return (
    name.length > 0 && name.length <= DEFINITION_LIMITS.variantNameLength && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)
  );
}

function checkDefault(name: unknown, names: string[], path: string): Fault[] {
  if (name === undefined || name === null || (typeof name === 'string' && names.includes(name))) {
    return [];
  }
  return [{ path, message: 'must be null or name one of the variants' }];
}

function checkTargeting(targeting: unknown, names: string[], path: string): Fault[] {
  if (!isObject(targeting)) {
    return [{ path, message: 'must be an object: a rule of JsonLogic, or empty' }];
  }
  return Object.keys(targeting).length === 0 ? [] : checkResult(targeting, names, path);
}

/** A place whose value flagd takes as the variant: only what names one, spelled out, may stand there (FLG-9). */
function checkResult(result: unknown, names: string[], path: string): Fault[] {
  if (result === null) {
    return [];
  }
  if (typeof result === 'string' || typeof result === 'boolean') {
    return checkName(String(result), names, path);
  }
  const [operator, operands] = operationOf(result);
  if (operator === 'if' && Array.isArray(operands)) {
    return checkChoice(operands, names, `${path}.if`);
  }
  if (operator === 'fractional' && Array.isArray(operands)) {
    return checkSplit(operands, names, `${path}.fractional`);
  }
  if (predicateOf(result) !== null) {
    return [
      ...['true', 'false'].flatMap((name) => checkName(name, names, path)),
      ...checkExpression(result, path, false),
    ];
  }
  const faults = checkExpression(result, path, false);
  return faults.length > 0 ? faults : [{ path, message: 'must spell out the variant: a name, a condition, or null' }];
}

function checkName(name: string, names: string[], path: string): Fault[] {
  return names.includes(name)
    ? []
    : [{ path, message: `names the variant ${name.slice(0, 64)}, which does not exist` }];
}

/** `if` with conditions at the even places and results at the odd ones; a last one alone is the result of "else". */
function checkChoice(operands: unknown[], names: string[], path: string): Fault[] {
  if (operands.length < 2) {
    return [{ path, message: 'must hold a condition and a result' }];
  }
  return operands.flatMap((operand, index) => {
    const isElse = index === operands.length - 1 && index % 2 === 0;
    const at = `${path}[${index}]`;
    return isElse || index % 2 === 1 ? checkResult(operand, names, at) : checkExpression(operand, at, false);
  });
}

/** `fractional` with an optional text to split by, and buckets of a variant and a weight. */
function checkSplit(operands: unknown[], names: string[], path: string): Fault[] {
  const [first] = operands;
  const hasText = !Array.isArray(first);
  const faults = hasText ? checkSplitText(first, `${path}[0]`) : [];
  const buckets = hasText ? operands.slice(1) : operands;
  if (buckets.length === 0) {
    faults.push({ path, message: 'must hold at least one bucket' });
  }
  let total = 0;
  buckets.forEach((bucket, index) => {
    const at = `${path}[${hasText ? index + 1 : index}]`;
    if (!Array.isArray(bucket) || bucket.length === 0 || bucket.length > 2) {
      faults.push({ path: at, message: 'must be a list of a variant and a weight' });
      return;
    }
    const [variant, weight] = bucket as [unknown, unknown];
    // Expressions here would be evaluated whether chosen or not, and could not be renamed without growing (FLG-5).
    if (variant !== null && typeof variant !== 'string' && typeof variant !== 'boolean') {
      faults.push({ path: `${at}[0]`, message: 'must be the name of a variant or null' });
    } else {
      faults.push(...checkResult(variant, names, `${at}[0]`));
    }
    if (isObject(weight)) {
      faults.push(...checkExpression(weight, `${at}[1]`, false));
    } else if (weight !== undefined && !(Number.isSafeInteger(weight) && (weight as number) >= 0)) {
      faults.push({ path: `${at}[1]`, message: 'must be a whole number, 0 or more' });
    } else {
      total += (weight as number | undefined) ?? 1;
    }
  });
  if (total > LARGEST_WEIGHT) {
    faults.push({ path, message: `must hold weights of at most ${LARGEST_WEIGHT} together` });
  }
  return faults;
}

function checkSplitText(expression: unknown, path: string): Fault[] {
  const [operator, operands] = operationOf(expression);
  const name: unknown = Array.isArray(operands) ? operands[0] : operands;
  if (operator === 'cat' || (operator === 'var' && typeof name === 'string' && name !== '')) {
    return checkExpression(expression, path, false);
  }
  return [{ path, message: 'must be the text to split by: var or cat' }];
}

/** Anything that is computed but never taken as a variant. Recursion is safe: the depth is known to be bounded. */
function checkExpression(expression: unknown, path: string, isIterating: boolean): Fault[] {
  if (Array.isArray(expression)) {
    return expression.flatMap((item, index) => checkExpression(item, `${path}[${index}]`, isIterating));
  }
  if (!isObject(expression)) {
    return [];
  }
  const [operator, operands] = operationOf(expression);
  if (operator === undefined) {
    return [{ path, message: 'must have exactly one operator' }];
  }
  const at = member(path, operator);
  const refused = refusalOf(operator, isIterating);
  if (refused !== null) {
    return [{ path: at, message: refused }];
  }
  if (operator === 'var') {
    return checkVar(operands, at);
  }
  const isLoneOperand = UNARY.includes(operator) && !Array.isArray(operands);
  if (!Array.isArray(operands) && !isLoneOperand) {
    return [{ path: at, message: 'must be a list of arguments' }];
  }
  const [least, most] = ARGUMENTS[operator] as readonly [number, number];
  const count = Array.isArray(operands) ? operands.length : 1;
  if (count < least || count > most) {
    const wanted = most === Infinity ? `at least ${least}` : least === most ? `${least}` : `${least} to ${most}`;
    return [{ path: at, message: `must have ${wanted} arguments` }];
  }
  return checkExpression(operands, at, isIterating || ITERATIONS.includes(operator));
}

function refusalOf(operator: string, isIterating: boolean): string | null {
  if (operator === 'reduce') {
    return 'is refused: reduce can exhaust memory';
  }
  if (operator === '$ref') {
    return 'is refused: a definition has no shared evaluators';
  }
  if (operator !== 'var' && !Object.hasOwn(ARGUMENTS, operator)) {
    return 'is not an operator of flagd';
  }
  if (isIterating && ITERATIONS.includes(operator)) {
    return 'is refused: iteration inside an iteration';
  }
  return null;
}

/** A literal path with an optional literal default; climbing out of an iteration would make it a nested one. */
function checkVar(operands: unknown, path: string): Fault[] {
  const [name, fallback, ...more] = (Array.isArray(operands) ? operands : [operands]) as unknown[];
  const isName = name === undefined || name === null || typeof name === 'string' || typeof name === 'number';
  if (!isName || more.length > 0 || (fallback !== undefined && !isScalar(fallback))) {
    return [{ path, message: 'must be the name of an attribute, or a list of it and a default' }];
  }
  if (typeof name === 'string' && name.includes('../')) {
    return [{ path, message: 'must not climb with ../' }];
  }
  return [];
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'number') {
    return Number.isFinite(value);
  }
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function member(path: string, key: string): string {
  return /^[\w$-]{1,64}$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key.slice(0, 64))}]`;
}

function utf8Length(value: string): number {
  let bytes = 0;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    bytes += code < 0x80 ? 1 : code < 0x800 || isSurrogate ? 2 : 3;
  }
  return bytes;
}
