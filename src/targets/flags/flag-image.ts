import { FeatureFlag, type Flag } from '@openfeature/flagd-core';
import { canonicalJson } from '../../domain/canonical-json';
import type { FlagDefinition } from '../../domain/flag';
import type { Json, JsonObject } from '../../domain/json';
import { plainVariant } from '../../domain/served-flag';

/** Why a flag gave no answer; the codes are OpenFeature's. */
export type FlagErrorCode = 'FLAG_NOT_FOUND' | 'PARSE_ERROR' | 'GENERAL';

/** A flag that could be evaluated. Without a variant there is no `value` either: clients use their own default. */
export type FlagValue = { key: string; value: Json; reason: string; variant: string } | { key: string; reason: string };

/** A flag that could not. */
export interface FlagFailure {
  key: string;
  errorCode: FlagErrorCode;
  errorDetails: string;
}

/** What one flag answers to one context, in the words of OFREP (FLG-4). */
export type FlagAnswer = FlagValue | FlagFailure;

/** flagd's schema, as named by every exported flag file (FLG-5). */
export const FLAGD_SCHEMA = 'https://flagd.dev/schema/v0/flags.json';

/** flagd-core reports each oddity of each context here; what matters is in its answer. */
const silent = { error: noop, warn: noop, info: noop, debug: noop };

interface CompiledFlag {
  definition: FlagDefinition;
  /** Null when flagd-core cannot take the definition. */
  flag: FeatureFlag | null;
}

interface EnvironmentImage {
  revision: number;
  flags: Map<string, CompiledFlag>;
}

/**
 * The served flags of an installation, in memory: evaluation needs nothing else, so it goes on while Temporal, the
 * workers or the store are down (FLG-6). Each environment has one revision at a time (FLG-3) and flags that are
 * compiled one by one, so that a bad one fails alone (FLG-9). The evaluation itself is flagd-core's (FLG-2).
 */
export class FlagImage {
  readonly #environments = new Map<string, EnvironmentImage>();

  /**
   * Puts a new revision of an environment in the place of the old one, all flags at once. Only flags that differ from
   * what is there are compiled. Definitions must not be changed afterwards.
   */
  replace(environmentId: string, revision: number, flags: ReadonlyMap<string, FlagDefinition>): void {
    const previous = this.#environments.get(environmentId)?.flags;
    const compiled = new Map<string, CompiledFlag>();
    for (const [key, definition] of [...flags].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const known = previous?.get(key);
      compiled.set(key, known !== undefined && isSame(known.definition, definition) ? known : compile(key, definition));
    }
    this.#environments.set(environmentId, { revision, flags: compiled });
  }

  /** Drops an environment; its flags are not found from now on. */
  forget(environmentId: string): void {
    this.#environments.delete(environmentId);
  }

  /** The revision an environment is at, or undefined when the image does not hold it. */
  revision(environmentId: string): number | undefined {
    return this.#environments.get(environmentId)?.revision;
  }

  /** What a flag answers to a context. Never throws: faults of a flag or a context are answers with an error code. */
  evaluate(environmentId: string, key: string, context: JsonObject): FlagAnswer {
    const compiled = this.#environments.get(environmentId)?.flags.get(key);
    if (compiled === undefined) {
      return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `There is no flag ${key}` };
    }
    return answer(key, compiled, context);
  }

  /** What all flags of an environment answer to a context, of one revision, by key. */
  evaluateAll(environmentId: string, context: JsonObject): FlagAnswer[] {
    const answers: FlagAnswer[] = [];
    for (const [key, compiled] of this.#environments.get(environmentId)?.flags ?? []) {
      answers.push(answer(key, compiled, context));
    }
    return answers;
  }

  /**
   * An environment as a flagd flag file: the very flags that are evaluated here (FLG-5). A flag that flagd-core cannot
   * take is left out, as it would keep flagd from taking the file.
   */
  exportFlagd(environmentId: string): JsonObject {
    const flags: [string, JsonObject][] = [];
    for (const [key, { definition, flag }] of this.#environments.get(environmentId)?.flags ?? []) {
      if (flag !== null) {
        flags.push([key, { ...definition }]);
      }
    }
    return { $schema: FLAGD_SCHEMA, flags: Object.fromEntries(flags) };
  }
}

function compile(key: string, definition: FlagDefinition): CompiledFlag {
  try {
    // flagd-core's types ask for a default variant and a targeting of text; its schema and its code do not.
    return { definition, flag: new FeatureFlag(key, definition as unknown as Flag, silent) };
  } catch {
    return { definition, flag: null };
  }
}

function answer(key: string, { flag }: CompiledFlag, context: JsonObject): FlagAnswer {
  if (flag === null) {
    return { key, errorCode: 'PARSE_ERROR', errorDetails: `The definition of ${key} cannot be evaluated` };
  }
  if (flag.state === 'DISABLED') {
    return { key, reason: 'DISABLED' };
  }
  const result = flag.evaluate(context);
  if (result.reason === 'ERROR') {
    const errorCode = result.errorCode === 'PARSE_ERROR' ? 'PARSE_ERROR' : 'GENERAL';
    return { key, errorCode, errorDetails: result.errorMessage ?? `The flag ${key} cannot be evaluated` };
  }
  if (result.value === undefined || result.variant === undefined) {
    return { key, reason: result.reason };
  }
  return { key, value: result.value, reason: result.reason, variant: plainVariant(result.variant) };
}

function isSame(a: FlagDefinition, b: FlagDefinition): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

function noop(): void {
  // Nothing to report.
}
