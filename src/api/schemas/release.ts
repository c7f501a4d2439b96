import { z } from 'zod';
import { RELEASE_ACTIONS } from '../../domain/pipeline';
import { actionExample, deploymentExample } from './examples';
import { flagDefinition } from './flag-definition';
import { actor, duration, instant, slug } from './common';
import { problemBody } from './problem-body';

const actionName = z.enum(RELEASE_ACTIONS);

const nullableInstant = (description: string) => instant.nullable().describe(description);

/** States of a release (REL-6). */
const RELEASE_STATES = [
  'queued',
  'blocked',
  'waiting-for-review',
  'rolling-out',
  'waiting-for-intervention',
  'baking',
  'paused',
  'failed',
  'aborting',
  'aborted',
  'completed',
] as const;

/** States of a phase; that of a paused release shows `baking`. */
const PHASE_STATES = [
  'pending',
  'waiting-for-review',
  'rolling-out',
  'baking',
  'released',
  'skipped',
  'failed',
  'reverted',
] as const;

export const releaseState = z
  .enum(RELEASE_STATES)
  .describe('The first that holds of REL-6; `completed` and `aborted` are final.');

const approval = z
  .strictObject({
    by: slug.describe('Name of the user who approved.'),
    at: instant.describe('When the approval was accepted.'),
  })
  .meta({ id: 'Approval', description: 'One person’s consent to a phase; a person counts once (REL-10).' });

const releasePhase = z
  .strictObject({
    name: z.string().describe('The phase’s name in the pipeline.'),
    state: z.enum(PHASE_STATES).describe('How far the phase has come.'),
    startedAt: nullableInstant('When its roll-out began; null before that and when it was skipped.'),
    endsAt: nullableInstant('When its bake timer ends; null while none runs, also while it is paused.'),
    remainingMs: z
      .int()
      .min(0)
      .nullable()
      .describe('What is left of the bake in milliseconds: counting while it runs, frozen while paused, else null.'),
    approvals: z.array(approval).describe('Given so far, in order.'),
    partial: z
      .boolean()
      .describe('Only a part of it was released: it was skipped after a deployment had failed (REL-16).'),
  })
  .meta({ id: 'ReleasePhase', description: 'One phase of a release and how far it has come.' });

const releasedFlag = z
  .strictObject({
    flag: slug.describe('Name of the flag.'),
    environments: z.array(slug).describe('Where its answers change (CHG-3), in the project’s order.'),
    definition: flagDefinition.describe('What the flag becomes, as pinned by the trigger.'),
  })
  .meta({ id: 'ReleasedFlag', description: 'One pinned change of a flag (CHG-1).' });

const listedFlagChange = releasedFlag.omit({ definition: true }).meta({
  id: 'ListedFlagChange',
  description: 'One pinned change of a flag; its definition is in the release itself.',
});

const releasedService = z
  .strictObject({
    service: slug.describe('Name of the service.'),
    version: z.string().describe('What it becomes, as pinned by the trigger.'),
    environments: z.array(slug).describe('Where the pipeline brings it (CHG-2), in the project’s order.'),
    deployed: z
      .array(slug)
      .describe('Those of them that have it from this release; the others stay as they are (REL-24).'),
  })
  .meta({ id: 'ReleasedService', description: 'One pinned version of a service (CHG-1).' });

/** Where a trigger came from (REL-5); every part is optional, and stays as it was sent. */
export const releaseSource = z
  .strictObject({
    repository: z.string().max(300).optional().describe('Repository, e.g. `acme/shop`.'),
    commit: z.string().max(100).optional().describe('Commit id.'),
    ref: z.string().max(300).optional().describe('Branch or tag, e.g. `refs/heads/main`.'),
    runUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional()
      .describe('Address of the run that triggered it; http or https.'),
    actor: z
      .string()
      .max(200)
      .optional()
      .describe('Who started that run. One who is a user here counts as an author, too (REL-10).'),
  })
  .meta({ id: 'ReleaseSource', description: 'Facts about the CI run that triggered a release (REL-5).' });

const armedIntent = z
  .enum(['pause', 'skip', 'full-rollout'])
  .nullable()
  .describe('What will happen when the roll-out under way has ended (REL-13, REL-17, REL-31); null: the phase bakes.');

const common = {
  id: z.string().describe('The release’s id.'),
  project: slug.describe('Name of its project.'),
  pipeline: slug.describe('Name of its pipeline.'),
  pipelineVersion: z.int().describe('The version that was pinned (REL-1).'),
  digest: z.string().describe('SHA-256 of the change set, hexadecimal: what a review approves (CHG-1).'),
  state: releaseState,
  phases: z.array(releasePhase).describe('All phases of the pinned version, in order.'),
  currentPhase: z
    .string()
    .nullable()
    .describe('The phase under way or about to start (REL-7); null while queued and once the release has ended.'),
  currentPhaseEndTime: nullableInstant('When its bake timer ends; null while paused or waiting (REL-12).'),
  armed: armedIntent,
  defect: z.null().describe('What prevents the release from progressing; null: nothing.'),
  allowed: z.array(actionName).describe('What state and permissions allow this caller to do now.'),
};

const origin = {
  triggeredBy: slug.describe('Name of the user who triggered it.'),
  reason: z.string().nullable().describe('Why, as given by the trigger.'),
  source: releaseSource.nullable().describe('The CI run behind it; null: none was named.'),
  labels: z.array(z.string()).describe('As given by the trigger.'),
  skipSteps: z
    .array(z.string())
    .describe(
      'Names of the steps that the trigger left out of every deployment, as the pipeline has them and in its order ' +
        '(PRO-4); outside the digest.',
    ),
  createdAt: instant.describe('When the trigger was accepted.'),
  endedAt: nullableInstant('When it was completed or aborted; null while it is live.'),
};

/** A release as `GET /v1/releases/{id}` and every accepted action answer it. */
export const release = z
  .strictObject({
    ...common,
    changes: z.array(z.union([releasedFlag, releasedService])).describe('The pinned change set, in its order.'),
    ...origin,
  })
  .meta({ id: 'Release', description: 'One run of a pipeline version for one pinned change set.' });

/** A release in a list: all of it but the definitions, which may be half a megabyte each. */
export const listedRelease = z
  .strictObject({
    ...common,
    changes: z
      .array(z.union([listedFlagChange, releasedService]))
      .describe('The pinned change set, without definitions.'),
    ...origin,
  })
  .meta({ id: 'ListedRelease', description: 'A release as lists show it.' });

/** What a trigger answers when only opted-out environments changed (PIPE-6). */
export const appliedDirectly = z
  .strictObject({
    applied: z.literal(true).describe('The change is live.'),
    release: z.null().describe('None was needed: all environments of the change are opted out of pipelines.'),
  })
  .meta({ id: 'AppliedDirectly', description: 'The change was applied at once, without a release (PIPE-6).' });

/** Body of an operator's action; everything is optional (REL-14, REL-25). */
export const actionBody = z
  .strictObject({
    phase: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'The phase the caller saw; left out: the current one. Another one is current: 409 `release.stale-phase`.',
      ),
    attempt: z.int().min(1).optional().describe('The attempt the caller saw; left out: the current one.'),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .optional()
      .describe('Why; some pipelines ask for it (`reasonRequired`).'),
    expiresAfter: duration
      .optional()
      .describe('How long the action may wait for its decision before it is refused with `action.expired`.'),
  })
  .meta({ id: 'ActionRequest', description: 'What the caller saw and why they act; all of it optional.' });

/** Body of a repair. */
export const repairBody = z
  .strictObject({
    reason: z.string().trim().min(1).max(2_000).optional().describe('Why, for the audit.'),
  })
  .meta({ id: 'RepairRequest', description: 'Why a release is to be started anew; optional.' });

/** An action and what became of it, as `GET /v1/actions/{id}` and a 202 answer it. */
export const action = z
  .strictObject({
    id: z.string().describe('The action’s id.'),
    release: z.string().describe('Id of the release it was asked of.'),
    number: z.int().min(1).describe('Its place among the release’s actions: they are decided in this order (REL-28).'),
    verb: z.enum([...RELEASE_ACTIONS, 'accept-drift', 'submit', 'callback']).describe('What was asked for.'),
    state: z
      .enum(['pending', 'applied', 'refused'])
      .describe('`pending`: accepted and not yet decided; it will be applied or refused, never lost (REL-25).'),
    problem: problemBody.nullable().describe('Why it was refused; null unless it was.'),
    by: actor.describe('Name of the user who asked; `service:<name>` where a target called back (PRO-6).'),
    reason: z.string().nullable().describe('Why, as given by that user; what a target that called back said.'),
    acceptedAt: instant.describe('The time that counts for the decision (REL-29).'),
    decidedAt: nullableInstant('When it was decided; null while it is pending.'),
  })
  .meta({
    id: 'Action',
    examples: [actionExample],
    description: 'What a person asked of a release, and what became of it.',
  });

const remedy = z
  .strictObject({
    action: z
      .enum([...RELEASE_ACTIONS, 'accept-drift', 'submit', 'reassign', 'release', 'repair'])
      .describe(
        'What lifts it: an action of the release, or its repair, by its name in the path; `accept-drift`: giving up a ' +
          'target; `submit`: taking an interruption and answering it; `reassign`, `release`: taking it from somebody who ' +
          'can no longer answer it.',
      ),
    permission: z
      .string()
      .nullable()
      .describe('The permission that this needs; null: membership in one of the teams is enough (SEC-4).'),
    teams: z
      .array(slug)
      .describe('Names of the teams of which one has to be a member, beside the permission (INT-3); empty: of none.'),
    heldBy: z.array(slug).describe('Names of users who may do it now; of very many, the first.'),
  })
  .meta({ id: 'Remedy', description: 'How a blocker can be lifted, and by whom.' });

const blocker = z
  .strictObject({
    kind: z
      .enum([
        'engine',
        'start',
        'queue',
        'review',
        'bake-timer',
        'paused',
        'roll-out',
        'failed',
        'interruption',
        'step',
        'target',
        'callback',
        'undecided-action',
        'revert',
      ])
      .describe('What keeps the release where it is; `engine`: what moves releases is in trouble.'),
    trouble: z
      .enum(['temporal-down', 'no-worker', 'workflow-failing'])
      .nullable()
      .describe('What is wrong with the engine; null unless it is.'),
    detail: z.string().describe('The same in one sentence.'),
    phase: z.string().nullable().describe('The phase it is about; null: the release as a whole.'),
    since: nullableInstant('Since when; null where that is not known.'),
    until: nullableInstant('When it ends by itself: a bake, a deadline, the time of a callback; null: never.'),
    service: slug.nullable().describe('Name of the service that does not answer as it should; null: it is about none.'),
    step: z.string().nullable().describe('Name of the step that is tried again; null: it is about none.'),
    interruption: z.string().nullable().describe('Id of what a person is asked; null: it is about none.'),
    responsibleUser: slug.nullable().describe('Name of the user who has taken the interruption; null: nobody has.'),
    environment: slug.nullable().describe('Name of the environment it is about; null: of none in particular.'),
    nextAttemptAt: nullableInstant('When a target or step is tried again; null: no such thing is planned.'),
    remainingMs: z.int().nullable().describe('What is left of a paused bake, in milliseconds; else null.'),
    by: actor
      .nullable()
      .describe('Name of the user who brought it about, e.g. paused the bake, or `service:<name>`; null: nobody.'),
    approvals: z
      .strictObject({
        given: z.array(slug).describe('Names of those who have approved, or proceeded, in order.'),
        needed: z.int().describe('How many must.'),
      })
      .nullable()
      .describe('How far a review, or an interruption (INT-6), has come; else null.'),
    releases: z
      .array(z.string())
      .describe('Ids of the releases it waits for, in a queue or for a person’s answer there (INT-9); else empty.'),
    remedies: z.array(remedy).describe('What lifts it; empty: only time, or what is ahead, does.'),
  })
  .meta({ id: 'Blocker', description: 'One reason why a release is where it is.' });

/** Everything that keeps a release where it is (REL-26). */
export const why = z
  .strictObject({
    release: z.string().describe('Id of the release.'),
    state: releaseState,
    blockers: z
      .array(blocker)
      .describe('All of them, the engine first, then that of the state; empty once the release has ended.'),
    earliestNextTransition: nullableInstant(
      'When it can go on at the earliest, by itself; null: never without a person, a release ahead, or the engine.',
    ),
  })
  .meta({ id: 'Why', description: 'Why a release is where it is, and what would let it go on (REL-26).' });

/** One event, in lists and on streams. */
export const event = z
  .strictObject({
    id: z.string().describe('Its place in the order of all events; what `Last-Event-ID` goes on from.'),
    type: z.string().describe('What happened, in the past tense, e.g. `bake-paused`.'),
    at: instant.describe('When it happened.'),
    project: slug.nullable().describe('Name of the project it belongs to; null: the installation.'),
    release: z.string().nullable().describe('Id of the release it belongs to; null: none.'),
    actor: actor
      .nullable()
      .describe('Name of the user who brought it about, or `service:<name>` that called back; null: Sluice itself.'),
    data: z.record(z.string(), z.unknown()).describe('What else there is to say; depends on the type.'),
  })
  .meta({ id: 'Event', description: 'Something that happened, recorded once (INV-4).' });

const deploymentStep = z
  .strictObject({
    name: z.string().describe('The step’s name; without a process there is one, `roll-out`.'),
    kind: z.enum(['roll-out', 'manual', 'http', 'email', 'notify']).describe('What kind of step it is.'),
    state: z
      .enum(['pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'aborted'])
      .describe('How far it has come; `waiting`: a person is asked.'),
    try: z.int().min(1).describe('Raised when a person lets it be tried again (INT-10).'),
    detail: z.string().nullable().describe('Why it ended as it did; null: nothing of note.'),
    errored: z.boolean().describe('It failed because the machinery broke, not because something said no.'),
    startedAt: nullableInstant('When it began; null: not yet.'),
    endedAt: nullableInstant('When it ended; null: not yet.'),
    error: z
      .string()
      .nullable()
      .describe(
        'What went wrong; null: nothing, or nothing that counts, as a person ended it (INT-5) or ignored that.',
      ),
    ignored: z.boolean().describe('It had failed and counts as succeeded, as a person answered `ignore` (INT-10).'),
  })
  .meta({ id: 'DeploymentStep', description: 'One step of a deployment.' });

/** States of a deployment. */
export const deploymentState = z.enum(['queued', 'running', 'waiting', 'succeeded', 'failed', 'aborted']);

/** One execution of the process for one phase, environment and attempt. */
export const deployment = z
  .strictObject({
    id: z.string().describe('The deployment’s id.'),
    release: z.string().describe('Id of its release.'),
    track: z.string().nullable().describe('The tenant whose progress it belongs to; null: a release without tenants.'),
    phase: z.string().describe('Name of the phase.'),
    environment: slug.describe('Name of the environment.'),
    tenant: slug.nullable().describe('Name of the tenant; null: none.'),
    attempt: z.int().min(1).describe('Raised by every retry of the phase (REL-22).'),
    state: deploymentState.describe(
      'How far it has come; `queued`: it waits for an answer to another release (INT-9); `waiting`: a person is asked.',
    ),
    errored: z.boolean().describe('It failed because the machinery broke, not because the process said no.'),
    steps: z.array(deploymentStep).describe('Its steps, in order.'),
    interruptions: z.array(z.string()).describe('Ids of what it asked people for.'),
    triggeredBy: slug
      .nullable()
      .describe(
        'Name of the user to whom it goes back: who retried the phase, or rolled out fully, where that started it; ' +
          'else who triggered the release. null: that is not known.',
      ),
    endedBy: z
      .strictObject({
        user: slug.describe('Name of the user.'),
        notes: z.string().nullable().describe('What that person wrote; null: nothing.'),
      })
      .nullable()
      .describe('The person who ended it early: aborted an interruption (INT-5), or the release. null: nobody did.'),
    createdAt: instant.describe('When it was recorded.'),
    startedAt: nullableInstant('When it began; null: not yet.'),
    endedAt: nullableInstant('When it ended; null: not yet.'),
  })
  .meta({
    id: 'Deployment',
    examples: [deploymentExample],
    description: 'One execution of the process for one phase, environment and attempt.',
  });

/** One touched target, after an abort or a completion: did it come back, or does somebody else’s change stand? */
export const drift = z
  .strictObject({
    item: slug.describe('Name of the changed flag or service.'),
    target: z.enum(['flag', 'service']).describe('What kind of target it is.'),
    environment: slug.describe('Name of the environment.'),
    state: z
      .enum(['reverting', 'reverted', 'drifted'])
      .describe('`drifted`: somebody else changed it meanwhile, and it was not overwritten (REL-19, CHG-3).'),
    detail: z.string().nullable().describe('What was found; null: nothing of note.'),
    nextAttemptAt: nullableInstant('When the next attempt to revert it is made; null: none is planned.'),
  })
  .meta({ id: 'Drift', description: 'Whether a touched target came back (REL-19).' });
