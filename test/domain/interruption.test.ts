import { HOUR, MINUTE } from '../../src/domain/instant';
import type { HeldInterruption, Person } from '../../src/domain/interruption';
import { giveBack, handOver, isAsked, mayAnswer, mayTake, resultsOf, take } from '../../src/domain/interruption';
import { openInterruptions } from '../../src/domain/process';
import type { ReleaseEvent } from '../../src/domain/release-event';
import type { ManualPlan, ReleasePlan, StepPlan } from '../../src/domain/release-plan';
import { attemptOf } from '../../src/domain/roll-out';
import { allRights, manual, NOON, phase, plan, rollOut, service, step } from './release-fixture';
import { ReleaseRun } from './release-run';

/** One phase that reaches production alone, and baked before that in staging. */
const inProduction = (process: StepPlan[], more: Partial<ReleasePlan> = {}): ReleasePlan =>
  plan({
    phases: [phase('everyone', { environments: ['production'], unconditional: ['production'] })],
    process,
    ...more,
  });

const start = (process: StepPlan[], more: Partial<ReleasePlan> = {}): ReleaseRun =>
  new ReleaseRun(inProduction(process, more)).run();

/** Asks for a sign-off after the roll-out. */
const asking = (asks: Partial<ManualPlan> = {}, ...then: StepPlan[]): ReleaseRun =>
  start([rollOut(), manual('Sign off', asks), ...then]);

const failed = (run: ReleaseRun) => run.eventsOf('deployment-failed');

const isOfPerson = ({ type }: ReleaseEvent) => type === 'interruption-submitted' || type === 'interruption-proceeded';

describe('a manual step', () => {
  it('INT-1: raises an interruption and waits, with nothing under way', () => {
    const run = asking();

    expect(run.eventsOf('interruption-raised')).toEqual([
      {
        type: 'interruption-raised',
        ...{ at: NOON, phase: 0, environment: 'production', attempt: 1, step: 1 },
        ...{ interruption: 1, kind: 'manual', deadlineAt: null },
      },
    ]);
    expect(run.deploymentIn()?.state).toBe('waiting');
    expect(run.shown).toBe('waiting-for-intervention');
    expect([run.jobs.underWay, run.waitsUntil()]).toEqual([[], null]);
  });

  it('INT-1: is asked for in each environment by itself, with a number of its own', () => {
    const of = plan({ phases: [phase('everyone')], process: [rollOut(), manual('Sign off')] });

    const run = new ReleaseRun(of).run();

    expect(
      run.eventsOf('interruption-raised').map(({ environment, interruption }) => [environment, interruption]),
    ).toEqual([
      ['staging', 1],
      ['production', 2],
    ]);
  });

  it('REL-6: one deployment that runs beside one that waits shows as rolling out', () => {
    const of = plan({
      phases: [phase('everyone')],
      process: [rollOut(), manual('Sign off', {}, { environments: ['staging'] }), step('Test')],
    });

    const run = new ReleaseRun(of).run();
    expect([run.deploymentIn('staging')?.state, run.deploymentIn()?.state]).toEqual(['waiting', 'running']);
    expect(run.shown).toBe('rolling-out');
    run.finish('Test');

    expect(run.shown).toBe('waiting-for-intervention');
  });

  it('INT-5: succeeds when somebody proceeds, and the process goes on', () => {
    const run = asking({}, step('Then'));

    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBeNull();

    expect(run.eventsOf('interruption-submitted')).toMatchObject([
      { interruption: 1, result: 'proceed', by: 'grace', action: 'action-1' },
    ]);
    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'succeeded', Then: 'running' });
    expect(run.shown).toBe('rolling-out');
  });

  it('INT-5: fails when somebody says no: the rest follows its conditions, and the deployment fails by that person', () => {
    const run = asking({}, step('Go on'), step('Sorry', { runWhen: 'failure' }), step('Always', { runWhen: 'always' }));

    run.answer('Sign off', 'abort', { by: 'grace' });
    expect(failed(run)).toEqual([]);
    run.finish('Sorry').finish('Always');

    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'failed', 'Go on': 'skipped', Sorry: 'succeeded' });
    expect(failed(run)).toMatchObject([{ by: 'grace', action: 'action-1', errored: false }]);
    expect(run.shown).toBe('failed');
  });

  it('INT-5: reverts nothing, is not the abort of the release, and what the pipeline does with failures decides', () => {
    const hold = asking();
    const abort = start([rollOut(), manual('Sign off')], { onFailure: 'abort' });

    hold.answer('Sign off', 'abort');
    abort.answer('Sign off', 'abort');

    expect([hold.shown, abort.shown]).toEqual(['failed', 'aborted']);
    expect(hold.eventsOf('release-aborting')).toEqual([]);
    expect(abort.eventsOf('release-aborting')).toMatchObject([{ cause: 'phase-failed', by: null }]);
  });

  it('INT-5: raises no guided failure', () => {
    const run = start([rollOut(), manual('Sign off')], { guidedFailure: true });

    run.answer('Sign off', 'abort');

    expect(run.eventsOf('interruption-raised')).toHaveLength(1);
    expect(run.shown).toBe('failed');
  });

  it('INT-5: what failed before a person said no is what is told', () => {
    const run = asking({}, manual('And this', {}, { runWhen: 'always' }));
    run.answer('Sign off', 'abort', { by: 'grace' });

    run.answer('And this', 'abort', { by: 'olga' });

    expect(failed(run)).toMatchObject([{ by: 'grace', action: 'action-1' }]);
  });

  it('INT-5: what failed by itself before a person said no is told, and who said no as well', () => {
    const run = start([rollOut(), step('Test'), manual('Sign off', {}, { runWhen: 'failure' })]);
    run.finish('Test', 'broken');

    run.answer('Sign off', 'abort', { by: 'grace' });

    expect(failed(run)).toMatchObject([{ detail: 'Test failed', errored: true, by: 'grace', action: 'action-1' }]);
  });

  it('INT-5: whoever said no first has ended it, in whatever order the steps of a group are listed', () => {
    const beside = { start: 'with-previous' as const };
    const run = start([rollOut(), step('Test'), manual('QA', {}, beside), manual('Security', {}, beside)]);
    run.answer('Security', 'abort', { by: 'grace' });
    run.advance(MINUTE).answer('QA', 'abort', { by: 'olga' });

    run.finish('Test', 'refused');

    expect(failed(run)).toMatchObject([{ detail: 'Test failed', by: 'grace', action: 'action-1' }]);
  });

  it('INT-2: is answered once', () => {
    const run = asking({}, step('Then'));
    const [first, second] = [run.acceptAnswer('Sign off', 'proceed'), run.acceptAnswer('Sign off', 'abort')];

    run.deliver([second, first]);
    run.run();

    expect(run.outcomes.map(({ refusal }) => refusal?.refused ?? null)).toEqual([null, 'interruption.submitted']);
    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'succeeded' });
  });

  it('INT-5: can be answered with nothing else', () => {
    const run = asking();

    expect(run.answer('Sign off', 'retry')).toBe('interruption.result-unknown');
    expect(run.answer('Sign off', 'ignore')).toBe('interruption.result-unknown');

    expect(run.shown).toBe('waiting-for-intervention');
  });

  it('INT-8: beside another raises an interruption of its own, and each is answered by itself', () => {
    const run = start([rollOut(), manual('QA'), manual('Security', {}, { start: 'with-previous' }), step('Then')]);
    expect(run.eventsOf('interruption-raised').map(({ interruption }) => interruption)).toEqual([1, 2]);

    run.answer('Security', 'proceed');
    expect(run.stepsIn()).toMatchObject({ QA: 'waiting', Security: 'succeeded', Then: 'pending' });
    run.answer('QA', 'proceed');

    expect(run.stepsIn()).toMatchObject({ Then: 'running' });
  });

  it('INT-8: beside a step that runs lets it end', () => {
    const run = start([rollOut(), manual('Watch'), step('Test', { start: 'with-previous' }), step('Then')]);

    run.finish('Test');
    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Watch', 'proceed');

    expect(run.stepsIn()).toMatchObject({ Watch: 'succeeded', Test: 'succeeded', Then: 'running' });
  });

  it('INT-8: that is refused in a group makes the group fail when the others have ended', () => {
    const run = start([rollOut(), manual('QA'), manual('Security', {}, { start: 'with-previous' }), step('Then')]);

    run.answer('QA', 'abort', { by: 'grace' });
    expect(failed(run)).toEqual([]);
    run.answer('Security', 'proceed');

    expect(run.stepsIn()).toMatchObject({ Then: 'skipped' });
    expect(failed(run)).toMatchObject([{ by: 'grace' }]);
  });
});

describe('INT-6: what a manual step can ask for', () => {
  it('INT-6: notes', () => {
    const run = asking({ notesRequired: true });

    expect(run.answer('Sign off', 'proceed', { hasNotes: false })).toBe('interruption.notes-required');
    expect(run.answer('Sign off', 'abort', { hasNotes: false })).toBe('interruption.notes-required');
    expect(run.answer('Sign off', 'proceed')).toBeNull();
  });

  it('INT-6: somebody who is no author of the release', () => {
    const run = asking({ authorMaySubmit: false });

    expect(run.answer('Sign off', 'proceed', { by: 'ada' })).toBe('interruption.author');
    expect(run.answer('Sign off', 'abort', { by: 'ada' })).toBe('interruption.author');
    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBeNull();
  });

  it('INT-6: several people, none of whom counts twice', () => {
    const run = asking({ approvals: 3 });

    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBeNull();
    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBe('interruption.already-proceeded');
    expect(run.answer('Sign off', 'proceed', { by: 'ada' })).toBeNull();
    expect(run.shown).toBe('waiting-for-intervention');
    expect(run.answer('Sign off', 'proceed', { by: 'olga' })).toBeNull();

    expect(run.events.filter(isOfPerson)).toMatchObject([
      { type: 'interruption-proceeded', interruption: 1, by: 'grace' },
      { type: 'interruption-proceeded', interruption: 1, by: 'ada' },
      { type: 'interruption-submitted', interruption: 1, result: 'proceed', by: 'olga' },
    ]);
    expect(run.shown).toBe('baking');
  });

  it('INT-6: of whom one who says no ends it, one who had proceeded included', () => {
    const run = asking({ approvals: 2 });
    run.answer('Sign off', 'proceed', { by: 'grace' });

    expect(run.answer('Sign off', 'abort', { by: 'grace' })).toBeNull();

    expect(failed(run)).toMatchObject([{ by: 'grace' }]);
  });

  it('INT-6, REL-33: who has proceeded is known to whoever goes on', () => {
    const run = asking({ approvals: 2 });
    run.answer('Sign off', 'proceed', { by: 'grace' });

    run.restart().run();

    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBe('interruption.already-proceeded');
    expect(run.answer('Sign off', 'proceed', { by: 'olga' })).toBeNull();
  });

  it('INT-6: a retry of the phase asks all of them again', () => {
    const run = asking({ approvals: 2 }, step('Then'));
    run.answer('Sign off', 'proceed', { by: 'grace' });
    run.answer('Sign off', 'proceed', { by: 'olga' });
    run.finish('Then', 'refused').act('retry');

    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBeNull();

    expect(run.eventsOf('interruption-raised').map(({ interruption }) => interruption)).toEqual([1, 2]);
    expect(run.shown).toBe('waiting-for-intervention');
  });

  const withTokenOf = (tokenMaker: string, of: ReleasePlan) => ({ rights: { ...allRights(of), tokenMaker } });

  it('SEC-3: not with a token of whoever triggered the release', () => {
    const run = start([rollOut(), manual('Sign off')], { triggeredWithOwnToken: 'ada' });

    expect(run.answer('Sign off', 'proceed', { by: 'grace', ...withTokenOf('ada', run.plan) })).toBe(
      'interruption.token-maker',
    );
    expect(run.answer('Sign off', 'proceed', { by: 'grace', ...withTokenOf('olga', run.plan) })).toBeNull();
  });

  it('SEC-3: nor to a failure', () => {
    const run = start([rollOut(), step('Test')], { triggeredWithOwnToken: 'ada', guidedFailure: true });
    run.finish('Test', 'broken');

    for (const result of ['ignore', 'retry', 'fail'] as const) {
      expect(run.answer('Test', result, { by: 'grace', ...withTokenOf('ada', run.plan) })).toBe(
        'interruption.token-maker',
      );
    }
    expect(run.answer('Test', 'ignore', { by: 'grace', ...withTokenOf('olga', run.plan) })).toBeNull();
  });

  it('SEC-3: not with a token of somebody who has proceeded', () => {
    const run = asking({ approvals: 3 });
    run.answer('Sign off', 'proceed', { by: 'olga' });

    expect(run.answer('Sign off', 'proceed', { by: 'grace', ...withTokenOf('olga', run.plan) })).toBe(
      'interruption.token-maker',
    );
  });

  it('SEC-3: two people whose tokens one person made are two people', () => {
    const run = asking({ approvals: 2 });

    expect(run.answer('Sign off', 'proceed', { by: 'ada', ...withTokenOf('olga', run.plan) })).toBeNull();
    expect(run.answer('Sign off', 'proceed', { by: 'grace', ...withTokenOf('olga', run.plan) })).toBeNull();

    expect(run.shown).toBe('baking');
  });
});

describe('INT-6: a deadline', () => {
  const within = (outcome: 'abort' | 'proceed' | 'escalate', afterMs = HOUR): Partial<ManualPlan> => ({
    deadline: { afterMs, outcome },
  });
  const passed = (run: ReleaseRun) =>
    run.eventsOf('interruption-deadline-passed').map(({ at, outcome }) => `${outcome} ${(at - NOON) / MINUTE}`);

  it('INT-6: that passes proceeds, and what follows follows', () => {
    const run = asking(within('proceed'), step('Then'));
    expect(run.waitsUntil()).toBe(NOON + HOUR);

    run.advance(HOUR - 1);
    expect(run.shown).toBe('waiting-for-intervention');
    run.advance(1);

    expect(passed(run)).toEqual(['proceed 60']);
    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'succeeded', Then: 'running' });
  });

  it('INT-6: that passes aborts: the step fails, nobody’s doing, and the deployment with it', () => {
    const run = asking(within('abort'), step('Sorry', { runWhen: 'failure' }));

    run.advance(HOUR).finish('Sorry');

    expect(passed(run)).toEqual(['abort 60']);
    expect(failed(run)).toMatchObject([{ detail: 'Nobody answered before the deadline', errored: false }]);
    expect(failed(run)[0]).not.toHaveProperty('by');
  });

  it('INT-6: that passes escalates: it is open still, has no deadline any more, and can be answered', () => {
    const run = asking(within('escalate'));

    run.advance(2 * HOUR);
    expect(passed(run)).toEqual(['escalate 60']);
    expect([run.shown, run.waitsUntil()]).toEqual(['waiting-for-intervention', null]);

    expect(run.answer('Sign off', 'proceed')).toBeNull();
    expect(run.shown).toBe('baking');
  });

  it('INT-6: that escalates keeps who has proceeded', () => {
    const run = asking({ ...within('escalate'), approvals: 2 });
    run.answer('Sign off', 'proceed', { by: 'grace' });
    run.advance(HOUR);

    expect(run.answer('Sign off', 'proceed', { by: 'grace' })).toBe('interruption.already-proceeded');
    expect(run.answer('Sign off', 'proceed', { by: 'olga' })).toBeNull();
  });

  it.each(['proceed', 'abort', 'escalate'] as const)(
    'REL-29: that passes without a worker has its own time: %s',
    (outcome) => {
      const run = asking(within(outcome), step('Always', { runWhen: 'always' }));

      run.sleep(5 * HOUR).run();

      expect(passed(run)).toEqual([`${outcome} 60`]);
      expect(run.eventsOf('step-started').slice(1)).toMatchObject(outcome === 'escalate' ? [] : [{ at: NOON + HOUR }]);
    },
  );

  it('REL-29: of several that pass without a worker each moves on what is its own before the next one passes', () => {
    const of = plan({
      phases: [phase('everyone')],
      process: [
        rollOut(),
        manual('First', within('proceed'), { environments: ['staging'] }),
        step('Skipped', { runWhen: 'failure' }),
        manual('Long', within('abort', 2 * HOUR), { environments: ['production'] }),
        step('Always', { runWhen: 'always' }),
      ],
    });
    const [awake, asleep] = [new ReleaseRun(of).run(), new ReleaseRun(of).run()];

    awake.advance(4 * HOUR);
    asleep.sleep(4 * HOUR).run();

    expect(passed(asleep)).toEqual(['proceed 60', 'abort 120']);
    expect(asleep.events).toEqual(awake.events);
  });

  it.each(['proceed', 'abort', 'escalate'] as const)(
    'INT-6, REL-29: of what is asked only when an outage is over runs from then on: %s',
    (outcome) => {
      const run = asking(within('proceed'), manual('Next', within(outcome)));

      run.sleep(5 * HOUR).run();

      // The first one was open before; the second one nobody has seen until now.
      expect(passed(run)).toEqual(['proceed 60']);
      expect(run.eventsOf('interruption-raised').at(-1)).toMatchObject({
        at: NOON + 5 * HOUR,
        deadlineAt: NOON + 6 * HOUR,
      });
      expect(run.waitsUntil()).toBe(NOON + 6 * HOUR);
      run.advance(HOUR);
      expect(passed(run)).toEqual(['proceed 60', `${outcome} 360`]);
    },
  );

  it('REL-29: of what was open before ends at its own time, whatever else is asked when the outage is over', () => {
    const of = plan({
      phases: [phase('everyone')],
      process: [
        rollOut(),
        manual('First', within('proceed'), { environments: ['staging'] }),
        manual('Second', within('abort', 30 * MINUTE), { environments: ['staging'] }),
        manual('Long', within('proceed', 2 * HOUR), { environments: ['production'] }),
        step('Then', { environments: ['production'] }),
      ],
    });
    const run = new ReleaseRun(of).run();

    run.sleep(4 * HOUR).run();

    expect(passed(run)).toEqual(['proceed 60', 'proceed 120']);
    expect(run.eventsOf('step-started').at(-1)).toMatchObject({ environment: 'production', at: NOON + 2 * HOUR });
    expect(run.eventsOf('interruption-raised').at(-1)).toMatchObject({ at: NOON + 4 * HOUR });
    const times = run.events.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('INT-7, REL-30: an abort accepted in the outage keeps what comes next from being asked at all', () => {
    const run = asking(within('proceed'), manual('Next', within('abort'))).sleep(2 * HOUR);
    const abort = run.accept('abort');

    run.sleep(HOUR).run();

    expect(run.outcomes).toMatchObject([{ action: abort.id, refusal: null }]);
    expect(run.eventsOf('interruption-raised')).toHaveLength(1);
    expect(passed(run)).toEqual(['proceed 60']);
    expect(run.shown).toBe('aborted');
  });

  it('INT-7: an answer and an abort that are decided together ask nothing between them', () => {
    const run = asking({}, manual('Next'));
    const [answer, abort] = [run.acceptAnswer('Sign off', 'proceed'), run.accept('abort')];

    run.deliver([answer, abort]);
    run.run();

    expect(run.eventsOf('interruption-raised')).toHaveLength(1);
    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'succeeded', Next: 'aborted' });
  });

  it('REL-29: a bake that follows late is born at the deadline', () => {
    const run = asking(within('proceed'));

    run.sleep(90 * MINUTE).run();

    expect(run.eventsOf('bake-started')).toMatchObject([{ at: NOON + HOUR, endsAt: NOON + 2 * HOUR }]);
  });

  it('REL-29: wins over an answer that was accepted at the same instant or later', () => {
    const [at, later] = [0, MINUTE].map((ms) => {
      const run = asking(within('abort')).sleep(HOUR + ms);
      run.answer('Sign off', 'proceed');
      return run;
    });

    expect([at?.lastRefusal, later?.lastRefusal]).toEqual(['interruption.submitted', 'interruption.submitted']);
    expect([at?.shown, later?.shown]).toEqual(['failed', 'failed']);
    expect(later && passed(later)).toEqual(['abort 60']);
  });

  it('REL-29, REL-30: loses to an answer that was accepted before it, however late that is decided', () => {
    const run = asking(within('abort')).sleep(HOUR - 1);
    const accepted = run.acceptAnswer('Sign off', 'proceed');

    // The workflow hears of the timer first, and of the answer when it records that.
    run.sleep(10 * MINUTE).run();

    expect(accepted.acceptedAt).toBe(NOON + HOUR - 1);
    expect(run.outcomes).toMatchObject([{ at: NOON + HOUR - 1, refusal: null }]);
    expect([run.shown, passed(run)]).toEqual(['baking', []]);
  });

  it('REL-29: of a quorum runs on from the start, whoever proceeds meanwhile', () => {
    const run = asking({ ...within('abort'), approvals: 2 });

    run.advance(50 * MINUTE).answer('Sign off', 'proceed', { by: 'grace' });
    run.advance(10 * MINUTE);

    expect(passed(run)).toEqual(['abort 60']);
    expect(run.shown).toBe('failed');
  });

  it('INT-6: of a step that was answered, and of one that an abort has closed, passes no more', () => {
    const answered = asking(within('abort'));
    const aborted = start([rollOut(), manual('Sign off', within('proceed'))], {
      items: [service('payments', ['production'])],
    });
    aborted.finish('Roll out');

    answered.answer('Sign off', 'proceed');
    aborted.act('abort');
    answered.advance(30 * MINUTE);
    aborted.advance(2 * HOUR);

    expect([answered.shown, aborted.shown]).toEqual(['baking', 'aborting']);
    expect([passed(answered), passed(aborted)]).toEqual([[], []]);
  });
});

describe('INT-7: what the release does meanwhile', () => {
  it('INT-7: its abort closes what is open, and an answer that comes later is told so', () => {
    const run = start([rollOut(), manual('Sign off')], { items: [service('payments', ['production'])] });
    run.finish('Roll out');
    const late = run.accept('abort');
    const answer = run.acceptAnswer('Sign off', 'proceed');

    run.deliver([late, answer]);
    run.run();

    expect(run.shown).toBe('aborting');
    expect(run.lastRefusal).toBe('interruption.closed');
    expect(openInterruptions(run.state, run.plan)).toEqual([]);
    expect(run.stepsIn()).toMatchObject({ 'Sign off': 'aborted' });
  });

  it('INT-7: an answer that nobody has decided when the release was aborted is told so too', () => {
    const run = asking();
    run.accept('abort');
    run.acceptAnswer('Sign off', 'proceed');

    run.deliver([...run.accepted]);
    run.run();

    expect(run.shown).toBe('aborted');
    expect(run.lastRefusal).toBe('interruption.closed');
  });

  it('INT-7: and one that comes to an aborted release', () => {
    const run = asking();
    const interruption = run.askedBy('Sign off');
    run.act('abort');

    run.act('submit', { answer: { interruption, result: 'proceed', hasNotes: true } });

    expect(run.lastRefusal).toBe('interruption.closed');
  });

  it('REL-28: an answer accepted before the abort counts, and what it started is stopped', () => {
    const run = asking({}, step('Then'));
    const [answer, abort] = [run.acceptAnswer('Sign off', 'proceed'), run.accept('abort')];

    run.deliver([abort, answer]);
    run.run();

    expect(run.outcomes.map(({ refusal }) => refusal)).toEqual([null, null]);
    expect([run.shown, run.stepsIn()]).toMatchObject(['aborted', { 'Sign off': 'succeeded', Then: 'aborted' }]);
  });

  it.each(['skip', 'pause', 'full-rollout'] as const)('INT-7, REL-17: %s arms and answers nothing', (verb) => {
    const run = asking();

    expect(run.act(verb)).toBeNull();

    expect(run.state.armed?.intent).toBe(verb);
    expect(run.shown).toBe('waiting-for-intervention');
    expect(openInterruptions(run.state, run.plan)).toHaveLength(1);
    expect(run.answer('Sign off', 'proceed')).toBeNull();
    expect(run.shown).toBe({ skip: 'completed', pause: 'paused', 'full-rollout': 'completed' }[verb]);
  });

  it('REL-31: an abort of the step drops an armed skip or full roll-out, and keeps a pause', () => {
    const armed = (['skip', 'full-rollout', 'pause'] as const).map((verb) => {
      const run = asking();
      run.act(verb);
      run.answer('Sign off', 'abort');
      return [run.shown, run.state.armed?.intent ?? null];
    });

    expect(armed).toEqual([
      ['failed', null],
      ['failed', null],
      ['failed', 'pause'],
    ]);
  });

  it('DEF-5: a hold stops no process that runs: it can be answered, and the next step starts', () => {
    const run = asking({}, step('Then')).hold({ kind: 'defect', id: 'defect-1', detail: 'Checkout loses carts' });

    expect(run.answer('Sign off', 'proceed')).toBeNull();

    expect(run.stepsIn()).toMatchObject({ Then: 'running' });
  });

  it('REL-25: an answer that expires before it is decided is refused, and the step waits', () => {
    const run = asking();
    const answer = run.acceptAnswer('Sign off', 'proceed', { expiresAt: NOON + MINUTE });

    run.sleep(HOUR).deliver([answer]);
    run.run();

    expect([run.lastRefusal, run.shown]).toEqual(['action.expired', 'waiting-for-intervention']);
  });

  it('INT-2: an answer to what was never asked, or that says nothing, is refused', () => {
    const run = asking();

    expect(run.act('submit', { answer: { interruption: 7, result: 'proceed', hasNotes: true } })).toBe(
      'interruption.submitted',
    );
    expect(run.act('submit')).toBe('interruption.submitted');
  });
});

describe('INT-10: guided failure', () => {
  const guided = (...process: StepPlan[]) => start([rollOut(), ...process], { guidedFailure: true });
  const offered = (run: ReleaseRun) => openInterruptions(run.state, run.plan).flatMap(resultsOf);

  it('INT-10: asks before the step fails, with what it would fail with', () => {
    const run = guided(step('Test'), step('Then')).finish('Test', 'broken');

    expect(run.eventsOf('interruption-raised')).toMatchObject([
      { step: 1, kind: 'failure', deadlineAt: null, failure: { detail: 'Test failed', errored: true } },
    ]);
    expect(run.eventsOf('step-failed')).toEqual([]);
    expect([run.shown, run.stepsIn()]).toMatchObject([
      'waiting-for-intervention',
      { Test: 'waiting', Then: 'pending' },
    ]);
    expect(offered(run)).toEqual(['fail', 'retry', 'ignore']);
  });

  it('INT-10: fail: it fails as it would have, and as nobody’s abort', () => {
    const run = guided(step('Test'), step('Then')).finish('Test', 'broken');

    run.answer('Test', 'fail', { by: 'grace' });

    expect(run.stepsIn()).toMatchObject({ Test: 'failed', Then: 'skipped' });
    expect(failed(run)).toMatchObject([{ detail: 'Test failed', errored: true }]);
    expect(failed(run)[0]).not.toHaveProperty('by');
  });

  it('INT-10, WHK-3: retry: it runs again, as another try under another key', () => {
    const run = guided(step('Test'), step('Then')).finish('Test', 'refused');

    run.answer('Test', 'retry');

    expect(run.jobs.underWay).toMatchObject([{ kind: 'step', step: 1, attempt: 1, try: 2 }]);
    expect(run.eventsOf('step-started').slice(1)).toMatchObject([
      { step: 1, try: 1 },
      { step: 1, try: 2 },
    ]);
    run.finish('Test');
    expect([...run.jobs.effects.keys()]).toEqual(['0/production/Test/step/1', '0/production/Test/step/1.2']);
    expect(run.stepsIn()).toMatchObject({ Test: 'succeeded', Then: 'running' });
  });

  it('INT-10: retry: the end of the try before says nothing of this one', () => {
    const run = guided(step('Test')).finish('Test', 'refused');
    run.answer('Test', 'retry');

    run.jobs.tellAgain(0);
    run.run();

    expect(run.stepsIn()).toMatchObject({ Test: 'running' });
  });

  it('INT-10: asks again when another try fails too', () => {
    const run = guided(step('Test')).finish('Test', 'refused');
    run.answer('Test', 'retry');

    run.finish('Test', 'broken');

    expect(run.eventsOf('interruption-raised')).toMatchObject([
      { interruption: 1, failure: { errored: false } },
      { interruption: 2, failure: { errored: true } },
    ]);
    expect(run.answer('Test', 'fail')).toBeNull();
  });

  it('INT-10: ignore: the process goes on as if it had not failed', () => {
    const run = guided(step('Test'), step('Then')).finish('Test', 'refused');

    run.answer('Test', 'ignore');
    run.finish('Then');

    expect(run.shown).toBe('baking');
    expect(failed(run)).toEqual([]);
  });

  it('INT-10: a required step cannot be ignored', () => {
    const run = guided(step('Test', { required: true })).finish('Test', 'refused');

    expect(offered(run)).toEqual(['fail', 'retry']);
    expect(run.answer('Test', 'ignore')).toBe('interruption.result-unknown');
    expect(run.answer('Test', 'proceed')).toBe('interruption.result-unknown');
  });

  it('INT-10: a sign-off whose condition could not be evaluated cannot be ignored: nobody has given it', () => {
    const run = guided(manual('Sign off', {}, { runWhen: 'expression' })).finish('Sign off', 'broken');

    expect(offered(run)).toEqual(['fail', 'retry']);
    expect(run.answer('Sign off', 'ignore')).toBe('interruption.result-unknown');
  });

  it('INT-10: of a roll-out: what has arrived is not sent again, what has not is, under another key', () => {
    const items = ['payments', 'stock'].map((name) => service(name, ['production']));
    const run = start([rollOut()], { guidedFailure: true, items });
    run.work(({ service: name }) => (name === 'stock' ? 'refused' : 'done'));
    expect(offered(run)).toEqual(['fail', 'retry']);

    run.answer('Roll out', 'retry');
    run.work();

    expect([...run.jobs.effects.values()].map((effect) => `${effect.service} ${attemptOf(effect)}`)).toEqual([
      'payments 1',
      'stock 1',
      'stock 1.2',
    ]);
    expect(run.shown).toBe('baking');
  });

  it('INT-10, PRO-8: another try of a step whose expression could not be evaluated asks that again', () => {
    const run = guided(step('Test', { runWhen: 'expression' })).finish('Test', 'broken');

    run.answer('Test', 'retry');
    expect(run.stepsIn()).toMatchObject({ Test: 'checking' });
    run.finish('Test', 'refused');

    expect(run.stepsIn()).toMatchObject({ Test: 'skipped' });
    expect(run.eventsOf('step-started').map(({ step: index }) => index)).toEqual([0]);
  });

  it('INT-10, PRO-3: another try of a step that ran does not ask its expression again', () => {
    const run = guided(step('Test', { runWhen: 'expression' }))
      .finish('Test')
      .finish('Test', 'refused');

    run.answer('Test', 'retry');

    expect(run.stepsIn()).toMatchObject({ Test: 'running' });
    expect(run.eventsOf('condition-answered')).toHaveLength(1);
  });

  it('INT-10: of two that fail together each is asked about by itself', () => {
    const run = guided(step('One'), step('Two', { start: 'with-previous' }), step('Then'));
    run.turnUnattended('production').turnUnattended('production', 'refused');

    run.finish('Two', 'refused');
    expect(run.eventsOf('interruption-raised').map(({ step: index, interruption }) => [index, interruption])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    run.answer('Two', 'ignore');
    run.answer('One', 'ignore');

    expect(run.stepsIn()).toMatchObject({ Then: 'running' });
  });

  it('INT-10: what a manual step asks for is asked of nobody who decides about a failure', () => {
    const run = start([rollOut(), step('Test')], { guidedFailure: true, triggeredWithOwnToken: 'ada' });
    run.finish('Test', 'refused');

    expect(run.answer('Test', 'retry', { by: 'ada', hasNotes: false })).toBeNull();
  });
});

describe('who holds an interruption', () => {
  const open = (more: Partial<HeldInterruption> = {}): HeldInterruption => ({
    state: 'pending',
    teams: ['qa'],
    excluded: [],
    proceeded: [],
    responsibleUser: null,
    end: null,
    ...more,
  });
  const takenBy = (responsibleUser: string, more: Partial<HeldInterruption> = {}) =>
    open({ state: 'taken', responsibleUser, ...more });
  const person = (userId: string, more: Partial<Person> = {}): Person => ({
    ...{ userId, teams: ['qa'], maySubmit: true, mayDeploy: true },
    ...more,
  });
  const [ada, grace, olga] = [person('ada'), person('grace'), person('olga')];
  const name = (user: string) => user.toUpperCase();
  const answered = takenBy('ada', {
    state: 'submitted',
    end: { kind: 'submitted', by: 'ada', result: 'retry', at: NOON },
  });
  const undecided = takenBy('ada', { end: { kind: 'undecided', by: 'ada', action: 'action-1' } });
  const closed = open({
    state: 'closed',
    end: { kind: 'closed', by: 'grace', why: 'The release is aborted', at: NOON },
  });
  const late = open({ state: 'submitted', end: { kind: 'deadline', result: 'abort', at: NOON } });

  it('INT-3: with teams a member who may submit can take it, and nobody else', () => {
    expect(take(open({ teams: ['ops', 'qa'] }), ada, name)).toEqual({ kind: 'held', by: 'ada' });
    expect(take(open(), person('root', { teams: ['ops'] }), name)).toMatchObject({
      refused: 'interruption.not-allowed',
    });
    expect(take(open(), person('ada', { maySubmit: false }), name)).toMatchObject({
      refused: 'interruption.not-allowed',
    });
  });

  it.each([
    ['membership', { teams: ['ops'] }, 'The interruption is for members of qa alone'],
    [
      'permission',
      { maySubmit: false },
      'The interruption is for members of qa, who need the permission InterruptionSubmit for it',
    ],
    [
      'membership,permission',
      { teams: [], maySubmit: false },
      'The interruption is for members of qa who hold InterruptionSubmit',
    ],
  ])('HTTP-3, INT-3: who is refused is told what is missing: %s', (missing, of, detail) => {
    expect(take(open(), person('ada', of), name)).toEqual({
      refused: 'interruption.not-allowed',
      detail,
      facts: { permission: 'InterruptionSubmit', teams: ['qa'], missing: missing.split(',') },
    });
  });

  it('INT-3: without teams whoever may deploy can take it', () => {
    const anybody = person('grace', { teams: [], maySubmit: false });

    expect(take(open({ teams: [] }), anybody, name)).toEqual({ kind: 'held', by: 'grace' });
    expect(take(open({ teams: [] }), { ...anybody, mayDeploy: false }, name)).toMatchObject({
      refused: 'interruption.not-allowed',
      facts: { permission: 'DeploymentCreate', teams: [], missing: ['permission'] },
    });
  });

  it('INT-4: a second taker is told who holds it, and the holder that it is so already', () => {
    expect(take(takenBy('ada'), grace, name)).toMatchObject({
      refused: 'interruption.taken-by-other',
      detail: 'ADA has taken the interruption',
      facts: { responsibleUser: 'ADA' },
    });
    expect(take(takenBy('ada'), ada, name)).toEqual({ kind: 'none' });
  });

  it('INT-4: a holder who has lost the right to it cannot take it again, nor answer', () => {
    const before = person('ada', { teams: [] });

    expect(take(takenBy('ada'), before, name)).toMatchObject({ refused: 'interruption.not-allowed' });
    expect(mayAnswer(takenBy('ada'), before, name)).toMatchObject({ refused: 'interruption.not-allowed' });
  });

  it('INT-4: the holder can give it back, and somebody who may hand it over; nobody else', () => {
    expect(giveBack(takenBy('ada'), { ...ada, mayReassign: false }, name)).toEqual({ kind: 'freed' });
    expect(giveBack(takenBy('ada'), { ...grace, mayReassign: true }, name)).toEqual({ kind: 'freed' });
    expect(giveBack(takenBy('ada'), { ...grace, mayReassign: false }, name)).toMatchObject({
      refused: 'interruption.taken-by-other',
    });
    expect(giveBack(open(), { ...ada, mayReassign: true }, name)).toMatchObject({ refused: 'interruption.not-taken' });
  });

  it('INT-4: it is handed over to somebody who could take it', () => {
    expect(handOver(takenBy('ada'), grace, name)).toEqual({ kind: 'held', by: 'grace' });
    expect(handOver(open(), grace, name)).toEqual({ kind: 'held', by: 'grace' });
    expect(handOver(takenBy('ada'), ada, name)).toEqual({ kind: 'none' });
    expect(handOver(takenBy('ada'), person('olga', { teams: ['ops'] }), name)).toMatchObject({
      refused: 'interruption.not-assignable',
      detail: 'OLGA could not take it. The interruption is for members of qa alone',
      facts: { permission: 'InterruptionSubmit', teams: ['qa'], missing: ['membership'] },
    });
    expect(handOver(open({ excluded: ['olga'] }), olga, name)).toMatchObject({
      refused: 'interruption.author',
      detail: 'OLGA is an author of the release, and authors cannot answer this one',
    });
  });

  it('INT-2: the one who holds it answers, and nobody else', () => {
    expect(mayAnswer(takenBy('ada'), ada, name)).toBeNull();
    expect(mayAnswer(open(), ada, name)).toMatchObject({ refused: 'interruption.not-taken' });
    expect(mayAnswer({ ...open(), teams: ['leads'], isEscalated: true }, ada, name)).toMatchObject({
      refused: 'interruption.not-taken',
      detail: 'Its deadline has passed, and it is for leads now: nobody has taken it',
    });
    expect(mayAnswer({ ...takenBy('ada'), teams: ['leads'], isEscalated: true }, grace, name)).toMatchObject({
      refused: 'interruption.taken-by-other',
      detail: expect.stringMatching(/^Its deadline has passed, and it is for leads now: .* has taken the/) as string,
    });
    expect(mayAnswer(takenBy('ada'), grace, name)).toMatchObject({
      refused: 'interruption.taken-by-other',
      facts: { responsibleUser: 'ADA' },
    });
  });

  it('INT-6: who has proceeded leaves it to the others, who could not hand it over to them either', () => {
    const byAda = open({ proceeded: ['ada'] });
    const refused = {
      refused: 'interruption.already-proceeded',
      detail: 'This person has proceeded already; others have to',
    };

    expect([mayTake(byAda, ada), mayTake(byAda, grace)]).toEqual([false, true]);
    expect(isAsked(byAda, ada)).toBe(true);
    expect(take(byAda, ada, name)).toMatchObject(refused);
    expect(take(byAda, grace, name)).toEqual({ kind: 'held', by: 'grace' });
    expect(handOver({ ...byAda, state: 'taken', responsibleUser: 'grace' }, ada, name)).toMatchObject({
      refused: 'interruption.already-proceeded',
      detail: 'ADA has proceeded already; others have to',
    });
    expect(mayAnswer(takenBy('ada', { proceeded: ['ada'] }), ada, name)).toMatchObject(refused);
  });

  it('INT-3, INT-6: who has proceeded and is none of those it is for any more is told that', () => {
    expect(take(open({ proceeded: ['ada'] }), person('ada', { teams: [] }), name)).toMatchObject({
      refused: 'interruption.not-allowed',
    });
  });

  it('INT-2, INT-7: nothing is done with one that was answered or closed', () => {
    const codes = [answered, undecided, closed].map((interruption) =>
      [
        take(interruption, ada, name),
        giveBack(interruption, { ...ada, mayReassign: true }, name),
        handOver(interruption, olga, name),
        mayAnswer(interruption, ada, name),
      ].map((verdict) => (verdict !== null && 'refused' in verdict ? verdict.refused : verdict)),
    );

    expect(codes).toEqual([
      Array(4).fill('interruption.submitted'),
      Array(4).fill('interruption.submitted'),
      Array(4).fill('interruption.closed'),
    ]);
  });

  it.each<[string, HeldInterruption, object]>([
    [
      'an answer',
      answered,
      {
        refused: 'interruption.submitted',
        detail: `ada answered retry at ${new Date(NOON).toISOString()}`,
        facts: { submittedBy: 'ada', result: 'retry' },
      },
    ],
    [
      'one that is not decided yet',
      undecided,
      {
        refused: 'interruption.submitted',
        detail: 'ada has answered, which is accepted and not decided yet',
        facts: { submittedBy: 'ada', result: null, pendingAction: 'action-1' },
      },
    ],
    [
      'a deadline',
      late,
      {
        refused: 'interruption.submitted',
        detail: `Nobody answered before the deadline: abort at ${new Date(NOON).toISOString()}`,
        facts: { submittedBy: null, result: 'abort' },
      },
    ],
    [
      'an abort',
      closed,
      {
        refused: 'interruption.closed',
        detail: `grace closed it at ${new Date(NOON).toISOString()}: The release is aborted`,
        facts: { closedBy: 'grace', why: 'The release is aborted' },
      },
    ],
  ])('INT-2, INT-7: who comes after %s is told whose it was, and what it brought', (_, interruption, refusal) => {
    expect(mayAnswer(interruption, ada, name)).toEqual(refusal);
    expect(take(interruption, grace, name)).toEqual(refusal);
  });
});
