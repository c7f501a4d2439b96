import { DAY, HOUR, SECOND } from '../../src/domain/instant';
import type { ManualDeadline } from '../../src/domain/pipeline';
import type { InterruptionResult } from '../../src/domain/accepted-action';
import { NOTIFICATION_TYPES } from '../../src/domain/notification';
import type { Notification } from '../../src/domain/notification-data';
import { notificationText } from '../../src/domain/notification-text';
import {
  isForPeople,
  notificationsOf,
  notificationTypeOf,
  type AnyReleaseEvent,
  type NotificationFacts,
} from '../../src/domain/notifications-of';
import { DELIVERY_TRIES_MAX, deliveryRetryDelayMs } from '../../src/domain/retry';
import { NOON, phase, plan, planOfPhases, review, step } from './release-fixture';

const RELEASE = '01KG9YQ3M8W2V6T0R4N1X5Z7BC';

const facts = (more: Partial<NotificationFacts> = {}): NotificationFacts => ({
  project: 'shop',
  pipeline: 'to-all',
  release: RELEASE,
  plan: plan(),
  changes: ['flag new-checkout', 'payments 1.4.2'],
  isFullRollout: false,
  triggeredBy: 'ada',
  reason: null,
  nameOf: (user) => `name of ${user}`,
  reasonOf: (action) => `reason of ${action}`,
  failuresOf: () => [],
  interruptionOf: () => null,
  ...more,
});

const interruption = {
  id: '01KGINTERRUPTION',
  title: 'Check dashboards',
  kind: 'manual' as const,
  step: 'Check dashboards',
  deployment: '01KGDEPLOYMENT',
  instructions: 'Look at **errors** first.',
  teams: ['operations'],
  results: ['proceed', 'abort'],
  authorMaySubmit: true,
  notes: null,
};

const ofRelease = { project: 'shop', pipeline: 'to-all', release: RELEASE };

const opened: AnyReleaseEvent = { type: 'review-opened', at: NOON, phase: 0, deadlineAt: NOON + DAY };
const place = { at: NOON, phase: 0, environment: 'production', attempt: 1, step: 0, interruption: 1 };
const raised: AnyReleaseEvent = { type: 'interruption-raised', kind: 'manual', deadlineAt: null, ...place };
const submitted = (result: InterruptionResult): AnyReleaseEvent => ({
  ...{ type: 'interruption-submitted', by: 'grace', action: 'action-1', result },
  ...place,
});
const deadlinePassed = (outcome: ManualDeadline['outcome']): AnyReleaseEvent => ({
  ...{ type: 'interruption-deadline-passed', outcome },
  ...place,
});
const deploymentFailed = (environment: string): AnyReleaseEvent => ({
  type: 'deployment-failed',
  at: NOON,
  phase: 0,
  environment,
  detail: 'The target answered 500',
  errored: true,
});
const phaseFailed: AnyReleaseEvent = { type: 'phase-failed', at: NOON, phase: 0 };

describe('a review that is due', () => {
  const reviewed = planOfPhases(
    phase('staff', { review: review({ teams: ['release-managers'], deadline: { afterMs: DAY, outcome: 'abort' } }) }),
  );

  it('NOT-1: says what to decide, where and until when', () => {
    const [told] = notificationsOf([opened], facts({ plan: reviewed, reason: 'Faster checkout' }));

    expect(told).toEqual({
      type: 'review-due',
      at: NOON,
      data: {
        ...ofRelease,
        phase: 'staff',
        environments: ['staging', 'production'],
        changes: ['flag new-checkout', 'payments 1.4.2'],
        triggeredBy: 'name of ada',
        reason: 'Faster checkout',
        teams: ['release-managers'],
        approvals: 1,
        deadline: '2026-01-06T12:00:00.000Z',
        deadlineOutcome: 'abort',
      },
      audience: { who: 'members', teams: ['release-managers'], permission: null, except: ['ada'] },
    });
  });

  it('NOT-1: goes to holders of ReleaseApprove without teams, and to authors only where they may approve', () => {
    const audienceOf = (authorMayApprove: boolean) =>
      notificationsOf(
        [opened],
        facts({ plan: planOfPhases(phase('staff', { review: review({ authorMayApprove }) })) }),
      )[0]?.audience;

    expect(audienceOf(false)).toEqual({ who: 'holders', permission: 'ReleaseApprove', and: [], except: ['ada'] });
    expect(audienceOf(true)).toEqual({ who: 'holders', permission: 'ReleaseApprove', and: [], except: [] });
  });

  it('NOT-1: has a subject, sentences and facts for people', () => {
    const [told] = notificationsOf([opened], facts({ plan: reviewed, reason: 'Faster checkout' }));

    expect(told && notificationText(told)).toEqual({
      subject: `[shop] Review due: staff of release ${RELEASE}`,
      lead: 'Phase staff starts when somebody has approved it.',
      quote: 'Faster checkout',
      isMarkdown: false,
      facts: [
        { name: 'Phase', value: 'staff' },
        { name: 'Environments', value: 'staging, production' },
        { name: 'Changes', value: 'flag new-checkout, payments 1.4.2' },
        { name: 'Triggered by', value: 'name of ada' },
        { name: 'Teams', value: 'release-managers' },
        { name: 'Deadline', value: '2026-01-06T12:00:00.000Z; then the release is aborted' },
        { name: 'Project', value: 'shop' },
        { name: 'Pipeline', value: 'to-all' },
        { name: 'Release', value: RELEASE },
      ],
    });
  });
});

describe('an interruption', () => {
  it('NOT-1: tells members of its teams who may submit what they are to decide', () => {
    const [told] = notificationsOf([raised], facts({ interruptionOf: () => interruption }));

    expect(told).toMatchObject({
      type: 'interruption-raised',
      data: {
        ...ofRelease,
        phase: 'staff',
        environment: 'production',
        interruption: interruption.id,
        title: 'Check dashboards',
        ...{ kind: 'manual', step: 'Check dashboards', deployment: '01KGDEPLOYMENT' },
        instructions: 'Look at **errors** first.',
        deadline: null,
      },
      audience: { who: 'members', teams: ['operations'], permission: 'InterruptionSubmit', except: [] },
    });
  });

  it('NOT-1: tells holders of DeploymentCreate without teams, and no author who may not submit', () => {
    const open = { ...interruption, teams: [], authorMaySubmit: false };

    const [told] = notificationsOf([raised], facts({ interruptionOf: () => open }));

    expect(told?.audience).toEqual({ who: 'holders', permission: 'DeploymentCreate', and: [], except: ['ada'] });
  });

  it('NOT-2: tells subscribers of its abort with the notes, and of nothing else that is submitted', () => {
    const known = facts({ interruptionOf: () => ({ ...interruption, notes: 'Errors doubled' }) });

    expect(notificationsOf([submitted('abort')], known)).toMatchObject([
      {
        type: 'interruption-aborted',
        data: { title: 'Check dashboards', by: 'name of grace', notes: 'Errors doubled' },
        audience: { who: 'nobody' },
      },
    ]);
    expect(notificationsOf([submitted('proceed'), submitted('retry')], known)).toEqual([]);
  });

  it('NOT-2: says that a deadline aborted it when nobody did', () => {
    const [told] = notificationsOf([deadlinePassed('abort')], facts({ interruptionOf: () => interruption }));

    expect(told).toMatchObject({ type: 'interruption-aborted', data: { by: null } });
    expect(told && notificationText(told).lead).toMatch(/^A deadline that passed has aborted "Check dashboards"/);
  });

  it('INT-6: tells those to whom a deadline gives it, and nobody when it lets the deployment proceed', () => {
    const escalated = facts({ interruptionOf: () => ({ ...interruption, teams: ['heads'] }) });

    expect(notificationsOf([deadlinePassed('escalate')], escalated)).toMatchObject([
      { type: 'interruption-raised', data: { deadline: null }, audience: { who: 'members', teams: ['heads'] } },
    ]);
    expect(notificationsOf([deadlinePassed('proceed')], escalated)).toEqual([]);
  });
});

describe('failures', () => {
  const failed = [
    { environment: 'staging', step: 'Build', detail: 'The target answered 500', errored: true, endedBy: null },
    {
      environment: 'production',
      step: 'Sign off',
      detail: null,
      errored: false,
      endedBy: { user: 'grace', notes: 'Errors doubled', step: 'Sign off' },
    },
  ];

  it('NOT-1: of a deployment while others go on are told to those who can act on it, and to the authors', () => {
    const [told] = notificationsOf([deploymentFailed('staging')], facts({ failuresOf: () => failed }));

    expect(told).toMatchObject({
      type: 'deployment-failed',
      data: { environment: 'staging', step: 'Build', detail: 'The target answered 500', errored: true, endedBy: null },
      audience: { who: 'holders', permission: 'ReleaseControl', and: ['ada'], except: [] },
    });
  });

  it('NOT-1: are told once where the phase fails with them, with what brought it about', () => {
    const told = notificationsOf(
      [deploymentFailed('staging'), deploymentFailed('production'), phaseFailed],
      facts({ failuresOf: () => failed }),
    );

    expect(told.map(({ type, audience }) => [type, audience.who])).toEqual([
      ['deployment-failed', 'nobody'],
      ['deployment-failed', 'nobody'],
      ['phase-failed', 'holders'],
    ]);
    expect(told[2]?.data).toMatchObject({ phase: 'staff', failures: failed, aborts: false });
  });

  it('INT-5: a person’s abort is shown as one, not as an error', () => {
    const told = notificationsOf([deploymentFailed('production'), phaseFailed], facts({ failuresOf: () => failed }));
    const [deployment, whole] = told.map((each) => notificationText(each));

    expect(deployment?.subject).toMatch(/Deployment aborted by grace: staff\/production of release/);
    expect(whole?.subject).toMatch(/Phase failed: staff of release/);
    expect(deployment?.lead).toBe(
      "The deployment of phase staff to production was aborted by grace in step 'Sign off'.",
    );
    expect(deployment?.quote).toBe('Errors doubled');
    expect(whole?.quote).toBe(
      "staging: has failed in step 'Build', as something broke: The target answered 500\n" +
        "production: was aborted by grace in step 'Sign off': Errors doubled",
    );
  });

  it('INT-5, PRO-8: of what failed before somebody aborted it both is told, and it is no abort', () => {
    const endedBy = { user: 'grace', notes: 'Users call', step: 'Sign off' };
    const both = [{ environment: 'staging', step: 'Build', detail: 'The target answered 500', errored: true, endedBy }];
    const told = notificationsOf([deploymentFailed('staging'), phaseFailed], facts({ failuresOf: () => both }));
    const [deployment, whole] = told.map((each) => notificationText(each));

    expect(deployment?.subject).toMatch(/Deployment failed: staff\/staging/);
    expect(deployment?.lead).toBe(
      "The deployment of phase staff to staging has failed in step 'Build', as something broke, " +
        "and was aborted by grace in step 'Sign off'.",
    );
    expect(deployment?.quote).toBe('The target answered 500\nUsers call');
    expect(whole?.subject).toMatch(/Phase failed: staff/);
    expect(whole?.quote).toMatch(/'Sign off': The target answered 500; Users call$/);
  });

  it('INT-5: a phase that people alone have ended is aborted by them, and not failed', () => {
    const endedBy = (environment: string, user: string) => ({
      ...{ environment, step: 'Check', detail: null, errored: false, endedBy: { user, notes: null, step: 'Check' } },
    });
    const of = (...failures: ReturnType<typeof endedBy>[]) =>
      notificationsOf([phaseFailed], facts({ failuresOf: () => failures })).map((each) => notificationText(each))[0];

    expect(of(endedBy('staging', 'grace'), endedBy('production', 'grace'))).toMatchObject({
      subject: `[shop] Phase aborted by grace: staff of release ${RELEASE}`,
      lead: 'Phase staff was aborted by grace: retry or skip it, or abort the release.',
    });
    expect(of(endedBy('staging', 'grace'), endedBy('production', 'ada'))?.subject).toContain('by grace and ada');
  });

  it('NOT-1: name the step that failed, or none where there is no process', () => {
    const of = (step: string | null) =>
      notificationsOf(
        [deploymentFailed('staging')],
        facts({ failuresOf: () => [{ environment: 'staging', step, detail: null, errored: false, endedBy: null }] }),
      ).map((each) => notificationText(each))[0];

    expect(of("Ada's\nstep")?.lead).toBe(
      "The deployment of phase staff to staging has failed in step 'Ada's step', as something broke.",
    );
    expect(of('Build')?.facts).toContainEqual({ name: 'Step', value: 'Build' });
    expect(of(null)?.lead).toBe('The deployment of phase staff to staging has failed, as something broke.');
    expect(of(null)?.facts.map(({ name }) => name)).not.toContain('Step');
  });

  it('REL-18, REL-20: name no skip where it is refused: of the last phase, and in a full roll-out', () => {
    const lead = (more: Partial<NotificationFacts>, index = 0) =>
      notificationsOf([{ ...phaseFailed, phase: index }], facts(more)).map((told) => notificationText(told).lead);

    expect(lead({}, 2)).toEqual(['Phase everyone has failed: retry it, or abort the release.']);
    expect(lead({ isFullRollout: true })).toEqual(['Phase staff has failed: retry it, or abort the release.']);
  });

  it('NOT-1: say that there is nothing to decide where the pipeline aborts by itself', () => {
    const lead = (onFailure: 'hold' | 'abort') =>
      notificationsOf([phaseFailed], facts({ plan: plan({ onFailure }) })).map((told) => notificationText(told).lead);

    expect(lead('hold')).toEqual(['Phase staff has failed: retry or skip it, or abort the release.']);
    expect(lead('abort')).toEqual(['Phase staff has failed, and the release is aborted.']);
  });
});

describe('what subscribers are told of', () => {
  it('NOT-2: an abort when it is decided, by whom and why', () => {
    const aborting: AnyReleaseEvent = {
      type: 'release-aborting',
      at: NOON,
      by: 'olga',
      action: 'action-1',
      cause: 'person',
    };

    expect(notificationsOf([aborting, { type: 'release-aborted', at: NOON + HOUR }], facts())).toEqual([
      {
        type: 'release-aborted',
        at: NOON,
        data: { ...ofRelease, by: 'name of olga', reason: 'reason of action-1', cause: 'person', detail: null },
        audience: { who: 'nobody' },
      },
    ]);
  });

  it('NOT-2: defects, raised and resolved, with their reasons', () => {
    const defect = { at: NOON, defect: '01KGDEFECT', by: 'grace', reason: 'Wrong totals' };

    const told = notificationsOf(
      [
        { type: 'defect-raised', ...defect },
        { type: 'defect-resolved', ...defect },
      ],
      facts(),
    );

    expect(told.map(({ type, data }) => [type, 'reason' in data && data.reason])).toEqual([
      ['defect-raised', 'Wrong totals'],
      ['defect-resolved', 'Wrong totals'],
    ]);
  });

  it('NOT-1: nothing of what happens all the time', () => {
    const events: AnyReleaseEvent[] = [
      { type: 'release-started', at: NOON },
      { type: 'phase-started', at: NOON, phase: 0, attempt: 1, environments: ['staging'] },
      { type: 'deployment-succeeded', at: NOON, phase: 0, environment: 'staging' },
      { type: 'bake-started', at: NOON, phase: 0, endsAt: NOON + HOUR },
      { type: 'service-reverted', at: NOON, environment: 'staging', service: 'payments' },
    ];

    expect(events.map(notificationTypeOf)).toEqual(events.map(() => null));
    expect(notificationsOf(events, facts())).toEqual([]);
  });

  it('NOT-1: people without a subscription only what they can act on', () => {
    expect(NOTIFICATION_TYPES.filter(isForPeople)).toEqual([
      'review-due',
      'interruption-raised',
      'deployment-failed',
      'phase-failed',
    ]);
  });
});

/** Half of a character would not survive being written. */
const isWellFormed = (text: string) => Buffer.from(text).toString() === text;

describe('texts of people in a notification', () => {
  const aborted = (title: string, notes: string | null): Notification => ({
    type: 'interruption-aborted',
    data: {
      ...ofRelease,
      phase: 'staff',
      environment: 'production',
      interruption: '1',
      title,
      step: 'Check',
      by: 'grace',
      notes,
    },
  });

  it('NOT-1: make no header and no line of their own', () => {
    const {
      subject,
      lead,
      facts: said,
    } = notificationText(aborted('Check\r\nBcc: all@example.com\u2028\u0000it', null));

    expect(subject).toBe(`[shop] Aborted: "Check" Bcc: all@example.com it in staff/production of release ${RELEASE}`);
    expect([subject, lead, ...said.map(({ value }) => value)].join('')).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('NOT-1: name where it is asked, and quote the step, which may be half a sentence', () => {
    const process = [step('Mail it')];
    const open = { ...interruption, title: 'Mail it has failed', step: 'Mail it' };

    const [told] = notificationsOf(
      [{ ...raised, step: 0 }],
      facts({ plan: plan({ process }), interruptionOf: () => open }),
    );

    expect(told && notificationText(told)).toMatchObject({
      subject: `[shop] Decision needed: "Mail it" has failed in staff/production of release ${RELEASE}`,
      lead: 'The deployment of phase staff to production waits for a decision: "Mail it" has failed.',
    });
  });

  it('NOT-1: keep release, phase and environment in a subject, however long a title is', () => {
    const { subject } = notificationText(aborted('😀'.repeat(5_000), null));

    expect(subject.length).toBeLessThan(200);
    expect(subject.endsWith(`…" in staff/production of release ${RELEASE}`)).toBe(true);
    expect(isWellFormed(subject)).toBe(true);
  });

  it('NOT-1: are cut where they are very long, between characters', () => {
    const notes = `a${'😀'.repeat(10_000)}`;

    const [told] = notificationsOf([submitted('abort')], facts({ interruptionOf: () => ({ ...interruption, notes }) }));

    const said = told?.type === 'interruption-aborted' ? (told.data.notes ?? '') : '';
    expect(said.length).toBeLessThan(4_100);
    expect(isWellFormed(said)).toBe(true);
  });

  it('NOT-1: that are blank are left out', () => {
    expect(notificationText(aborted('Check', ' \n')).quote).toBeNull();
  });

  it('NOT-1: name so many of a long list, and how many more there are', () => {
    const names = Array.from({ length: 25 }, (_, index) => `team-${index}`);
    const open = { ...interruption, teams: names };

    const [told] = notificationsOf([raised], facts({ interruptionOf: () => open }));

    expect(told && notificationText(told).facts.find(({ name }) => name === 'Teams')?.value).toMatch(
      /^team-0, .*, team-19 and 5 more$/,
    );
  });
});

describe('tries to deliver', () => {
  const delays = Array.from(
    { length: DELIVERY_TRIES_MAX - 1 },
    (_, index) => deliveryRetryDelayMs(index + 1, null) ?? 0,
  );

  it('NOT-1: come one second apart, then twice as long each time, up to an hour', () => {
    expect(delays.slice(0, 14).map((delay) => delay / SECOND)).toEqual([
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048],
      ...[3600, 3600],
    ]);
  });

  it('NOT-1: end after a day', () => {
    const wholeMs = delays.reduce((sum, delay) => sum + delay, 0);

    expect(wholeMs).toBeGreaterThanOrEqual(DAY);
    expect(wholeMs).toBeLessThan(DAY + HOUR);
    expect(deliveryRetryDelayMs(DELIVERY_TRIES_MAX, null)).toBeNull();
  });

  it('NOT-1: wait as long as a receiver asks, within limits', () => {
    expect(deliveryRetryDelayMs(1, 20 * SECOND)).toBe(20 * SECOND);
    expect(deliveryRetryDelayMs(1, 30 * DAY)).toBe(5 * 60 * SECOND);
    expect(deliveryRetryDelayMs(1, 0)).toBe(SECOND);
  });
});
