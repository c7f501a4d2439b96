import type { Failure, Notification } from './notification-data';
import { oneLine as lineOf } from './one-line';

/** What a notification says to people. All but `quote` is one line each, whatever was put into it. */
export interface NotificationText {
  subject: string;
  /** What has happened, or what is to be decided. */
  lead: string;
  /** What a person wrote about it; null: nothing. */
  quote: string | null;
  /** Whether the quote is Markdown: instructions are, with their variables escaped for it (VAR-4). */
  isMarkdown: boolean;
  facts: { name: string; value: string }[];
}

/** Of a list of changes, teams or environments so many are named; the page has all. */
const MOST_NAMED = 20;
const LONGEST_TITLE = 150;
/** A name in a title: what stands behind it is to be read, too. */
const LONGEST_NAME = 40;
const LONGEST_LINE = 500;

/** A notification in sentences (NOT-1): what to decide, and where and until when. */
export function notificationText(notification: Notification): NotificationText {
  const { project, pipeline, release } = notification.data;
  const { title, lead, quote = null, isMarkdown = false, facts } = textOf(notification);
  const all = [...facts, ['Project', project] as const, ['Pipeline', pipeline] as const, ['Release', release] as const];
  return {
    subject: `[${project}] ${oneLine(title, LONGEST_TITLE)} of release ${release}`,
    lead: oneLine(lead),
    quote: quote === null || quote.trim() === '' ? null : quote,
    isMarkdown,
    facts: all.flatMap(([name, value]) => (value === null || value === '' ? [] : [{ name, value: oneLine(value) }])),
  };
}

interface Parts {
  /** Reads on with "of release …". */
  title: string;
  lead: string;
  quote?: string | null;
  isMarkdown?: boolean;
  facts: readonly (readonly [name: string, value: string | null])[];
}

function textOf({ type, data }: Notification): Parts {
  switch (type) {
    case 'review-due':
      return {
        title: `Review due: ${data.phase}`,
        lead: `Phase ${data.phase} starts when ${people(data.approvals)} approved it.`,
        quote: data.reason,
        facts: [
          ['Phase', data.phase],
          ['Environments', listed(data.environments)],
          ['Changes', listed(data.changes)],
          ['Triggered by', data.triggeredBy],
          ['Teams', listed(data.teams)],
          ['Deadline', data.deadline && `${data.deadline}; ${afterDeadline[data.deadlineOutcome ?? 'keep-waiting']}`],
        ],
      };
    case 'interruption-raised':
      return {
        title: `Decision needed: ${asked(data)} in ${where(data)}`,
        lead: `The deployment of phase ${data.phase} to ${data.environment} waits for a decision: ${asked(data, LONGEST_LINE)}.`,
        quote: data.instructions,
        isMarkdown: true,
        facts: [
          ['Answers', listed(data.results)],
          ['Phase', data.phase],
          ['Environment', data.environment],
          ['Teams', listed(data.teams)],
          ['Deadline', data.deadline],
          ['Interruption', data.interruption],
        ],
      };
    case 'interruption-aborted':
      return {
        title: `Aborted: ${asked(data)} in ${where(data)}`,
        lead: `${data.by ?? 'A deadline that passed'} has aborted ${asked(data, LONGEST_LINE)}, and the deployment has ended failed.`,
        quote: data.notes,
        facts: [
          ['Phase', data.phase],
          ['Environment', data.environment],
        ],
      };
    case 'deployment-failed':
      return {
        title: `Deployment ${outcome([data])}: ${where(data)}`,
        lead: `The deployment of phase ${data.phase} to ${data.environment} ${happened(data)}.`,
        quote: said(data, '\n'),
        facts: [
          ['Phase', data.phase],
          ['Environment', data.environment],
          ['Step', data.step],
        ],
      };
    case 'phase-failed':
      return {
        title: `Phase ${outcome(data.failures)}: ${oneLine(data.phase, LONGEST_NAME)}`,
        lead: data.aborts
          ? `Phase ${data.phase} ${became(data.failures)}, and the release is aborted.`
          : `Phase ${data.phase} ${became(data.failures)}: ${data.maySkip ? 'retry or skip it' : 'retry it'}, or abort the release.`,
        quote: data.failures.map((failure) => `${failure.environment}: ${reasonOf(failure)}`).join('\n'),
        facts: [
          ['Phase', data.phase],
          ['Environments', listed(data.failures.map(({ environment }) => environment))],
        ],
      };
    case 'release-aborted':
      return {
        title: 'Abort',
        lead: `The release is aborted ${causes[data.cause](data.by)}, and everything it has changed is brought back.`,
        quote: data.reason ?? data.detail,
        facts: [],
      };
    case 'release-completed':
      return { title: 'Completion', lead: 'The release is completed.', facts: [] };
    case 'defect-raised':
      return {
        title: 'Defect raised: later phases wait',
        lead: `${data.by ?? 'Sluice'} has raised a defect: no later phase starts until it is resolved.`,
        quote: data.reason,
        facts: [['Defect', data.defect]],
      };
    case 'defect-resolved':
      return {
        title: 'Defect resolved',
        lead: `${data.by ?? 'Sluice'} has resolved the defect.`,
        quote: data.reason,
        facts: [['Defect', data.defect]],
      };
  }
}

const afterDeadline = {
  abort: 'then the release is aborted',
  proceed: 'then it goes on without',
  'keep-waiting': 'then it goes on waiting',
} as const;

const causes = {
  person: (by: string | null) => `by ${by ?? 'a person'}`,
  'review-deadline': () => 'because the deadline of a review has passed',
  'phase-failed': () => 'because a phase has failed',
  'change-set-outdated': () => 'because what it was to change has changed meanwhile',
} as const;

function people(approvals: number): string {
  return approvals === 1 ? 'somebody has' : `${approvals} people have`;
}

/** What is asked, or was: the step's name in quotes, as it may be half a sentence. */
function asked({ title, step }: { title: string; step: string }, longest = LONGEST_NAME): string {
  return title.startsWith(step)
    ? `"${oneLine(step, longest)}"${title.slice(step.length)}`
    : `"${oneLine(title, longest)}"`;
}

/** Of two that ask the same one is in production. */
function where({ phase, environment }: { phase: string; environment: string }): string {
  return `${oneLine(phase, LONGEST_NAME)}/${oneLine(environment, LONGEST_NAME)}`;
}

/** A person's abort is no error (INT-5). */
function outcome(failures: readonly Failure[]): string {
  const enders = endersOf(failures);
  return enders === null ? 'failed' : `aborted by ${enders}`;
}

function became(failures: readonly Failure[]): string {
  const enders = endersOf(failures);
  return enders === null ? 'has failed' : `was aborted by ${enders}`;
}

/** Who has ended all of them; null: something failed by itself. */
function endersOf(failures: readonly Failure[]): string | null {
  const users = failures.flatMap((failure) => (endedAlone(failure) ? (failure.endedBy?.user ?? []) : []));
  return users.length === 0 || users.length < failures.length ? null : [...new Set(users)].join(' and ');
}

/** A person's abort is all that is wrong with it: before one at a step that always runs, something else may have failed. */
function endedAlone({ endedBy, step }: Failure): boolean {
  return endedBy !== null && (step === null || step === endedBy.step);
}

function happened(failure: Failure): string {
  const { endedBy, errored, step } = failure;
  const aborted = endedBy === null ? '' : `was aborted by ${endedBy.user}${whereIn(endedBy.step)}`;
  if (endedAlone(failure)) {
    return aborted;
  }
  const failed = `has failed${whereIn(step)}${errored ? ', as something broke' : ''}`;
  return aborted === '' ? failed : `${failed}, and ${aborted}`;
}

/** What went wrong, and what whoever aborted it wrote; null: nothing is known. */
function said(failure: Failure, between: string): string | null {
  const { endedBy, detail } = failure;
  const texts = [endedAlone(failure) ? null : detail, endedBy?.notes ?? null];
  return texts.filter((text) => text !== null && text.trim() !== '').join(between) || null;
}

function whereIn(step: string | null): string {
  return step === null ? '' : ` in step '${step}'`;
}

function reasonOf(failure: Failure): string {
  const detail = said(failure, '; ');
  return `${happened(failure)}${detail === null ? '' : `: ${oneLine(detail)}`}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ');
}

/** Names and titles are free text: inside one of our lines they make no other, and no header of a mail. */
function oneLine(text: string, longest = LONGEST_LINE): string {
  return lineOf(text, longest);
}
