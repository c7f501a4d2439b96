/* What the checks of phases and of steps share (PIPE-4). */
import type { Fault } from './fault';
import { DAY, LONGEST_MS } from './instant';
import { quoted } from './quoted';

/** Names stand in pages, mails and keys of effects (WHK-3): what looks the same must be the same. */
export function checkName(name: string, path: string, mostCharacters: number): Fault[] {
  if (name === '' || name.trim() !== name) {
    return [{ path, message: 'must not be empty, nor begin or end with a space' }];
  }
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    return [{ path, message: 'must hold no control characters' }];
  }
  return [...name].length > mostCharacters ? [{ path, message: `must have at most ${mostCharacters} characters` }] : [];
}

export function checkDuration(ms: number, leastMs: number, path: string): Fault[] {
  if (!Number.isInteger(ms) || ms < leastMs || ms > LONGEST_MS) {
    const least = leastMs > 0 ? 'more than 0' : '0';
    const message = `must be a duration of ${least} to ${LONGEST_MS / DAY} days, in whole milliseconds`;
    return [{ path, message }];
  }
  return [];
}

/** Each name once, and of something that exists; beyond the bound nothing is read. */
export function checkNames(
  what: string,
  names: readonly string[],
  path: string,
  known: readonly string[],
  most: number,
): Fault[] {
  if (names.length > most) {
    return tooMany(path, names.length, most, `${what}s`);
  }
  return names.flatMap((name, index) => {
    const at = `${path}[${index}]`;
    if (!known.includes(name)) {
      return [{ path: at, message: `names the ${what} ${quoted(name)}, which does not exist` }];
    }
    return names.indexOf(name) < index
      ? [{ path: at, message: `names the ${what} ${quoted(name)} a second time` }]
      : [];
  });
}

export function tooMany(path: string, count: number, most: number, what: string): Fault[] {
  return count > most ? [{ path, message: `must hold at most ${most} ${what}` }] : [];
}

/** Who is asked to consent, and who there is. */
export interface Quorum {
  approvals: number;
  /** A member of one of these; empty: one of `others`. */
  teams: readonly string[];
}

/** The people whom a quorum is judged against. */
export interface QuorumFacts {
  /** User ids by the team's name. */
  teams: ReadonlyMap<string, readonly string[]>;
  /** User ids of those who may answer where no team is named, and what they hold. */
  others: { people: readonly string[]; permission: string };
  /** What a member has to hold besides, and who does; left out: membership alone entitles (SEC-4). */
  submitters?: { people: readonly string[]; permission: string };
}

/** What too few people could answer would wait until somebody notices (PIPE-4). People are counted, not seats; authors too. */
export function checkQuorum(quorum: Quorum, path: string, answer: string, facts: QuorumFacts): Fault[] {
  const { approvals, teams } = quorum;
  const people = entitledTo(teams, facts).size;
  if (people >= approvals) {
    return [];
  }
  const who = nameOfEntitled(teams, facts);
  return [{ path, message: `asks for ${approvals}, but only ${people} could ${answer}: ${who}` }];
}

function entitledTo(teams: readonly string[], { teams: members, others, submitters }: QuorumFacts): Set<string> {
  if (teams.length === 0) {
    return new Set(others.people);
  }
  const entitled = new Set(teams.flatMap((team) => members.get(team) ?? []));
  return submitters ? new Set(submitters.people.filter((person) => entitled.has(person))) : entitled;
}

function nameOfEntitled(teams: readonly string[], { others, submitters }: QuorumFacts): string {
  if (teams.length === 0) {
    return `holders of ${others.permission}`;
  }
  const members = `members of ${teams.join(' or ')}`;
  return submitters ? `${members} who hold ${submitters.permission}` : members;
}
