import { z } from 'zod';

import { giveBack, handOver, take, type HeldInterruption, type Holding } from '../../domain/interruption';
import { mayDo } from '../../domain/permission';
import { isRefusal, type Refusal } from '../../domain/refusal';
import type { UserId } from '../../domain/release';
import { findInterruption, type InterruptionRecord } from '../../store/interruptions/find-interruption';
import { holdInterruption } from '../../store/interruptions/hold-interruption';
import type { Unit } from '../../store/store';
import { findPerson } from '../../store/users/find-person';
import type { Caller } from '../caller';
import { defineRoute, ok, type AnswerSpec } from '../define-route';
import type { Deps } from '../deps';
import { demandPermission } from '../demand-permission';
import { claimIdempotencyKey, type IdempotentRequest } from '../idempotency';
import { Problem, problemOf } from '../problem';
import { id } from '../schemas/common';
import { interruption as interruptionSchema, reassignmentBody } from '../schemas/interruption';
import { interruptionScope, unknownInterruption } from './interruption-scope';
import { interruptionView, personOf, type InterruptionView } from './interruption-view';

const params = z.strictObject({ interruption: id });
const answers = {
  200: {
    description: 'The interruption as it is now; repeated under its key, as it was at first.',
    body: interruptionSchema,
  },
} satisfies Record<number, AnswerSpec>;

/** `POST /v1/interruptions/{id}/take`: the caller becomes responsible (INT-3, INT-4). */
export const takeInterruption = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/interruptions/:interruption/take',
    operationId: 'takeInterruption',
    summary: 'Take responsibility for what a run asks',
    description:
      'One person at a time has it, and only that person answers (INT-2). Where it names teams, nobody outside them ' +
      'takes it, administrators included (INT-3). An author of the release cannot take what authors may not answer, ' +
      'and nobody what they have proceeded with: it waits for others (INT-6). Taking what one has already changes ' +
      'nothing.',
    permission: {
      name: 'InterruptionSubmit',
      in: interruptionScope(deps.store),
      who: 'Needs `InterruptionSubmit` and membership in one of its teams; where it names none, `DeploymentCreate`.',
    },
    params,
    answers,
    problems: [
      'interruption.unknown',
      'interruption.not-allowed',
      'interruption.author',
      'interruption.already-proceeded',
      'interruption.taken-by-other',
      'interruption.submitted',
      'interruption.closed',
    ],
    handle: ({ scope, caller, idempotency }) =>
      hold(deps, { ...scope.interruption, verb: 'take' }, caller, idempotency, (held, name) =>
        take(held, personOf(caller, scope.projectId), name),
      ),
  });

/** `POST /v1/interruptions/{id}/release`: nobody is responsible any more (INT-4). */
export const releaseInterruption = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/interruptions/:interruption/release',
    operationId: 'releaseInterruption',
    summary: 'Give an interruption back, for others to take',
    description: 'It is pending again (INT-4). One whose answer is accepted and not yet decided cannot be given back.',
    permission: {
      name: 'InterruptionSubmit',
      in: interruptionScope(deps.store),
      who: 'For whoever has taken it; for others it needs the permission `InterruptionReassign`.',
    },
    params,
    answers,
    problems: [
      'interruption.unknown',
      'interruption.not-taken',
      'interruption.taken-by-other',
      'interruption.submitted',
      'interruption.closed',
    ],
    handle: ({ scope, caller, idempotency }) => {
      const mayReassign = caller.may('InterruptionReassign', scope.projectId);
      return hold(deps, { ...scope.interruption, verb: 'release' }, caller, idempotency, (held, name) =>
        giveBack(held, { ...personOf(caller, scope.projectId), mayReassign }, name),
      );
    },
  });

/** `POST /v1/interruptions/{id}/reassign`: somebody else becomes responsible (INT-4). */
export const reassignInterruption = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/interruptions/:interruption/reassign',
    operationId: 'reassignInterruption',
    summary: 'Hand an interruption over to somebody who could take it',
    description: 'Whether somebody has taken it or nobody: the user that is named has it then (INT-4).',
    permission: { name: 'InterruptionReassign', in: interruptionScope(deps.store) },
    params,
    body: reassignmentBody,
    answers,
    problems: [
      'interruption.unknown',
      'interruption.not-assignable',
      'interruption.author',
      'interruption.already-proceeded',
      'interruption.submitted',
      'interruption.closed',
      'reference.unknown',
    ],
    handle: async ({ scope: { projectId, interruption }, body, caller, idempotency }) => {
      demandPermission(caller, 'InterruptionReassign', projectId);
      const person = await findPerson(deps.store.read, body.user);
      if (!person) {
        throw new Problem('reference.unknown', `There is no user ${body.user}`, {
          errors: [{ path: 'user', message: `There is no user ${body.user}` }],
        });
      }
      const to = {
        userId: person.userId,
        teams: person.teams,
        maySubmit: mayDo(person.rights, 'InterruptionSubmit', projectId),
        mayDeploy: mayDo(person.rights, 'DeploymentCreate', projectId),
      };
      return hold(deps, { ...interruption, verb: 'reassign' }, caller, idempotency, (held, name) =>
        handOver(held, to, (user) => (user === person.userId ? person.user : name(user))),
      );
    },
  });

/**
 * What a first answer keeps under its key: the interruption as it was then, without what never changes and may be long. A
 * repetition is told that, and not who has it by now: it asked for nothing since (HTTP-6). Older ones kept no more than
 * `true`, that it was accepted: their repetition is told how it is now.
 */
type KeptAnswer = ShortView | true;

type ShortView = Omit<InterruptionView, 'instructions'>;

async function hold(
  deps: Deps,
  { instructions, id: interruption, verb }: { instructions: string; id: string; verb: 'take' | 'release' | 'reassign' },
  caller: Caller,
  idempotency: IdempotentRequest | null,
  judge: (held: HeldInterruption, name: (user: UserId) => string) => Holding | Refusal,
) {
  const now = deps.now();
  const answer = await deps.store.write(async (unit): Promise<ShortView | Refusal | undefined> => {
    const claim = await claimIdempotencyKey<KeptAnswer>(unit, idempotency, now);
    if (claim.repeated) {
      if (isView(claim.repeated)) {
        return claim.repeated;
      }
      const current = await findInterruption(unit.sql, interruption);
      return current ? shortView(unit, current, caller) : undefined;
    }
    const held = await holdInterruption(unit, { id: interruption, verb, by: caller.userId, now, judge });
    if (!held || isRefusal(held)) {
      // It is recorded, so nothing is thrown; but it was not accepted, and what was in its way may be gone next time.
      await claim.free();
      return held;
    }
    const kept = await shortView(unit, held, caller);
    await claim.keep(kept, held.releaseId);
    return kept;
  });
  if (!answer) {
    throw unknownInterruption(interruption);
  }
  if (isRefusal(answer)) {
    throw problemOf(answer);
  }
  return ok({ ...answer, instructions });
}

function isView(kept: KeptAnswer): kept is ShortView {
  return typeof kept === 'object' && 'state' in kept;
}

async function shortView(unit: Unit, row: InterruptionRecord, caller: Caller): Promise<ShortView> {
  const { instructions: _, ...view } = await interruptionView({ read: unit.sql }, row, caller);
  return view;
}
