/**
 * Random definitions, contexts and conditions. They draw on small pools, so that names, attributes and values of one
 * meet those of another, and on values that are awkward for JsonLogic.
 */
import fc from 'fast-check';
import type { FlagDefinition, FlagKind } from '../../../src/domain/flag';
import type { Json, JsonObject } from '../../../src/domain/json';
import type { Condition } from '../../../src/domain/pipeline';

const NAMES = ['on', 'off', 'true', 'false', '1', 'a@old', 'a@new', 'a', 'null', 'é'];
const ATTRIBUTES = ['email', 'plan', 'age', 'version', 'user.plan', 'groups', 'flag'];
const TEXTS = ['ada@example.com', 'example', 'pro', 'free', '', 'on', '10', 'été'];
const NUMBERS = [0, 1, 10, 10.5, -3, 1e21];
const VERSIONS = ['1.2.3', '1.2.3-beta.2', '1.2.3-beta.11', 'v2.0.0', '1.2', '3', '2.0.0+build'];
const WEIGHTS = [0, 1, 10, 50, 90];

const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(...NUMBERS);
const version = fc.constantFrom(...VERSIONS);
const attribute = fc.constantFrom(...ATTRIBUTES);

/**
 * Anything that a client may send for an attribute, but for `{ "length": 1 }`: what flagd-core answers to that differs
 * from one evaluation to the next, as its interpreter takes it for a list of something undefined.
 */
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: number },
  { weight: 3, arbitrary: version },
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constantFrom<Json>(null, [], {}, { plan: 'pro' }, ['on'], ['a', 60], [true, 5], [1, 5], ['a@new', 3], ['none', 9]),
  fc.constantFrom<Json>({ toString: 1, valueOf: 1 }, { constructor: null }, [['on', 1]], [null, 1]),
);

/** A context; every attribute may be missing. */
export const anyContext: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      targetingKey: fc.oneof(text, fc.string({ maxLength: 8 })),
      email: value,
      plan: value,
      age: value,
      version: value,
      user: value,
      groups: value,
      flag: value,
    },
    { requiredKeys: [] },
  )
  .map((context) => ({ ...context }) as JsonObject);

const one = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 1 });
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const full = fc.constantFrom(...TEXTS.filter((each) => each !== ''));

function condition(
  operators: Condition['operator'][],
  values: fc.Arbitrary<Condition['values']>,
): fc.Arbitrary<Condition> {
  return fc.record({ attribute, operator: fc.constantFrom(...operators), values });
}

/** A percentage with up to three decimals. */
const anyPercentage = fc.integer({ min: 0, max: 100_000 }).map((parts) => parts / 1_000);

/** A condition that passes the check. */
const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  condition(['in', 'not_in'], fc.oneof(some(text), some(number), some(fc.boolean()))),
  condition(['=', '!='], fc.oneof(one(text), one(number), one(fc.boolean()))),
  condition(['<', '<=', '>', '>='], fc.oneof(one(text), one(number))),
  condition(['starts_with', 'ends_with', 'contains'], some(full)),
  condition(['sem_ver_=', 'sem_ver_!=', 'sem_ver_<', 'sem_ver_<=', 'sem_ver_>', 'sem_ver_>='], one(version)),
  fc.record({
    attribute: fc.option(attribute),
    operator: fc.constant<Condition['operator']>('percentage'),
    values: one(fc.oneof(anyPercentage, fc.constantFrom(0, 100))),
  }),
);

/** Rules of an overlay. */
export const anyRules: fc.Arbitrary<Condition[][]> = fc.array(fc.array(anyCondition, { maxLength: 3 }), {
  maxLength: 3,
});

const attributeValue: fc.Arbitrary<Json> = attribute.map((name) => ({ var: name }));

/** Rules of JsonLogic that are true, false or null, and for some contexts fail. */
const predicate: fc.Arbitrary<Json> = fc.oneof(
  fc
    .tuple(fc.constantFrom('==', '===', '!=', '<', '>='), attributeValue, fc.oneof<fc.Arbitrary<Json>[]>(text, number))
    .map(([operator, left, right]) => ({ [operator]: [left, right] })),
  fc.tuple(attributeValue, some(text)).map(([left, right]) => ({ in: [left, right] })),
  fc.tuple(text, attributeValue).map(([left, right]) => ({ in: [left, right] })),
  fc.tuple(fc.constantFrom('starts_with', 'ends_with'), attributeValue, text).map(([operator, left, right]) => ({
    [operator]: [left, right],
  })),
  attributeValue.map((left) => ({ sem_ver: [left, '>=', '1.2.3'] })),
  attributeValue.map((list) => ({ some: [list, { '==': [{ var: '' }, 'on'] }] })),
  attributeValue.map((left) => ({ '!': [left] })),
);
const compound: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: predicate },
  fc.tuple(fc.constantFrom('and', 'or'), some(predicate)).map(([operator, parts]) => ({ [operator]: parts })),
);

function split(names: string[]): fc.Arbitrary<Json> {
  const bucket: fc.Arbitrary<Json> = fc
    .tuple(fc.constantFrom<Json>(...names, null), fc.constantFrom(...WEIGHTS))
    .map((pair): Json => pair);
  const by = fc.oneof<fc.Arbitrary<Json[]>[]>(
    fc.constant([]),
    attribute.map((name): Json[] => [{ var: name }]),
    attribute.map((name): Json[] => [{ var: [name, 'nobody'] }]),
    fc.constant<Json[]>([{ cat: [{ var: '$flagd.flagKey' }, { var: 'email' }] }]),
  );
  return fc
    .tuple(by, fc.array(bucket, { minLength: 1, maxLength: 3 }))
    .map(([text, buckets]): Json => ({ fractional: [...text, ...buckets] }));
}

function result(names: string[], depth: number): fc.Arbitrary<Json> {
  const leaves: fc.Arbitrary<Json>[] = [fc.constantFrom<Json>(...names), fc.constant(null), split(names)];
  if (names.includes('true') && names.includes('false')) {
    leaves.push(compound, fc.boolean());
  }
  return depth === 0 ? fc.oneof(...leaves) : fc.oneof(...leaves, choice(names, depth));
}

function choice(names: string[], depth: number): fc.Arbitrary<Json> {
  const branch = fc.tuple(compound, result(names, depth - 1));
  return fc
    .tuple(fc.array(branch, { minLength: 1, maxLength: 2 }), fc.array(result(names, depth - 1), { maxLength: 1 }))
    .map(([branches, otherwise]): Json => ({ if: [...branches.flat(), ...otherwise] }));
}

function targeting(names: string[]): fc.Arbitrary<Json | undefined> {
  const rules: fc.Arbitrary<Json>[] = [choice(names, 2), choice(names, 1), split(names)];
  if (names.includes('true') && names.includes('false')) {
    rules.push(compound);
  }
  return fc.oneof(fc.constant(undefined), ...rules);
}

/** A definition that passes the check. */
export function anyDefinition(kind: FlagKind): fc.Arbitrary<FlagDefinition> {
  const values: fc.Arbitrary<Json> =
    kind === 'gate' ? fc.boolean() : fc.integer({ min: 0, max: 2 }).map((n) => ({ n }));
  const variants = fc
    .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 })
    .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), values))));
  return variants.chain((entries) => {
    const names = entries.map(([name]) => name);
    return fc
      .tuple(
        fc.constantFrom<FlagDefinition['state']>('ENABLED', 'ENABLED', 'ENABLED', 'DISABLED'),
        fc.oneof(fc.constantFrom(...names), fc.constant(null)),
        targeting(names),
      )
      .map(([state, defaultVariant, rule]): FlagDefinition => {
        const definition: FlagDefinition = { state, variants: Object.fromEntries(entries), defaultVariant };
        return rule === undefined ? definition : { ...definition, targeting: rule };
      });
  });
}
