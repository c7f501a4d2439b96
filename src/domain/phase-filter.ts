/**
 * The filter that a phase puts before a flag's new definition: conditions checked, compiled to flagd's JsonLogic, and
 * judged in plain TypeScript.
 *
 * The compiled filter never matches on, and never fails on, an attribute that is missing or of another type (FLG-7).
 * JsonLogic has no test for a type, and most of its operators throw on one they do not know (even being truthy does, on
 * `{"constructor": null}`). So conditions stand behind guards made of the few operators that take any value: `===`,
 * `in` with a literal list, `starts_with`, and `fractional`, which hands through texts, numbers and booleans and
 * answers null for anything else.
 */
import type { Fault } from './fault';
import type { Json, JsonObject } from './json';
import type { Condition, Operator } from './pipeline';
import { compareVersions, formatVersion, parseVersion } from './version';

/** Shares are whole parts of this many, so that a percentage has three decimals (FLG-8). */
const FRACTION_PARTS = 100_000;

/** Bounds of one condition and of the conditions of one rule. */
export const CONDITION_LIMITS = { attributeLength: 256, values: 500, valueLength: 512, conditions: 50 } as const;

/** The attribute behind a percentage that names none: OpenFeature's targeting key. */
const TARGETING_KEY = 'targetingKey';

type Scalar = string | number | boolean;
type ScalarType = 'string' | 'number' | 'boolean';

interface OperatorShape {
  types: readonly ScalarType[];
  /** Exactly one value; otherwise one or more. */
  single: boolean;
}

const ANY: readonly ScalarType[] = ['string', 'number', 'boolean'];
const equality: OperatorShape = { types: ANY, single: true };
const membership: OperatorShape = { types: ANY, single: false };
const order: OperatorShape = { types: ['string', 'number'], single: true };
const text: OperatorShape = { types: ['string'], single: false };
const version: OperatorShape = { types: ['string'], single: true };

const SHAPES: Record<Operator, OperatorShape> = {
  in: membership,
  not_in: membership,
  starts_with: text,
  ends_with: text,
  contains: text,
  '=': equality,
  '!=': equality,
  '<': order,
  '<=': order,
  '>': order,
  '>=': order,
  'sem_ver_=': version,
  'sem_ver_!=': version,
  'sem_ver_<': version,
  'sem_ver_<=': version,
  'sem_ver_>': version,
  'sem_ver_>=': version,
  percentage: { types: ['number'], single: true },
};

const FIELDS: readonly string[] = ['attribute', 'operator', 'values'];

/**
 * Every fault of one condition (PIPE-4): its operator, its attribute, and values that do not type-check (FLG-7, FLG-8).
 */
export function checkCondition(condition: unknown, path: string): Fault[] {
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
    return [{ path, message: 'must be an object with attribute, operator and values' }];
  }
  const { attribute, operator, values } = condition as Record<string, unknown>;
  const faults: Fault[] = Object.keys(condition)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => ({ path: `${path}.${field.slice(0, 64)}`, message: 'is unknown' }));
  if (typeof operator !== 'string' || !Object.hasOwn(SHAPES, operator)) {
    faults.push({ path: `${path}.operator`, message: `must be one of ${Object.keys(SHAPES).join(', ')}` });
    return faults;
  }
  faults.push(...checkAttribute(attribute, operator as Operator, `${path}.attribute`));
  faults.push(...checkValues(values, operator as Operator, `${path}.values`));
  return faults;
}

/** Every fault of the conditions of one rule, their number included (PIPE-2, PIPE-4). */
export function checkConditions(conditions: unknown, path: string): Fault[] {
  if (!Array.isArray(conditions)) {
    return [{ path, message: 'must be a list of conditions' }];
  }
  if (conditions.length > CONDITION_LIMITS.conditions) {
    return [{ path, message: `must hold at most ${CONDITION_LIMITS.conditions} conditions` }];
  }
  return conditions.flatMap((condition, index) => checkCondition(condition, `${path}[${index}]`));
}

/**
 * The rules as JsonLogic, OR of AND-lists (PIPE-2): `true` when a rule has no conditions, `false` without rules, else
 * an expression that is truthy for exactly the contexts that match and never fails (FLG-7).
 *
 * @param salt the release's id, so that a user enters once for all of its flags and phases (FLG-8)
 */
export function compileRules(rules: Condition[][], salt: string): Json {
  if (rules.length === 0) {
    return false;
  }
  if (rules.some((conditions) => conditions.length === 0)) {
    return true;
  }
  return any(rules.map((conditions) => all(conditions.map((condition) => compileCondition(condition, salt)))));
}

/**
 * Whether a context matches one of the rules: the domain's own judgement, the same as that of the compiled rules.
 *
 * @param fraction the bucket of an attribute's value under the release's salt: a whole number, 0 to 99,999 (FLG-8)
 */
export function matchesRules(rules: Condition[][], context: JsonObject, fraction: (value: string) => number): boolean {
  return rules.some((conditions) => conditions.every((condition) => matches(condition, context, fraction)));
}

function checkAttribute(attribute: unknown, operator: Operator, path: string): Fault[] {
  if (operator === 'percentage' && (attribute === null || attribute === undefined)) {
    return [];
  }
  if (typeof attribute !== 'string' || attribute.length === 0) {
    return [{ path, message: 'must name an attribute of the context' }];
  }
  if (attribute.length > CONDITION_LIMITS.attributeLength) {
    return [{ path, message: `must have at most ${CONDITION_LIMITS.attributeLength} characters` }];
  }
  const steps = attribute.split('.');
  if (steps.includes('') || /[\\/]/.test(attribute) || /\p{Cc}/u.test(attribute)) {
    return [{ path, message: 'must be a name, or names joined by dots, without slashes and control characters' }];
  }
  // What every object inherits is no attribute of a context, and `$flagd` is flagd's own.
  if (steps[0] === '$flagd' || steps.some((step) => step in {})) {
    return [{ path, message: 'is a reserved name' }];
  }
  return [];
}

function checkValues(values: unknown, operator: Operator, path: string): Fault[] {
  const shape = SHAPES[operator];
  if (!Array.isArray(values) || values.length === 0) {
    return [{ path, message: shape.single ? 'must be a list of one value' : 'must be a list of one or more values' }];
  }
  if (shape.single && values.length > 1) {
    return [{ path, message: `must hold exactly one value for ${operator}` }];
  }
  if (values.length > CONDITION_LIMITS.values) {
    return [{ path, message: `must hold at most ${CONDITION_LIMITS.values} values` }];
  }
  const faults = values.flatMap((value: unknown, index) => checkValue(value, operator, `${path}[${index}]`));
  if (faults.length === 0 && new Set(values.map((value: unknown) => typeof value)).size > 1) {
    faults.push({ path, message: 'must be of one type' });
  }
  return faults;
}

function checkValue(value: unknown, operator: Operator, path: string): Fault[] {
  const { types } = SHAPES[operator];
  if (!types.includes(typeof value as ScalarType) || (typeof value === 'number' && !Number.isFinite(value))) {
    return [{ path, message: `must be a ${types.join(' or ')} for ${operator}` }];
  }
  if (typeof value === 'string' && value.length > CONDITION_LIMITS.valueLength) {
    return [{ path, message: `must have at most ${CONDITION_LIMITS.valueLength} characters` }];
  }
  if (SHAPES[operator] === text && value === '') {
    return [{ path, message: 'must not be empty' }];
  }
  if (SHAPES[operator] === version && parseVersion(value as string) === null) {
    return [{ path, message: 'must be a version, e.g. 1.4.2' }];
  }
  if (operator === 'percentage' && !isPercentage(value as number)) {
    return [{ path, message: 'must be a percentage from 0 to 100 with at most three decimals' }];
  }
  return [];
}

function isPercentage(value: number): boolean {
  return value >= 0 && value <= 100 && Math.round(value * 1_000) / 1_000 === value;
}

/** How many of the parts a percentage takes. */
function partsOf(percentage: number): number {
  return Math.round(percentage * (FRACTION_PARTS / 100));
}

function compileCondition(condition: Condition, salt: string): Json {
  const attribute: Json = { var: condition.attribute ?? TARGETING_KEY };
  const [value] = condition.values as [Scalar];
  switch (condition.operator) {
    case 'in':
      return isOneOf(attribute, condition.values);
    case 'not_in':
      return all([isOfType(attribute, value), { '!': [isOneOf(attribute, condition.values)] }]);
    case '=':
      return { '===': [attribute, value] };
    case '!=':
      return all([isOfType(attribute, value), { '!==': [attribute, value] }]);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return all([isOfType(attribute, value), { [condition.operator]: [attribute, value] }]);
    case 'starts_with':
    case 'ends_with':
      return any(condition.values.map((prefix) => ({ [condition.operator]: [attribute, prefix] })));
    case 'contains':
      return all([isText(attribute), any(condition.values.map((part) => ({ in: [part, attribute] })))]);
    case 'percentage':
      return compilePercentage(attribute, value as number, salt);
    default:
      return all([isText(attribute), compileVersion(attribute, condition.operator, value as string)]);
  }
}

function compileVersion(attribute: Json, operator: Operator, value: string): Json {
  const wanted = parseVersion(value);
  return wanted === null ? false : { sem_ver: [attribute, comparisonOf(operator), formatVersion(wanted)] };
}

function compilePercentage(attribute: Json, percentage: number, salt: string): Json {
  const parts = partsOf(percentage);
  const split: Json = {
    fractional: [{ cat: [`${salt}/`, attribute] }, ['in', parts], ['out', FRACTION_PARTS - parts]],
  };
  return all([any([isText(attribute), isNumber(attribute)]), { '!==': [attribute, ''] }, { '===': [split, 'in'] }]);
}

/** `sem_ver_<=` → `<=`. */
function comparisonOf(operator: Operator): string {
  return operator.slice('sem_ver_'.length);
}

function all(conditions: Json[]): Json {
  return conditions.length === 1 ? (conditions[0] as Json) : { and: conditions };
}

function any(conditions: Json[]): Json {
  return conditions.length === 1 ? (conditions[0] as Json) : { or: conditions };
}

function isOneOf(attribute: Json, values: Scalar[]): Json {
  return { in: [attribute, values] };
}

function isOfType(attribute: Json, sample: Scalar): Json {
  switch (typeof sample) {
    case 'string':
      return isText(attribute);
    case 'boolean':
      return isBoolean(attribute);
    default:
      return isNumber(attribute);
  }
}

function isText(attribute: Json): Json {
  return { starts_with: [attribute, ''] };
}

function isBoolean(attribute: Json): Json {
  return isOneOf(attribute, [true, false]);
}

/** What `fractional` hands through and is neither a boolean nor a text. */
function isNumber(attribute: Json): Json {
  const scalar: Json = { fractional: [{ cat: ['type'] }, [attribute, 1]] };
  return { and: [{ '!==': [scalar, null] }, { '!': [isBoolean(attribute)] }, { '!': [isText(attribute)] }] };
}

function matches(condition: Condition, context: JsonObject, fraction: (value: string) => number): boolean {
  const actual = read(context, condition.attribute ?? TARGETING_KEY);
  const [value] = condition.values as [Scalar];
  if (condition.operator === 'percentage') {
    const known = typeof actual === 'number' || (typeof actual === 'string' && actual !== '');
    return known && fraction(String(actual)) < partsOf(value as number);
  }
  return typeof actual === typeof value && compares(actual as Scalar, condition.operator, condition.values);
}

/** Compares an attribute that is known to be of the type of the values. */
function compares(actual: Scalar, operator: Operator, values: Scalar[]): boolean {
  const [value] = values as [Scalar];
  switch (operator) {
    case 'in':
    case '=':
      return values.includes(actual);
    case 'not_in':
    case '!=':
      return !values.includes(actual);
    case '<':
      return actual < value;
    case '<=':
      return actual <= value;
    case '>':
      return actual > value;
    case '>=':
      return actual >= value;
    case 'starts_with':
      return values.some((prefix) => String(actual).startsWith(String(prefix)));
    case 'ends_with':
      return values.some((suffix) => String(actual).endsWith(String(suffix)));
    case 'contains':
      return values.some((part) => String(actual).includes(String(part)));
    default:
      return comparesVersions(String(actual), comparisonOf(operator), String(value));
  }
}

function comparesVersions(actual: string, comparison: string, wanted: string): boolean {
  const [left, right] = [parseVersion(actual), parseVersion(wanted)];
  if (left === null || right === null) {
    return false;
  }
  const sign = compareVersions(left, right);
  switch (comparison) {
    case '=':
      return sign === 0;
    case '!=':
      return sign !== 0;
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    default:
      return sign >= 0;
  }
}

/** Follows a path as JsonLogic's `var` does, into lists and texts too; what a value inherits as a function is absent. */
function read(context: JsonObject, attribute: string): unknown {
  let value: unknown = context;
  for (const step of attribute.split('.')) {
    if (value === null || value === undefined) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[step];
  }
  return typeof value === 'function' ? undefined : value;
}
