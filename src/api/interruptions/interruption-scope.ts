import { isAsked, type HeldInterruption } from '../../domain/interruption';
import { tokenCarries } from '../../domain/permission';
import type { UserId } from '../../domain/release';
import { findInterruption, heldOf, type InterruptionRecord } from '../../store/interruptions/find-interruption';
import type { Store } from '../../store/store';
import type { Caller } from '../caller';
import type { Scope, ScopeRequest } from '../define-route';
import { Problem } from '../problem';
import { personOf } from './interruption-view';

/** The interruption that a path names, and the project its permissions are asked in. */
export interface InterruptionScope extends Scope {
  projectId: string;
  interruption: InterruptionRecord;
}

/** There is no such interruption, or none that the caller may see. */
export function unknownInterruption(id: string): Problem {
  return new Problem('interruption.unknown', `There is no interruption ${id}`);
}

/**
 * Whoever may see the project, whoever is asked, and whoever has it or has answered sees an interruption (INT-3, INT-4):
 * the holder who has lost the right to it can still give it back.
 */
export function maySeeInterruption(caller: Caller, interruption: InterruptionRecord): boolean {
  const { projectId } = interruption;
  const held = heldOf(interruption);
  return (
    caller.may('ProjectView', projectId) ||
    isAsked(held, personOf(caller, projectId)) ||
    (isPartOf(held, interruption, caller.userId) && tokenCarries(caller.rights, 'InterruptionSubmit', projectId))
  );
}

function isPartOf({ responsibleUser, proceeded }: HeldInterruption, { submittedBy }: InterruptionRecord, user: UserId) {
  return responsibleUser === user || submittedBy === user || proceeded.includes(user);
}

/**
 * Finds the interruption behind `:interruption`. Who may do what with it is a matter of teams and of who holds it, which
 * the rules judge behind its lock (INT-2, INT-3): nobody who sees it is turned away before.
 */
export const interruptionScope =
  (store: Store) =>
  async ({ params, caller }: ScopeRequest): Promise<InterruptionScope> => {
    const id = params['interruption'] ?? '';
    const interruption = await findInterruption(store.read, id);
    if (!interruption) {
      throw unknownInterruption(id);
    }
    const visible = maySeeInterruption(caller, interruption);
    return {
      projectId: interruption.projectId,
      interruption,
      visible,
      permitted: visible,
      ...(visible ? {} : { hidden: unknownInterruption(id) }),
    };
  };
