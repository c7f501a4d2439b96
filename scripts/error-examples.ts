import type { ProblemExtras } from '../src/api/problem';
import type { ProblemCode } from '../src/api/problem-codes';

/** One problem as it may come, for docs/errors.md. */
export interface ErrorExample extends Omit<ProblemExtras, 'headers'> {
  detail: string;
}

const RELEASE = '01KG9YQ3M8W2V6T0R4N1X5Z7BC';
const OTHER_RELEASE = '01KG9YR8F4D1C7H2J6K9P3S5TV';

/** An example of every problem code; a new code without one does not compile. */
export const errorExamples: Record<ProblemCode, ErrorExample> = {
  'request.invalid': {
    detail: 'order: Invalid input: expected number, received string, and 1 more',
    errors: [
      { path: 'order', message: 'Invalid input: expected number, received string' },
      { path: 'colour', message: 'Unknown field' },
    ],
  },
  'request.malformed': { detail: 'The body is not JSON: Unexpected end of JSON input' },
  'request.unauthenticated': { detail: 'The token is unknown, revoked or expired' },
  'request.forbidden': {
    detail: 'This needs the permission ReleaseControl',
    facts: { permission: 'ReleaseControl' },
  },
  'request.unknown-route': { detail: 'There is nothing at /v1/relases' },
  'request.method-not-allowed': { detail: 'This path takes GET' },
  'request.timeout': { detail: 'The request did not arrive in time' },
  'request.precondition-failed': {
    detail: 'If-Match names a version that is not the current one',
    facts: { current: '"3q2-7wEoJ0n9XfYc1sUeVb4aLmT"' },
  },
  'request.too-large': { detail: 'The body may have at most 1000000 bytes' },
  'request.unsupported-media-type': { detail: 'Send JSON in UTF-8 as application/json, not compressed' },
  'request.too-many': { detail: 'Try again in 1 s' },
  'request.headers-too-large': { detail: 'The headers are larger than 16 KB' },
  'request.failed': { detail: 'The request failed and has been logged under its X-Request-Id' },
  'idempotency.mismatch': { detail: 'The key deploy-4711 was accepted with another body' },
  'store.unavailable': { detail: 'The store cannot be reached at the moment', facts: { part: 'store' } },
  'backup.unsupported': {
    detail: 'This store is on PostgreSQL: back it up with pg_dump, which runs while Sluice does',
  },

  'project.unknown': { detail: 'There is no project shop' },
  'project.gone': { detail: 'The project shop was deleted' },
  'project.in-use': {
    detail: `shop is in use by release ${RELEASE}`,
    facts: { users: [`release ${RELEASE}`] },
  },
  'environment.unknown': { detail: 'There is no environment production' },
  'environment.gone': { detail: 'The environment production was deleted' },
  'environment.in-use': {
    detail: 'production is in use by pipeline standard',
    facts: { users: ['pipeline standard'] },
  },
  'evaluation-key.unknown': { detail: 'There is no evaluation-key 01KG9YT5B3N8Q1W6E0R2M4X7ZA' },
  'evaluation-key.gone': { detail: 'The evaluation-key 01KG9YT5B3N8Q1W6E0R2M4X7ZA was deleted' },
  'user.unknown': { detail: 'There is no user ada' },
  'user.gone': { detail: 'The user ada was deleted' },
  'user.last-administrator': { detail: 'Afterwards nobody would be administrator everywhere' },
  'team.unknown': { detail: 'There is no team release-managers' },
  'team.gone': { detail: 'The team release-managers was deleted' },
  'team.in-use': {
    detail: 'release-managers is in use by pipeline standard',
    facts: { users: ['pipeline standard'] },
  },
  'token.unknown': { detail: 'There is no token 01KG9YV2C6F9H3K7M1P5R8T0WX' },
  'token.gone': { detail: 'The token 01KG9YV2C6F9H3K7M1P5R8T0WX was deleted' },
  'grant.exceeds': {
    detail: 'This grants more than the caller holds there',
    errors: [{ path: 'roles[0]', message: 'The caller does not hold all of this in that scope' }],
  },
  'reference.unknown': {
    detail: 'A member does not exist',
    errors: [{ path: 'members[1]', message: 'There is no user grace' }],
  },

  'pipeline.unknown': { detail: 'There is no pipeline standard' },
  'pipeline.gone': { detail: 'The pipeline standard was deleted' },
  'pipeline.in-use': {
    detail: `standard is in use by release ${RELEASE}`,
    facts: { users: [`release ${RELEASE}`] },
  },
  'pipeline.invalid': {
    detail: 'phases[0].rules[0].environments[0] names the environment "moon", which does not exist',
    errors: [
      {
        path: 'phases[0].rules[0].environments[0]',
        message: 'names the environment "moon", which does not exist',
      },
    ],
  },
  'flag.unknown': { detail: 'There is no flag new-checkout' },
  'flag.gone': { detail: 'The flag new-checkout was deleted' },
  'flag.invalid': {
    detail: 'definition.defaultVariant names the variant "maybe", which does not exist',
    errors: [{ path: 'definition.defaultVariant', message: 'names the variant "maybe", which does not exist' }],
  },
  'flag.kind-fixed': { detail: 'new-checkout is a gate, which never changes', facts: { kind: 'gate' } },
  'flag.requires-pipeline': {
    detail: 'new-checkout changes by a release in production; a direct edit there takes FlagOverride',
    facts: { environments: ['production'] },
  },
  'flag.being-released': {
    detail: `new-checkout is being changed by a release: ${RELEASE}`,
    facts: { active: [RELEASE], queued: [] },
  },
  'service.unknown': { detail: 'There is no service payments' },
  'service.gone': { detail: 'The service payments was deleted' },
  'service.in-use': {
    detail: `payments is in use by release ${RELEASE}`,
    facts: { users: [`release ${RELEASE}`] },
  },
  'service.invalid': {
    detail: 'endpoints.moon names the environment "moon", which does not exist, and 1 more',
    errors: [
      { path: 'endpoints.moon', message: 'names the environment "moon", which does not exist' },
      { path: 'timeout', message: 'must be a duration from 1s to 5m, in whole milliseconds' },
    ],
  },

  'variable.unknown': { detail: 'There is no variable Database.Url' },
  'variable.gone': { detail: 'The variable Database.Url was deleted' },
  'variable.in-use': {
    detail: `Database.Url is in use by pipeline standard, release ${RELEASE}`,
    facts: { users: ['pipeline standard', `release ${RELEASE}`] },
  },
  'variable.too-many': {
    detail: 'The project has 500 variables, and can have no more: delete one that nothing uses',
    facts: { most: 500 },
  },
  'variable.invalid': {
    detail: 'environments[0] names the environment "moon", which does not exist',
    errors: [{ path: 'environments[0]', message: 'names the environment "moon", which does not exist' }],
  },
  'subscription.unknown': { detail: 'There is no subscription on-call' },
  'subscription.gone': { detail: 'The subscription on-call was deleted' },
  'subscription.invalid': {
    detail: 'url must be given, or email in its place, and not both',
    errors: [{ path: 'url', message: 'must be given, or email in its place, and not both' }],
  },
  'release.invalid': {
    detail: 'changes[0].flag names the flag "new-chekout", which does not exist',
    errors: [{ path: 'changes[0].flag', message: 'names the flag "new-chekout", which does not exist' }],
  },
  'release.unknown': { detail: `There is no release ${RELEASE}` },
  'release.change-outdated': {
    detail: 'The flag has changed since this ETag',
    errors: [{ path: 'changes[0].base', message: 'The flag has changed since this ETag' }],
  },
  'action.unknown': { detail: 'There is no action 01KG9YW7D1G5J9N3Q8S2V6X0ZB' },
  'notification.unknown': { detail: 'There is no notification 01KG9YT2C5W8V1T4R7N0X3Z6BD' },
  'release.queued': {
    detail: 'The release has not started yet; it can only be aborted',
    allowed: ['abort'],
    facts: { state: 'queued' },
  },
  'release.aborting': {
    detail: 'The release is being aborted, which cannot be undone',
    allowed: [],
    facts: { state: 'aborting' },
  },
  'release.ended': { detail: 'The release is completed', allowed: [], facts: { state: 'completed' } },
  'release.blocked': {
    detail: 'What holds a start holds a retry: the queue',
    allowed: ['abort'],
    facts: { state: 'failed' },
  },
  'release.failed': {
    detail: 'The phase has failed: retry or skip it, or abort the release',
    allowed: ['skip', 'abort', 'retry'],
    facts: { state: 'failed' },
  },
  'release.stale-phase': {
    detail: 'The release is in attempt 1 of phase everyone by now',
    allowed: ['approve', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'waiting-for-review', currentPhase: 'everyone', attempt: 1 },
  },
  'release.last-phase': {
    detail: 'everyone is the last phase: abort the release, or roll it out fully',
    allowed: ['approve', 'abort', 'full-rollout'],
    facts: { state: 'waiting-for-review' },
  },
  'release.not-failed': {
    detail: 'There is nothing to retry while the release is baking',
    allowed: ['pause', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'baking' },
  },
  'release.rolling-out': {
    detail: 'A full roll-out is under way',
    allowed: ['abort'],
    facts: { state: 'rolling-out' },
  },
  'release.intent-armed': {
    detail: 'skip is armed already',
    allowed: ['abort', 'full-rollout'],
    facts: { state: 'rolling-out', armed: 'skip' },
  },
  'release.busy': {
    detail: `Release ${RELEASE} changes new-checkout; to wait for it send whenBusy: queue`,
    facts: { active: [RELEASE], queued: [OTHER_RELEASE] },
  },
  'review.not-open': {
    detail: 'No review of phase everyone is open',
    allowed: ['pause', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'baking' },
  },
  'review.already-approved': {
    detail: 'This person has approved phase everyone already',
    allowed: ['approve', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'waiting-for-review' },
  },
  'review.author': {
    detail: 'An author of the release cannot approve it',
    allowed: ['abort'],
    facts: { state: 'waiting-for-review', phase: 'everyone' },
  },
  'review.token-maker': {
    detail: 'The token was made by someone who triggered or approved this already',
    allowed: ['abort'],
    facts: { state: 'waiting-for-review', phase: 'everyone' },
  },
  'review.not-allowed': {
    detail: 'Phase everyone is for others to approve',
    allowed: ['abort'],
    facts: { state: 'waiting-for-review', phase: 'everyone' },
  },
  'review.approvals-missing': {
    detail: 'Phase everyone needs 1 more approvals of others before its review can be passed',
    allowed: ['approve', 'abort'],
    facts: { state: 'waiting-for-review', phase: 'everyone', missing: 1 },
  },
  'bake.not-running': {
    detail: 'No bake timer runs while the release is waiting-for-review',
    allowed: ['approve', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'waiting-for-review' },
  },
  'bake.already-paused': {
    detail: 'The bake timer is paused already',
    allowed: ['unpause', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'paused' },
  },
  'bake.not-paused': {
    detail: 'No bake timer is paused while the release is baking',
    allowed: ['pause', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'baking' },
  },
  'drift.not-reverting': {
    detail: 'payments in production is not on its way back',
    allowed: [],
    facts: { state: 'aborting' },
  },
  'drift.unknown': { detail: 'The release changes no service payments' },
  'interruption.unknown': { detail: 'There is no interruption 01JXYZ8N3V5R7T9W1Y3A5C7E9G' },
  'deployment.unknown': { detail: 'There is no deployment 01JXYZ8N3V5R7T9W1Y3A5C7E9G' },
  'interruption.not-taken': { detail: 'Take the interruption before you answer it' },
  'interruption.taken-by-other': {
    detail: 'grace has taken the interruption',
    facts: { responsibleUser: 'grace' },
  },
  'interruption.submitted': {
    detail: 'grace answered proceed at 2026-02-03T14:31:08.000Z',
    facts: { submittedBy: 'grace', result: 'proceed' },
  },
  'interruption.closed': {
    detail: 'ada closed it at 2026-02-03T14:31:08.000Z: The release is being aborted (by a person)',
    facts: { closedBy: 'ada', why: 'The release is being aborted (by a person)' },
  },
  'interruption.not-allowed': {
    detail: 'The interruption is for members of operations alone',
    facts: { permission: 'InterruptionSubmit', teams: ['operations'], missing: ['membership'] },
  },
  'interruption.not-assignable': {
    detail: 'grace could not take it. The interruption is for members of operations alone',
    facts: { permission: 'InterruptionSubmit', teams: ['operations'], missing: ['membership'] },
  },
  'interruption.author': { detail: 'An author of the release cannot answer this one' },
  'interruption.token-maker': { detail: 'The token was made by someone who triggered or answered this already' },
  'interruption.already-proceeded': { detail: 'This person has proceeded already; others have to' },
  'interruption.notes-required': { detail: 'Step Check dashboards asks for notes' },
  'interruption.result-unknown': {
    detail: 'It can be answered with fail, retry',
    facts: { results: ['fail', 'retry'] },
  },
  'callback.settled': { detail: 'Nothing waits for this callback: what it is about has come to its end' },
  'callback.unknown': { detail: 'The token is not one that was given out' },
  'action.expired': {
    detail: 'The action was not decided before the time at which it expires',
    allowed: ['pause', 'skip', 'abort', 'full-rollout'],
    facts: { state: 'baking' },
  },
  'action.reason-required': {
    detail: 'The pipeline asks for a reason for abort',
    allowed: ['pause', 'skip', 'full-rollout'],
    facts: { state: 'baking' },
  },
};
