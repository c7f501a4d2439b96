import { processBlockers, type OpenQuestion } from '../../src/domain/why-process';
import { NOON } from './release-fixture';

const question = (more: Partial<OpenQuestion> = {}): OpenQuestion => ({
  id: 'interruption-1',
  kind: 'manual',
  title: 'Check dashboards',
  teams: ['operations', 'leads'],
  responsibleUser: null,
  responsibleUserId: null,
  isHolderGone: false,
  excluded: [],
  proceeded: [],
  needed: 1,
  phase: 'staff',
  environment: 'production',
  raisedAt: NOON,
  deadlineAt: null,
  release: 'release-1',
  ...more,
});

const nothing = { questions: [], steps: [], blockedBy: [] };

describe('REL-26: what a process waits for', () => {
  it('names the interruption and the teams that may take it', () => {
    expect(processBlockers({ ...nothing, questions: [question()] })).toEqual([
      {
        kind: 'interruption',
        detail: 'Check dashboards in production waits for somebody of operations or leads to take it',
        phase: 'staff',
        environment: 'production',
        interruption: 'interruption-1',
        responsibleUser: null,
        release: null,
        approvals: [],
        needed: 1,
        since: NOON,
        deadlineAt: null,
        remedies: [
          { action: 'submit', needs: { permission: 'InterruptionSubmit', teams: ['operations', 'leads'] }, except: [] },
        ],
      },
    ]);
  });

  it('names who holds it, and who may deploy where there are no teams', () => {
    const [blocker] = processBlockers({ ...nothing, questions: [question({ responsibleUser: 'ada', teams: [] })] });

    expect(blocker).toMatchObject({
      detail: 'Check dashboards in production waits for ada, who has taken it',
      responsibleUser: 'ada',
      remedies: [{ needs: { permission: 'DeploymentCreate' } }],
    });
  });

  it('INT-2, INT-6: leaves out whose answer does not count: authors, and all but the one who holds it', () => {
    const taken = question({ responsibleUser: 'ada', responsibleUserId: 'user-ada', excluded: ['user-olga'] });

    expect(processBlockers({ ...nothing, questions: [taken] })).toMatchObject([
      { remedies: [{ except: ['user-olga'], only: 'user-ada' }] },
    ]);
  });

  it('INT-6: says how many have proceeded, who they are, and that it is for the others', () => {
    const halfway = question({ excluded: ['user-olga'], proceeded: ['user-grace'], needed: 2 });

    expect(processBlockers({ ...nothing, questions: [halfway] })).toMatchObject([
      {
        detail:
          'Check dashboards in production waits for somebody of operations or leads to take it; 1 of 2 have proceeded',
        approvals: ['user-grace'],
        needed: 2,
        remedies: [{ action: 'submit', except: ['user-olga', 'user-grace'] }],
      },
    ]);
  });

  it('INT-4: of a holder who can no longer answer it says that, and who can take it from them', () => {
    const gone = question({ responsibleUser: 'ada', responsibleUserId: 'user-ada', isHolderGone: true });
    const needs = { permission: 'InterruptionReassign' };
    const remedies = [
      { action: 'reassign', needs, except: [] },
      { action: 'release', needs, except: [] },
    ];

    expect(processBlockers({ ...nothing, questions: [gone], blockedBy: [gone] })).toMatchObject([
      { detail: 'Check dashboards in production is taken by ada, who can no longer answer it', remedies },
      {
        detail:
          'Deployments to production wait until Check dashboards of release release-1 is answered: ' +
          'ada has taken it and can no longer answer it',
        remedies,
      },
    ]);
  });

  it('INT-9: names the release whose interruption is in the way', () => {
    expect(processBlockers({ ...nothing, blockedBy: [question({ responsibleUser: 'grace' })] })).toMatchObject([
      {
        detail:
          'Deployments to production wait until Check dashboards of release release-1 is answered: grace has taken it',
        release: 'release-1',
        phase: null,
      },
    ]);
  });

  it('names a step that is tried again, with its next try', () => {
    const step = { step: 'Warm caches', phase: 'staff', environment: 'production', tries: 2, since: NOON };

    const blockers = processBlockers({
      ...nothing,
      steps: [{ ...step, nextAttemptAt: NOON + 4_000, detail: 'The endpoint answered 503' }],
    });

    expect(blockers).toMatchObject([
      {
        kind: 'step',
        detail: 'Warm caches in production has not succeeded after 2 tries: The endpoint answered 503',
        nextAttemptAt: NOON + 4_000,
      },
    ]);
  });
});
