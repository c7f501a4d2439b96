import { canonicalJson } from './canonical-json';
import type { Fault } from './fault';
import { checkDefinition } from './flag-definition';
import type { FlagChange, FlagDefinition, FlagKind } from './flag';
import { quoted } from './quoted';

/** One change as a trigger asks for it (CHG-1). */
export interface TriggerChange {
  flag: string;
  definition: FlagDefinition;
  /** Left out: all environments of the project (CHG-3). */
  environments?: readonly string[];
  /** The flag's ETag that the change was made from; left out: whatever the flag is now. */
  base?: string;
}

/** What a change set is judged against: the project as it is at that moment. */
export interface ChangeSetFacts {
  /** In their order. */
  environments: readonly string[];
  flags: ReadonlyMap<string, { kind: FlagKind; etag: string }>;
}

export const CHANGE_SET_LIMITS = {
  changes: 50,
  /** Of the canonical text, in UTF-8. */
  bytes: 512 * 1024,
} as const;

/**
 * Checks what a trigger wants to change (CHG-1, FLG-9), at trigger and again when the release leaves its queue (REL-3).
 * Every fault is named at once, with its path in the trigger's body.
 */
export function checkChangeSet(changes: readonly TriggerChange[], facts: ChangeSetFacts): Fault[] {
  if (changes.length === 0 || changes.length > CHANGE_SET_LIMITS.changes) {
    return [{ path: 'changes', message: `must hold 1 to ${CHANGE_SET_LIMITS.changes} changes` }];
  }
  const faults = changes.flatMap((change, index) => checkChange(change, index, changes, facts));
  // Only what is sound is measured: the text of a definition that is too deep cannot be made.
  if (faults.length === 0 && utf8Length(changeSetContent(pinChanges(changes, facts))) > CHANGE_SET_LIMITS.bytes) {
    return [{ path: 'changes', message: `must have at most ${CHANGE_SET_LIMITS.bytes} bytes as JSON` }];
  }
  return faults;
}

function checkChange(
  change: TriggerChange,
  index: number,
  changes: readonly TriggerChange[],
  facts: ChangeSetFacts,
): Fault[] {
  const path = `changes[${index}]`;
  const flag = facts.flags.get(change.flag);
  if (flag === undefined) {
    return [{ path: `${path}.flag`, message: `names the flag ${quoted(change.flag)}, which does not exist` }];
  }
  const first = changes.findIndex((other) => other.flag === change.flag);
  const twice =
    first < index
      ? [{ path: `${path}.flag`, message: `must be unique: changes[${first}] changes ${quoted(change.flag)} already` }]
      : [];
  return [
    ...twice,
    ...checkDefinition(flag.kind, change.definition, `${path}.definition`),
    ...checkEnvironments(change.environments, `${path}.environments`, facts.environments),
  ];
}

function checkEnvironments(
  environments: readonly string[] | undefined,
  path: string,
  known: readonly string[],
): Fault[] {
  if (environments === undefined) {
    return known.length > 0 ? [] : [{ path, message: 'must name an environment, and the project has none' }];
  }
  if (environments.length === 0) {
    return [{ path, message: 'must name at least one environment; leave it out for all' }];
  }
  if (environments.length > known.length) {
    return [{ path, message: `must name each environment once, and the project has ${known.length}` }];
  }
  return environments.flatMap((environment, index) => {
    if (!known.includes(environment)) {
      return [
        { path: `${path}[${index}]`, message: `names the environment ${quoted(environment)}, which does not exist` },
      ];
    }
    return environments.indexOf(environment) < index
      ? [{ path: `${path}[${index}]`, message: `names ${quoted(environment)} a second time` }]
      : [];
  });
}

/** The changes whose flag is no longer what the change was made from: publishing one would undo somebody's work. */
export function outdatedBases(changes: readonly TriggerChange[], facts: ChangeSetFacts): Fault[] {
  return changes.flatMap((change, index) => {
    const etag = facts.flags.get(change.flag)?.etag;
    if (change.base === undefined || etag === undefined || change.base === etag) {
      return [];
    }
    return [
      { path: `changes[${index}].base`, message: `is outdated: the ETag of ${quoted(change.flag)} is now ${etag}` },
    ];
  });
}

/** What the release pins (REL-1): environments spelled out, in the project's order; changes in the listed order. */
export function pinChanges(changes: readonly TriggerChange[], facts: ChangeSetFacts): FlagChange[] {
  return changes.map(({ flag, definition, environments }) => ({
    flag,
    definition,
    environments: facts.environments.filter((slug) => environments === undefined || environments.includes(slug)),
  }));
}

/**
 * The text whose SHA-256 is the change set's digest (CHG-1): the same for the same change, however its JSON was
 * written. The order of the changes counts, as they take effect in it; that of a change's environments does not.
 */
export function changeSetContent(changes: readonly FlagChange[]): string {
  const items = changes.map(({ flag, definition, environments }) => ({
    flag,
    definition,
    environments: [...environments].sort(),
  }));
  return canonicalJson(items);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
