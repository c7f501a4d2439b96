/** flagd-core by itself, as the oracle: nothing of ours is asked here. */
import { FeatureFlag, type Flag } from '@openfeature/flagd-core';
import type { FlagDefinition } from '../../../src/domain/flag';
import type { Json, JsonObject } from '../../../src/domain/json';

const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore };

/** What a client makes of an answer: its value, its own default where there is none, or an error. */
export type Outcome = { value: Json } | 'no value' | 'error';

const compiled = new WeakMap<FlagDefinition, FeatureFlag>();

/** Evaluates one definition alone. */
export function evaluateAlone(definition: FlagDefinition, context: JsonObject): Outcome {
  const flag = compiled.get(definition) ?? new FeatureFlag('flag', definition as unknown as Flag, silent);
  compiled.set(definition, flag);
  if (flag.state === 'DISABLED') {
    return 'no value';
  }
  const result = flag.evaluate(context);
  if (result.reason === 'ERROR') {
    return 'error';
  }
  return result.value === undefined ? 'no value' : { value: result.value };
}

/** Judges contexts by a rule as flagd-core does; a failure is thrown. */
export function judgeBy(rule: Json): (context: JsonObject) => boolean {
  const definition: FlagDefinition = {
    state: 'ENABLED',
    variants: { yes: true, no: false },
    defaultVariant: null,
    targeting: { if: [rule, 'yes', 'no'] },
  };
  return (context) => {
    const outcome = evaluateAlone(definition, context);
    if (typeof outcome === 'string') {
      throw new Error(`The rule answers "${outcome}" to ${JSON.stringify(context)}: ${JSON.stringify(rule)}`);
    }
    return outcome.value === true;
  };
}

const rest: Json = { '-': [100_000, { var: 'parts' }] };
const share = new FeatureFlag(
  'share',
  {
    state: 'ENABLED',
    variants: { in: true, out: false },
    defaultVariant: null,
    targeting: { fractional: [{ var: 'by' }, ['in', { var: 'parts' }], ['out', rest]] },
  } as unknown as Flag,
  silent,
);

const buckets = new Map<string, number>();

/** The bucket of a text among 100,000: the least share, less one, that holds it. */
export function bucketOf(by: string): number {
  const known = buckets.get(by) ?? findBucket(by);
  buckets.set(by, known);
  return known;
}

function findBucket(by: string): number {
  let [least, most] = [1, 100_000];
  while (least < most) {
    const parts = Math.floor((least + most) / 2);
    [least, most] = share.evaluate({ by, parts }).value === true ? [least, parts] : [parts + 1, most];
  }
  return least - 1;
}

function ignore(): void {
  // flagd-core's remarks are of no interest here.
}
