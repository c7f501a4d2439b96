import type { RuleCode } from '../domain/refusal';

/** What every problem of a code has in common; `detail` and `errors` say what was wrong this time. */
export interface ProblemKind {
  status: number;
  title: string;
}

/**
 * Problems the API finds by itself. A code is a promise: clients compare it, so it is never renamed or reused.
 * 400 is a request that cannot be read or does not fit its schema, 422 one that fits and does not add up.
 */
const apiProblems = {
  'request.invalid': { status: 400, title: 'The request does not fit its schema' },
  'request.malformed': { status: 400, title: 'The body is not JSON that can be read' },
  'request.unauthenticated': { status: 401, title: 'A valid token is needed' },
  'request.forbidden': { status: 403, title: 'A permission is missing' },
  'request.unknown-route': { status: 404, title: 'There is nothing at this path' },
  'request.method-not-allowed': { status: 405, title: 'The path does not take this method' },
  'request.timeout': { status: 408, title: 'The request took too long to arrive' },
  'request.precondition-failed': { status: 412, title: 'The thing has changed since it was read' },
  'request.too-large': { status: 413, title: 'The body is too large' },
  'request.unsupported-media-type': { status: 415, title: 'The body is not application/json' },
  'request.too-many': { status: 429, title: 'Too many requests' },
  'request.headers-too-large': { status: 431, title: 'The headers are too large' },
  'request.failed': { status: 500, title: 'Something went wrong on our side' },
  'idempotency.mismatch': { status: 422, title: 'The Idempotency-Key belongs to another body' },
  'store.unavailable': { status: 503, title: 'The store cannot be reached' },
  'backup.unsupported': { status: 409, title: 'This store is backed up with other tools' },
  'project.unknown': { status: 404, title: 'There is no such project' },
  'project.gone': { status: 410, title: 'The project was deleted' },
  'project.in-use': { status: 409, title: 'The project is in use' },
  'environment.unknown': { status: 404, title: 'There is no such environment' },
  'environment.gone': { status: 410, title: 'The environment was deleted' },
  'environment.in-use': { status: 409, title: 'The environment is in use' },
  'evaluation-key.unknown': { status: 404, title: 'There is no such evaluation key' },
  'evaluation-key.gone': { status: 410, title: 'The evaluation key was deleted' },
  'user.unknown': { status: 404, title: 'There is no such user' },
  'user.gone': { status: 410, title: 'The user was deleted' },
  'user.last-administrator': { status: 409, title: 'Somebody must be administrator everywhere' },
  'team.unknown': { status: 404, title: 'There is no such team' },
  'team.gone': { status: 410, title: 'The team was deleted' },
  'team.in-use': { status: 409, title: 'The team is in use' },
  'token.unknown': { status: 404, title: 'There is no such token' },
  'token.gone': { status: 410, title: 'The token was deleted' },
  'grant.exceeds': { status: 403, title: 'Nobody grants what they do not hold' },
  'reference.unknown': { status: 422, title: 'The body names something that does not exist' },
  'pipeline.unknown': { status: 404, title: 'There is no such pipeline, or not in this version' },
  'pipeline.gone': { status: 410, title: 'The pipeline was deleted' },
  'pipeline.in-use': { status: 409, title: 'A release runs on the pipeline' },
  'pipeline.invalid': { status: 400, title: 'The definition of the pipeline has faults' },
  'flag.unknown': { status: 404, title: 'There is no such flag' },
  'flag.gone': { status: 410, title: 'The flag was deleted' },
  'flag.invalid': { status: 400, title: 'The definition of the flag has faults' },
  'flag.kind-fixed': { status: 409, title: 'Kind and type of a flag never change' },
  'flag.requires-pipeline': { status: 409, title: 'What these environments see changes by a release' },
  'flag.being-released': { status: 409, title: 'A release is changing the flag' },
  'service.unknown': { status: 404, title: 'There is no such service' },
  'service.gone': { status: 410, title: 'The service was deleted' },
  'service.in-use': { status: 409, title: 'A release is deploying the service' },
  'service.invalid': { status: 400, title: 'The settings of the service have faults' },
  'variable.unknown': { status: 404, title: 'There is no such variable' },
  'variable.gone': { status: 410, title: 'The variable was deleted' },
  'variable.in-use': { status: 409, title: 'A process uses the variable' },
  'variable.invalid': { status: 400, title: 'The settings of the variable have faults' },
  'subscription.unknown': { status: 404, title: 'There is no such subscription' },
  'subscription.gone': { status: 410, title: 'The subscription was deleted' },
  'subscription.invalid': { status: 400, title: 'The settings of the subscription have faults' },
  'release.invalid': { status: 400, title: 'The release cannot be started as it was asked for' },
  'release.unknown': { status: 404, title: 'There is no such release' },
  'release.change-outdated': { status: 412, title: 'A flag has changed since the change was made' },
  'drift.unknown': { status: 404, title: 'The release changes no such service' },
  'interruption.unknown': { status: 404, title: 'There is no such interruption' },
  'deployment.unknown': { status: 404, title: 'There is no such deployment' },
  'action.unknown': { status: 404, title: 'There is no such action' },
  'notification.unknown': { status: 404, title: 'There is no such notification' },
} as const satisfies Record<string, ProblemKind>;

/** What the domain's refusals are over HTTP: a new rule code without a status does not compile. */
const ruleProblems: Record<RuleCode, ProblemKind> = {
  'release.queued': { status: 409, title: 'The release is queued' },
  'release.aborting': { status: 409, title: 'The release is being aborted' },
  'release.ended': { status: 409, title: 'The release has ended' },
  'release.blocked': { status: 409, title: 'A hold keeps the release from going on' },
  'release.failed': { status: 409, title: 'The phase has failed' },
  'release.stale-phase': { status: 409, title: 'The release is in another phase or attempt' },
  'release.last-phase': { status: 409, title: 'There is no phase to go on to' },
  'release.not-failed': { status: 409, title: 'Only a failed phase can be retried' },
  'release.rolling-out': { status: 409, title: 'The phase is being rolled out' },
  'release.intent-armed': { status: 409, title: 'An intent of the same or a higher rank is armed' },
  'release.busy': { status: 409, title: 'Another release holds a target' },
  'review.not-open': { status: 409, title: 'No review is open' },
  'review.already-approved': { status: 409, title: 'This person has approved already' },
  'review.author': { status: 409, title: 'An author cannot approve this release' },
  'review.token-maker': { status: 409, title: 'The maker of this token has a part in the release' },
  'review.not-allowed': { status: 403, title: 'The review is for others to give' },
  'review.approvals-missing': { status: 409, title: 'Others must approve first' },
  'bake.not-running': { status: 409, title: 'No bake timer runs' },
  'bake.already-paused': { status: 409, title: 'The bake timer is paused' },
  'bake.not-paused': { status: 409, title: 'Nothing is paused' },
  'drift.not-reverting': { status: 409, title: 'The target is not on its way back' },
  'interruption.not-taken': { status: 409, title: 'Nobody has taken the interruption' },
  'interruption.taken-by-other': { status: 409, title: 'Somebody else has taken the interruption' },
  'interruption.submitted': { status: 409, title: 'The interruption has been answered' },
  'interruption.closed': { status: 409, title: 'The interruption was closed' },
  'interruption.not-allowed': { status: 403, title: 'The interruption is for others' },
  'interruption.author': { status: 409, title: 'An author cannot answer this interruption' },
  'interruption.token-maker': { status: 409, title: 'The maker of this token has a part in the release' },
  'interruption.already-proceeded': { status: 409, title: 'This person has proceeded already' },
  'interruption.notes-required': { status: 409, title: 'The answer needs notes' },
  'interruption.result-unknown': { status: 409, title: 'The interruption cannot be answered like that' },
  'action.expired': { status: 409, title: 'The action has expired' },
  'action.reason-required': { status: 409, title: 'The pipeline asks for a reason' },
};

export type ProblemCode = keyof typeof apiProblems | RuleCode;

/** Every problem the API can answer with, by code. */
export const problemKinds: Record<ProblemCode, ProblemKind> = { ...apiProblems, ...ruleProblems };
