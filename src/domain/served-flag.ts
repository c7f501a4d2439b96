/**
 * The flag that is served while a release runs: the live definition and the release's, merged into one flag whose
 * targeting begins with the phases' filter (FLG-3, FLG-5). OFREP evaluates it and the export holds it, so both give the
 * same answer.
 *
 * Each side keeps its results. Where both have a variant of one name with different values, they become `<name>@old`
 * and `<name>@new`, in targeting too. A name that ends like that by itself gets another suffix, so that stripping one
 * always gives the name that was written (`plainVariant`).
 */
import { canonicalJson } from './canonical-json';
import type { FlagDefinition, Overlay } from './flag';
import { operationOf, predicateOf } from './flag-definition';
import type { Json } from './json';
import { compileRules } from './phase-filter';

type Suffix = '@old' | '@new';
type Variants = FlagDefinition['variants'];

/** One of the two definitions, and what its names and its "no result" become in the merged flag. */
interface Side {
  definition: FlagDefinition;
  suffix: Suffix;
  /** The names that get the suffix. */
  renamed: ReadonlySet<string>;
  /** What a result of null becomes: the side's default variant, or null where the merged flag has the same default. */
  fallback: string | null;
  /** Null when each name means the same in the merged flag; else a name that is nobody's. */
  nobody: string | null;
}

/**
 * The flag to serve: a context that matches the overlay's rules gets the answer of the overlay's definition, everyone
 * else that of the live one, equal in value and in error-or-not (FLG-5). Reasons may differ: a merged flag answers
 * `TARGETING_MATCH` where a definition alone says `STATIC`, `DEFAULT` or `DISABLED`.
 */
export function servedFlag(live: FlagDefinition, overlay: Overlay | null): FlagDefinition {
  const match = overlay === null ? false : compileRules(overlay.rules, overlay.release);
  if (overlay === null || match === false || canonicalJson(live) === canonicalJson(overlay.definition)) {
    return spelled(live);
  }
  return match === true ? spelled(overlay.definition) : merged(live, overlay.definition, match);
}

/** The name of a served flag's variant as its definition has it. */
export function plainVariant(name: string): string {
  return isSuffixed(name) ? name.slice(0, -'@old'.length) : name;
}

function isSuffixed(name: string): boolean {
  return name.endsWith('@old') || name.endsWith('@new');
}

/** A definition served by itself: only names that look like renamed ones have to change. */
function spelled(definition: FlagDefinition): FlagDefinition {
  const renamed = new Set(Object.keys(definition.variants).filter(isSuffixed));
  if (renamed.size === 0) {
    return definition;
  }
  const side: Side = { definition, suffix: '@new', renamed, fallback: null, nobody: null };
  side.nobody = nobodyIn([side]);
  const flag: FlagDefinition = { ...definition, variants: variantsOf(side) };
  if (typeof definition.defaultVariant === 'string') {
    flag.defaultVariant = nameIn(side, definition.defaultVariant);
  }
  if (hasTargeting(definition)) {
    flag.targeting = rewritten(definition.targeting, side);
  }
  return flag;
}

function merged(live: FlagDefinition, released: FlagDefinition, match: Json): FlagDefinition {
  if (live.state === 'DISABLED' && released.state === 'DISABLED') {
    return spelled(live);
  }
  const before = sideOf(live, released, '@old');
  const after = sideOf(released, live, '@new');
  const variants: Variants = { ...variantsOf(after), ...variantsOf(before) };
  const nobody = nobodyIn([before, after]);
  for (const side of [before, after]) {
    const isUnchanged =
      side.renamed.size === 0 && Object.keys(variants).length === Object.keys(side.definition.variants).length;
    side.nobody = isUnchanged ? null : nobody;
  }
  const defaults = [before, after].map((side) => side.fallback);
  const isShared = live.state === released.state && defaults[0] === defaults[1];
  if (isShared) {
    before.fallback = after.fallback = null;
  }
  return {
    state: 'ENABLED',
    variants,
    defaultVariant: isShared ? (defaults[0] ?? null) : null,
    targeting: { if: [match, resultOf(after), resultOf(before)] },
  };
}

function sideOf(definition: FlagDefinition, other: FlagDefinition, suffix: Suffix): Side {
  const renamed = Object.keys(definition.variants).filter(
    (name) => isSuffixed(name) || isAnother(definition.variants, other.variants, name),
  );
  const side: Side = { definition, suffix, renamed: new Set(renamed), fallback: null, nobody: null };
  if (typeof definition.defaultVariant === 'string' && definition.state === 'ENABLED') {
    side.fallback = nameIn(side, definition.defaultVariant);
  }
  return side;
}

function isAnother(variants: Variants, others: Variants, name: string): boolean {
  return Object.hasOwn(others, name) && canonicalJson(variants[name]) !== canonicalJson(others[name]);
}

function nameIn(side: Side, name: string): string {
  return side.renamed.has(name) ? `${name}${side.suffix}` : name;
}

function variantsOf(side: Side): Variants {
  const entries = Object.entries(side.definition.variants);
  return Object.fromEntries(entries.map(([name, value]) => [nameIn(side, name), value]));
}

/** A name that stands for "no such variant", as naming one is flagd's way to fail. */
function nobodyIn(sides: Side[]): string {
  const names = new Set(sides.flatMap((side) => Object.keys(variantsOf(side))));
  let name = '@nobody';
  while (names.has(name)) {
    name = `@${name}`;
  }
  return name;
}

function hasTargeting(definition: FlagDefinition): definition is FlagDefinition & { targeting: Json } {
  const { targeting } = definition;
  return typeof targeting === 'object' && targeting !== null && Object.keys(targeting).length > 0;
}

/** What a side answers, as an expression; a disabled flag has no variant, whatever its targeting says. */
function resultOf(side: Side): Json {
  if (side.definition.state === 'DISABLED' || !hasTargeting(side.definition)) {
    return side.fallback;
  }
  return rewritten(side.definition.targeting, side);
}

/** A result of a side's targeting with its names as they are in the merged flag, and its default in the place of null. */
function rewritten(result: Json, side: Side): Json {
  if (result === null) {
    return side.fallback;
  }
  if (typeof result === 'string' || typeof result === 'boolean') {
    return nameIn(side, String(result));
  }
  const [operator, operands] = operationOf(result);
  if (operator === 'if' && Array.isArray(operands)) {
    return rewrittenChoice(operands as Json[], side);
  }
  if (operator === 'fractional' && Array.isArray(operands)) {
    return rewrittenSplit(operands as Json[], side);
  }
  return rewrittenCondition(result, side);
}

function rewrittenChoice(operands: Json[], side: Side): Json {
  const hasElse = operands.length % 2 === 1;
  const branches = operands.map((operand, index) => {
    const isElse = hasElse && index === operands.length - 1;
    return isElse || index % 2 === 1 ? rewritten(operand, side) : operand;
  });
  if (hasElse || side.fallback === null) {
    return { if: branches };
  }
  const complete: Json = { if: [...branches, side.fallback] };
  // flagd-core interprets an `if` of two, with all inside it, and compiles a longer one; the two differ in what fails
  // (`some` over a text). An `if` around it that always holds keeps it interpreted.
  return branches.length === 2 ? { if: [true, complete] } : complete;
}

/** A condition as a result: flagd takes true and false as the variants of these names. */
function rewrittenCondition(condition: Json, side: Side): Json {
  const isNullable = predicateOf(condition)?.nullable === true;
  const [whenTrue, whenFalse] = [nameIn(side, 'true'), nameIn(side, 'false')];
  if (isNullable && side.fallback !== null) {
    return {
      if: [{ '===': [condition, true] }, whenTrue, { '===': [condition, false] }, whenFalse, side.fallback],
    };
  }
  if (whenTrue === 'true' && whenFalse === 'false') {
    return condition;
  }
  const otherwise: Json[] = isNullable ? [{ '===': [condition, false] }, whenFalse, null] : [whenFalse];
  return { if: [{ '===': [condition, true] }, whenTrue, ...otherwise] };
}

/**
 * A split. Where the text to split by is an attribute and a context holds a list there, flagd takes that list for the
 * first bucket, and its variant is then a name out of the context: the one result that is not spelled out. So names are
 * looked up in what the split as it was written answers.
 */
function rewrittenSplit(operands: Json[], side: Side): Json {
  const split: Json = {
    fractional: operands.map((operand) =>
      Array.isArray(operand) ? [rewrittenBucket(operand[0] ?? null, side), ...operand.slice(1)] : operand,
    ),
  };
  const [by] = operands;
  const [operator] = operationOf(by);
  if (side.nobody === null || operator !== 'var') {
    return withFallback(split, side);
  }
  const foreign = lookedUp({ fractional: operands }, side, side.nobody);
  return { if: [{ starts_with: [by as Json, ''] }, withFallback(split, side), foreign] };
}

/** A bucket's null stays: flagd hands it out like any other, and the split's own fallback follows. */
function rewrittenBucket(variant: Json, side: Side): Json {
  return variant === null ? null : rewritten(variant, side);
}

function withFallback(result: Json, side: Side): Json {
  return side.fallback === null ? result : { if: [{ '===': [result, null] }, side.fallback, result] };
}

/** What a name that is known only when evaluating is called in the merged flag. */
function lookedUp(name: Json, side: Side, nobody: string): Json {
  const names = Object.keys(side.definition.variants);
  const renamed = spellings(names.filter((each) => side.renamed.has(each)));
  const kept = spellings(names.filter((each) => !side.renamed.has(each)));
  return {
    if: [
      ...[{ '===': [name, null] }, side.fallback],
      ...[{ in: [name, renamed] }, { cat: [name, side.suffix] }],
      ...[{ in: [name, kept] }, name],
      nobody,
    ],
  };
}

/** A name with the boolean or number that flagd would turn into it. */
function spellings(names: string[]): Json[] {
  return names.flatMap((name): Json[] => {
    if (name === 'true' || name === 'false') {
      return [name, name === 'true'];
    }
    return String(Number(name)) === name && Number.isFinite(Number(name)) ? [name, Number(name)] : [name];
  });
}
