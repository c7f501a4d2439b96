import type { Instant } from './instant';
import { currentPhase } from './release';
import { planAt } from './release-plan';
import { shownState } from './shown-state';
import type { WhyInput } from './why';
import type { OpenQuestion } from './why-process';

/** What is due in the past happens as soon as the engine gets to it: now, at the earliest. */
export function nextTransition({
  state,
  plan,
  holds,
  queue,
  undecided,
  effects,
  waits,
  now,
}: WhyInput): Instant | null {
  const shown = shownState(state, holds);
  const { progress } = currentPhase(state);
  if (undecided.length > 0) {
    return now;
  }
  if (shown === 'failed') {
    return null;
  }
  if (shown === 'waiting-for-intervention') {
    return earliestDeadline(waits?.questions ?? [], now);
  }
  // A target that is not asked again before then keeps the release at least until then.
  const asked = effects.map(({ nextAttemptAt, awaitedUntil }) => awaitedUntil ?? nextAttemptAt ?? now);
  if (shown === 'aborting' || (shown === 'rolling-out' && asked.length > 0)) {
    return Math.max(now, asked.length > 0 ? Math.min(...asked) : now);
  }
  if (shown === 'queued') {
    return holds.length > 0 || (queue && queue.ahead.length > 0) ? null : now;
  }
  if (shown === 'baking' && progress.status === 'baking') {
    return Math.max(now, progress.endsAt);
  }
  if (progress.status === 'waiting-for-review' && !state.fullRollout) {
    const outcome = planAt(plan, state.current).review?.deadline?.outcome;
    const changes = outcome === 'abort' || (outcome === 'proceed' && holds.length === 0);
    return progress.deadlineAt !== null && changes ? Math.max(now, progress.deadlineAt) : null;
  }
  const isAboutToGoOn =
    state.fullRollout !== null || state.finishing || progress.status === 'pending' || progress.status === 'ready';
  if (!isAboutToGoOn || holds.length > 0) {
    return null;
  }
  const blockedBy = waits?.blockedBy ?? [];
  return blockedBy.length > 0 ? earliestDeadline(blockedBy, now) : now;
}

/** When the first of them is answered by nobody; null: none has a deadline. */
function earliestDeadline(questions: readonly OpenQuestion[], now: Instant): Instant | null {
  const deadlines = questions.flatMap(({ deadlineAt }) => (deadlineAt === null ? [] : [deadlineAt]));
  return deadlines.length > 0 ? Math.max(now, Math.min(...deadlines)) : null;
}
