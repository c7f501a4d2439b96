import { planOfRow } from '../../store/releases/stored-release';
import { readRelease, type ReleaseRecord } from '../../store/releases/read-release';
import type { Store } from '../../store/store';
import type { ActionVerb } from '../../domain/pipeline';
import type { Caller } from '../caller';
import type { Scope, ScopeRequest } from '../define-route';
import { Problem } from '../problem';
import { actionRights, mayAct, maySeeRelease } from './caller-rights';

/** The release that a path names, and the project its permissions are asked in. */
export interface ReleaseScope extends Scope {
  projectId: string;
  release: ReleaseRecord;
}

/** Finds the release behind `:release`; one whom the caller may not see is as unknown as one that is not there (HTTP-3). */
export const releaseScope =
  (store: Store) =>
  ({ params, caller }: ScopeRequest): Promise<ReleaseScope> =>
    findRelease(store, caller, params['release'] ?? '');

/** The same for reading: members of a team that reviews the release may, too (SEC-4). */
export const readableRelease =
  (store: Store) =>
  async (request: ScopeRequest): Promise<ReleaseScope> => {
    const scope = await releaseScope(store)(request);
    scope.permitted = scope.visible ?? false;
    return scope;
  };

/** The same for acting: what the verb needs differs with the release (REL-10, REL-19, SEC-4). */
export const actionScope =
  (store: Store, verb: ActionVerb) =>
  async (request: ScopeRequest): Promise<ReleaseScope> => {
    const scope = await releaseScope(store)(request);
    const plan = planOfRow(scope.release);
    const rights = actionRights(request.caller, scope.projectId, plan, false);
    return { ...scope, permitted: mayAct(verb, request.caller, scope.projectId, plan, rights) };
  };

/** A release by id, and whether the caller may see it; throws for an unknown one. */
export async function findRelease(store: Store, caller: Caller, id: string): Promise<ReleaseScope> {
  const release = await readRelease(store.read, id);
  const unknown = () => new Problem('release.unknown', `There is no release ${id}`);
  if (!release) {
    throw unknown();
  }
  const { projectId } = release;
  const visible = maySeeRelease(caller, projectId, () => planOfRow(release));
  const scope: ReleaseScope = { projectId, release, visible };
  if (!visible) {
    // A problem costs its stack: it is made only for one who gets it.
    scope.hidden = unknown();
  }
  return scope;
}
