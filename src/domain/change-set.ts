import { canonicalJson } from './canonical-json';
import type { Change } from './change';
import { isServiceChange } from './change';
import type { Fault } from './fault';
import { checkDefinition } from './flag-definition';
import type { FlagDefinition, FlagKind } from './flag';
import type { Pipeline } from './pipeline';
import { unconditionalEnvironmentsOf } from './pipeline';
import { quoted } from './quoted';

/** One change of a flag as a trigger asks for it (CHG-1). */
export interface TriggerFlagChange {
  flag: string;
  definition: FlagDefinition;
  /** Left out: all environments of the project (CHG-3). */
  environments?: readonly string[];
  /** The flag's ETag that the change was made from; left out: whatever the flag is now. */
  base?: string;
}

/** A version of a service as a trigger asks for it (CHG-1). */
export interface TriggerServiceChange {
  service: string;
  version: string;
  /** Left out: all in which the service has an endpoint (CHG-3). */
  environments?: readonly string[];
}

export type TriggerChange = TriggerFlagChange | TriggerServiceChange;

/** What a change set is judged against: the project as it is at that moment. */
export interface ChangeSetFacts {
  /** In their order. */
  environments: readonly string[];
  flags: ReadonlyMap<string, { kind: FlagKind; etag: string }>;
  /** With the environments in which each has an endpoint. */
  services: ReadonlyMap<string, { endpoints: readonly string[]; hasSecret: boolean }>;
}

export const CHANGE_SET_LIMITS = {
  changes: 50,
  /** Of the canonical text, in UTF-8. */
  bytes: 512 * 1024,
  versionLength: 200,
} as const;

/**
 * Checks what a trigger wants to change (CHG-1, FLG-9), at trigger and again when the release leaves its queue (REL-3).
 * Every fault is named at once, with its path in the trigger's body. A service that no rule of the pipeline would ever
 * deploy is one of them (CHG-2).
 */
export function checkChangeSet(
  changes: readonly TriggerChange[],
  facts: ChangeSetFacts,
  pipeline: Pick<Pipeline, 'phases'>,
): Fault[] {
  if (changes.length === 0 || changes.length > CHANGE_SET_LIMITS.changes) {
    return [{ path: 'changes', message: `must hold 1 to ${CHANGE_SET_LIMITS.changes} changes` }];
  }
  const faults = changes.flatMap((change, index) => [
    ...checkUnique(change, index, changes),
    ...(isServiceChange(change)
      ? checkServiceChange(change, `changes[${index}]`, facts, pipeline)
      : checkFlagChange(change, `changes[${index}]`, facts)),
  ]);
  // Only what is sound is measured: the text of a definition that is too deep cannot be made.
  if (
    faults.length === 0 &&
    utf8Length(changeSetContent(pinChanges(changes, facts, pipeline))) > CHANGE_SET_LIMITS.bytes
  ) {
    return [{ path: 'changes', message: `must have at most ${CHANGE_SET_LIMITS.bytes} bytes as JSON` }];
  }
  return faults;
}

/** A release changes a flag, and a service, to one thing only. */
function checkUnique(change: TriggerChange, index: number, changes: readonly TriggerChange[]): Fault[] {
  const [field, name] = isServiceChange(change) ? ['service', change.service] : ['flag', change.flag];
  const first = changes.findIndex(
    (other) => (isServiceChange(other) ? 'service' : 'flag') === field && nameOf(other) === name,
  );
  return first < index
    ? [
        {
          path: `changes[${index}].${field}`,
          message: `must be unique: changes[${first}] changes ${quoted(name)} already`,
        },
      ]
    : [];
}

function nameOf(change: TriggerChange): string {
  return isServiceChange(change) ? change.service : change.flag;
}

function checkFlagChange(change: TriggerFlagChange, path: string, facts: ChangeSetFacts): Fault[] {
  const flag = facts.flags.get(change.flag);
  if (flag === undefined) {
    return [{ path: `${path}.flag`, message: `names the flag ${quoted(change.flag)}, which does not exist` }];
  }
  return [
    ...checkDefinition(flag.kind, change.definition, `${path}.definition`),
    ...checkEnvironments(change.environments, `${path}.environments`, facts.environments),
  ];
}

function checkServiceChange(
  change: TriggerServiceChange,
  path: string,
  facts: ChangeSetFacts,
  pipeline: Pick<Pipeline, 'phases'>,
): Fault[] {
  const service = facts.services.get(change.service);
  if (service === undefined) {
    return [{ path: `${path}.service`, message: `names the service ${quoted(change.service)}, which does not exist` }];
  }
  const faults = [
    ...(service.hasSecret
      ? []
      : [
          { path: `${path}.service`, message: `names ${quoted(change.service)}, which has no secret to sign with yet` },
        ]),
    ...checkVersion(change.version, `${path}.version`),
    ...checkEnvironments(change.environments, `${path}.environments`, facts.environments),
  ];
  if (faults.length > 0) {
    return faults;
  }
  const withoutEndpoint = (change.environments ?? []).flatMap((environment, index) =>
    service.endpoints.includes(environment)
      ? []
      : [
          {
            path: `${path}.environments[${index}]`,
            message: `names ${quoted(environment)}, in which ${quoted(change.service)} has no endpoint`,
          },
        ],
  );
  if (withoutEndpoint.length > 0 || deployedIn(change, facts, pipeline).length > 0) {
    return withoutEndpoint;
  }
  const named = unconditionalEnvironmentsOf(pipeline).join(', ') || 'none';
  return [
    {
      path: `${path}.service`,
      message:
        `would be deployed nowhere: ${quoted(change.service)} has endpoints in ${service.endpoints.join(', ') || 'none'}, ` +
        `and rules without conditions name ${named}`,
    },
  ];
}

function checkVersion(version: string, path: string): Fault[] {
  // Control characters have no place in what is logged, shown and sent.
  const isSound =
    version.trim() !== '' && [...version].every((character) => character >= ' ' && character !== '\u007f');
  return isSound && version.length <= CHANGE_SET_LIMITS.versionLength
    ? []
    : [{ path, message: `must have 1 to ${CHANGE_SET_LIMITS.versionLength} characters, without control characters` }];
}

/** Where the pipeline brings a version (CHG-2): where the service has an endpoint, and the change does not leave it out. */
function deployedIn(
  { service, environments }: TriggerServiceChange,
  facts: ChangeSetFacts,
  pipeline: Pick<Pipeline, 'phases'>,
): string[] {
  const endpoints = facts.services.get(service)?.endpoints ?? [];
  const unconditional = unconditionalEnvironmentsOf(pipeline);
  return facts.environments.filter(
    (slug) =>
      endpoints.includes(slug) &&
      unconditional.includes(slug) &&
      (environments === undefined || environments.includes(slug)),
  );
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
    if (isServiceChange(change)) {
      return [];
    }
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
export function pinChanges(
  changes: readonly TriggerChange[],
  facts: ChangeSetFacts,
  pipeline: Pick<Pipeline, 'phases'>,
): Change[] {
  return changes.map((change): Change => {
    if (isServiceChange(change)) {
      const { service, version } = change;
      return { service, version, environments: deployedIn(change, facts, pipeline) };
    }
    const { flag, definition, environments } = change;
    return {
      flag,
      definition,
      environments: facts.environments.filter((slug) => environments === undefined || environments.includes(slug)),
    };
  });
}

/**
 * The text whose SHA-256 is the change set's digest (CHG-1): the same for the same change, however its JSON was
 * written. The order of the changes counts, as they take effect in it; that of a change's environments does not.
 */
export function changeSetContent(changes: readonly Change[]): string {
  const items = changes.map((change) => {
    const environments = [...change.environments].sort();
    return isServiceChange(change)
      ? { service: change.service, version: change.version, environments }
      : { flag: change.flag, definition: change.definition, environments };
  });
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
