import { isAdministrator, mayDo } from '../domain/permission';
import { hashSecret } from '../store/secret-hash';
import type { Store } from '../store/store';
import { findCaller, type CallerRecord } from '../store/users/find-caller';
import type { Caller } from './caller';

/** How long a caller is believed without asking the store again; well below the 5 s of SEC-3. */
const FRESH_MS = 2_000;

/** Above this many tokens the memory starts over. */
const REMEMBERED = 10_000;

/** Tells who a bearer token speaks for. */
export interface Authenticator {
  /** The caller as of at most 2 s ago; null for a token that is unknown, revoked or expired, or whose user is gone. */
  authenticate(token: string): Promise<Caller | null>;
  /** To be called after every write to users, teams, tokens or grants: the next request reads them again. */
  forget(): void;
}

export function createAuthenticator(store: Pick<Store, 'read'>, now: () => number): Authenticator {
  let remembered = new Map<string, { caller: Promise<Caller | null>; at: number }>();

  const load = (hash: string, at: number): Promise<Caller | null> => {
    const caller = findCaller(store.read, hash).then((record) => record && callerOf(record));
    if (remembered.size >= REMEMBERED) {
      remembered.clear();
    }
    const entry = { caller, at };
    remembered.set(hash, entry);
    const within = remembered;
    // Unknown tokens and failures are asked again each time: remembering them helps nobody but an attacker.
    const drop = () => within.get(hash) === entry && within.delete(hash);
    void caller.then((found) => found ?? drop(), drop);
    return caller;
  };

  return {
    authenticate: async (token) => {
      const hash = hashSecret(token);
      const at = now();
      const known = remembered.get(hash);
      const caller = await (known && Math.abs(at - known.at) < FRESH_MS ? known.caller : load(hash, at));
      return caller && (caller.expiresAt === null || caller.expiresAt > at) ? caller : null;
    },
    // A new map: what is being read at this moment ends up in the old one.
    forget: () => void (remembered = new Map()),
  };
}

function callerOf({ teams, ...record }: CallerRecord): Caller {
  return {
    ...record,
    teamIds: teams.map((team) => team.id),
    teams: teams.map((team) => team.slug),
    isGlobalAdministrator: isAdministrator(record.rights, null),
    may: (permission, projectId) => mayDo(record.rights, permission, projectId),
  };
}
