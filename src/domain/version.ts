/** A semantic version; build metadata is dropped, as it never takes part in a comparison. */
export interface Version {
  /** Major, minor, patch. */
  core: [number, number, number];
  /** Identifiers of the pre-release, empty for a release. */
  prerelease: string[];
}

const STRICT =
  /^v?(0|[1-9]\d{0,255})\.(0|[1-9]\d{0,255})\.(0|[1-9]\d{0,255})(?:-((?:0|[1-9]\d{0,255}|\d{0,255}[A-Za-z-][0-9A-Za-z-]{0,255})(?:\.(?:0|[1-9]\d{0,255}|\d{0,255}[A-Za-z-][0-9A-Za-z-]{0,255}))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const PARTIAL = /^(\d+)(?:\.(\d+))?$/;
const NUMERIC = /^\d+$/;
const LONGEST = 256;
/** Of a number in a partial version. */
const MOST_DIGITS = 16;

/**
 * Reads a version as flagd's `sem_ver` does: a leading `v` is ignored, `1` and `1.2` mean `1.0.0` and `1.2.0`.
 *
 * @returns null for anything else; `sem_ver` matches nothing then (FLG-7)
 */
export function parseVersion(text: string): Version | null {
  const spelled = completed(text.replace(/^[vV]/, ''));
  const match = spelled.length > LONGEST ? null : STRICT.exec(spelled.trim());
  if (match === null) {
    return null;
  }
  const core: Version['core'] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (core.some((part) => part > Number.MAX_SAFE_INTEGER)) {
    return null;
  }
  return { core, prerelease: match[4] === undefined ? [] : match[4].split('.') };
}

/** Precedence of semantic versions: negative, zero or positive as `a` comes before, with or after `b`. */
export function compareVersions(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    if (a.core[index] !== b.core[index]) {
      return a.core[index] - b.core[index];
    }
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    // A pre-release comes before its release.
    return b.prerelease.length - a.prerelease.length;
  }
  const shared = Math.min(a.prerelease.length, b.prerelease.length);
  for (let index = 0; index < shared; index++) {
    const order = compareIdentifiers(a.prerelease[index] as string, b.prerelease[index] as string);
    if (order !== 0) {
      return order;
    }
  }
  return a.prerelease.length - b.prerelease.length;
}

/** A version in the one spelling that flagd's schema takes in a rule: `v1.2` becomes `1.2.0`. */
export function formatVersion(version: Version): string {
  const core = version.core.join('.');
  return version.prerelease.length === 0 ? core : `${core}-${version.prerelease.join('.')}`;
}

/** flagd passes over a number that is too long for one, and takes the next. */
function completed(text: string): string {
  const [, major, minor] = PARTIAL.exec(text) ?? [];
  const numbers = [major, minor].filter((part) => part !== undefined && part.length <= MOST_DIGITS);
  if (numbers.length === 0) {
    return text;
  }
  return numbers.length === 2 ? `${numbers.join('.')}.0` : `${numbers.join('.')}.0.0`;
}

/** Numeric identifiers come before the others and compare as numbers. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = { a: NUMERIC.test(a), b: NUMERIC.test(b) };
  if (numeric.a && numeric.b) {
    return Number(a) - Number(b);
  }
  if (numeric.a !== numeric.b) {
    return numeric.a ? -1 : 1;
  }
  if (a === b) {
    return 0;
  }
  return a < b ? -1 : 1;
}
