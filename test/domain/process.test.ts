import { HOUR, MINUTE } from '../../src/domain/instant';
import type { ManualStep, NotifyStep, ProcessStep } from '../../src/domain/pipeline';
import { processPlan } from '../../src/domain/process-plan';
import type { PhasePlan, ReleasePlan, StepPlan } from '../../src/domain/release-plan';
import { phasesShown } from '../../src/domain/roll-out';
import { manual, NOON, phase, plan, review, rollOut, service, step } from './release-fixture';
import { ReleaseRun } from './release-run';

const everywhere = (...environments: string[]) => phase('everyone', { environments, unconditional: environments });

/** One phase that reaches production alone. */
const inProduction = (process: StepPlan[], more: Partial<ReleasePlan> = {}): ReleasePlan =>
  plan({ phases: [everywhere('production')], process, ...more });

const start = (process: StepPlan[], more: Partial<ReleasePlan> = {}): ReleaseRun =>
  new ReleaseRun(inProduction(process, more)).run();

const common = (name: string) => ({
  name,
  environments: [],
  notEnvironments: [],
  phases: [],
  tenants: [],
  runWhen: 'success' as const,
  start: 'after-previous' as const,
  required: false,
});

/** A step as it stands in a definition. */
const written = (name: string, more: Partial<NotifyStep> = {}): NotifyStep => ({
  ...common(name),
  kind: 'notify',
  url: 'https://chat.example/hooks/1',
  text: 'The change is out',
  ...more,
});

const signOff = (name: string, teams: string[] = []): ManualStep => ({
  ...common(name),
  kind: 'manual',
  instructions: 'Look at the dashboard',
  teams,
  notesRequired: false,
  approvals: 1,
  authorMaySubmit: true,
  deadline: null,
  blockConcurrent: false,
});

/** Types of events, with the environment where they have one, in order. */
const told = ({ events }: ReleaseRun): string[] =>
  events.map((event) => [event.type, 'environment' in event ? event.environment : []].flat().join(' '));

const ended = (run: ReleaseRun) =>
  run.events.flatMap((event) =>
    event.type === 'deployment-succeeded' || event.type === 'deployment-failed' ? [event] : [],
  );

describe('PRO-7: the roll-out of a process', () => {
  const kinds = (...process: ProcessStep[]) =>
    processPlan({ process, guidedFailure: false }, []).map(({ kind }) => kind);

  it('PRO-7: comes first where none is listed, and where it is listed otherwise', () => {
    const sayHello = written('Say hello');
    const listed: ProcessStep = { ...common('Go'), kind: 'roll-out' };

    expect(kinds(sayHello)).toEqual(['roll-out', 'notify']);
    expect(kinds(sayHello, listed)).toEqual(['notify', 'roll-out']);
    expect(kinds()).toEqual([]);
  });

  it('INT-10, PRO-7: a pipeline without a process that asks for guidance has the roll-out to ask about', () => {
    expect(processPlan({ process: [], guidedFailure: false }, [])).toEqual([]);
    expect(processPlan({ process: [], guidedFailure: true }, [])).toMatchObject([{ kind: 'roll-out', required: true }]);
  });

  it('PRO-7: has a name that no listed step has, and nothing starts together with it', () => {
    const [implied, first] = processPlan(
      { process: [written('ROLL OUT', { start: 'with-previous' })], guidedFailure: false },
      [],
    );

    expect(implied).toMatchObject({ name: 'Roll out the change set', required: true, skipped: false });
    expect(first).toMatchObject({ name: 'ROLL OUT', start: 'after-previous' });
  });

  it('PRO-7, REL-30: switches flags in the very transaction that starts the phase, in every environment', () => {
    const run = new ReleaseRun(
      plan({
        phases: [everywhere('staging', 'production')],
        process: [rollOut(), manual('Sign off', {}, { environments: ['production'] })],
      }),
    );
    run.step();

    run.step();

    // The deployment to staging is over before the one to production begins, which is no reason to wait for a job.
    expect(told(run).slice(1)).toEqual([
      'phase-started',
      'step-started staging',
      'flags-applied staging',
      'step-succeeded staging',
      'step-skipped staging',
      'deployment-succeeded staging',
      'step-started production',
      'flags-applied production',
      'step-succeeded production',
      'interruption-raised production',
    ]);
    expect(run.jobs.underWay).toEqual([]);
    expect([phasesShown(run.state, 'staging'), phasesShown(run.state, 'production')]).toEqual([[0], [0]]);
  });

  it('PRO-7, REL-30: does so too where the steps before it are left out', () => {
    const process = [
      step('Warm up', { environments: ['staging'] }),
      step('Ask nobody', { skipped: true }),
      rollOut(),
      step('Tell'),
    ];

    const run = start(process);

    expect(told(run)).toEqual([
      'release-started',
      'phase-started',
      'step-skipped production',
      'step-skipped production',
      'step-started production',
      'flags-applied production',
      'step-succeeded production',
      'step-started production',
    ]);
  });

  it('PRO-7: with services it is a job, and what comes after it waits for that', () => {
    const run = start([rollOut(), step('Tell')], { items: [{ kind: 'flags' }, service('payments', ['production'])] });
    expect(run.stepsIn()).toEqual({ 'Roll out': 'running', Tell: 'pending' });
    expect(phasesShown(run.state, 'production')).toEqual([0]);

    run.finish('Roll out');

    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', Tell: 'running' });
    expect(run.state.touched).toMatchObject([{ service: 'payments', state: 'applied' }]);
  });

  it('PRO-7: after a sign-off it is a job, which switches the flags that nobody has seen before', () => {
    const run = start([manual('Sign off'), rollOut()]);
    expect(phasesShown(run.state, 'production')).toEqual([]);

    run.answer('Sign off', 'proceed');
    expect(run.jobs.underWay).toMatchObject([{ kind: 'roll-out', environment: 'production', attempt: 1, try: 1 }]);
    run.finish('Roll out');

    expect(phasesShown(run.state, 'production')).toEqual([0]);
    expect(run.shown).toBe('baking');
  });

  it('PRO-7: goes on beside a step that asks somebody', () => {
    const items = [service('payments', ['production'])];
    const run = start([manual('Watch'), rollOut({ start: 'with-previous' })], { items });

    run.finish('Roll out');

    expect(run.stepsIn()).toEqual({ Watch: 'waiting', 'Roll out': 'succeeded' });
  });

  it('PRO-7: a sign-off that is refused leaves it out, and nothing was touched', () => {
    const run = start([manual('Sign off'), rollOut()], { items: [service('payments', ['production'])] });

    run.answer('Sign off', 'abort');

    expect(run.stepsIn()).toEqual({ 'Sign off': 'failed', 'Roll out': 'skipped' });
    expect([run.shown, run.state.touched]).toEqual(['failed', []]);
  });
});

describe('a process', () => {
  it('PRO-1: runs its steps once per deployment, one after the other', () => {
    const run = start([rollOut(), step('One'), step('Two', { kind: 'email' }), step('Three', { kind: 'notify' })]);

    run.finish('One').finish('Two').finish('Three');

    expect(run.eventsOf('step-started').map(({ step: index }) => index)).toEqual([0, 1, 2, 3]);
    expect(ended(run)).toMatchObject([{ type: 'deployment-succeeded', environment: 'production' }]);
  });

  it('PRO-1: each deployment goes at its own pace', () => {
    const of = plan({ phases: [everywhere('staging', 'production')], process: [rollOut(), step('One'), step('Two')] });
    const run = new ReleaseRun(of).run();

    run.finish('One', 'done', 'staging').finish('Two', 'done', 'staging');

    expect(run.stepsIn('production')).toEqual({ 'Roll out': 'succeeded', One: 'running', Two: 'pending' });
    expect(ended(run)).toMatchObject([{ type: 'deployment-succeeded', environment: 'staging' }]);
    expect(run.shown).toBe('rolling-out');
  });

  it('PIPE-3: bakes when the last step of the last deployment has ended, and for the whole time', () => {
    const run = start([rollOut(), step('Test'), manual('Sign off')]);
    run.sleep(10 * MINUTE).finish('Test');
    expect(run.shown).toBe('waiting-for-intervention');

    run.sleep(30 * MINUTE).answer('Sign off', 'proceed');

    expect(run.shown).toBe('baking');
    expect(run.eventsOf('bake-started')).toMatchObject([{ at: NOON + 40 * MINUTE, endsAt: NOON + 40 * MINUTE + HOUR }]);
  });

  it('PRO-7: is empty for a pipeline without one, whose events are those it had', () => {
    const run = new ReleaseRun(plan({ phases: [everywhere('production')] })).run().advance(HOUR);

    expect(run.events).toEqual([
      { type: 'release-started', at: NOON },
      { type: 'phase-started', at: NOON, phase: 0, attempt: 1, environments: ['production'] },
      { type: 'deployment-succeeded', at: NOON, phase: 0, environment: 'production' },
      { type: 'bake-started', at: NOON, phase: 0, endsAt: NOON + HOUR },
      { type: 'bake-ended', at: NOON + HOUR, phase: 0, how: 'elapsed', by: null, action: null },
      { type: 'release-completed', at: NOON + HOUR },
    ]);
    expect(run.state).not.toHaveProperty('interruptions');
    expect(run.deploymentIn()).not.toHaveProperty('steps');
  });

  it('REL-33: goes on where it stands when its workflow is started again', () => {
    const run = start([rollOut(), step('One'), step('Two')]);

    run.restart().run().finish('One').restart().run().finish('Two');

    expect(run.eventsOf('step-started').map(({ step: index }) => index)).toEqual([0, 1, 2]);
    expect(run.shown).toBe('baking');
  });

  it('REL-28: hears twice of the end of a step, or of one that it no longer asks for, and nothing happens', () => {
    const run = start([rollOut(), step('One'), step('Two')]);
    run.finish('One').finish('Two');
    const events = [...run.events];

    [0, 1].forEach((end) => {
      run.jobs.tellAgain(end);
      run.run();
    });

    expect(run.events).toEqual(events);
  });

  it('REL-22: a retry of its phase makes deployments with fresh steps, where none has succeeded', () => {
    const of = plan({ phases: [everywhere('staging', 'production')], process: [rollOut(), step('One'), step('Two')] });
    const run = new ReleaseRun(of).run();
    run.finish('One', 'done', 'staging').finish('Two', 'done', 'staging');
    run.finish('One').finish('Two', 'refused');
    expect(run.shown).toBe('failed');

    run.act('retry');

    expect(run.eventsOf('phase-started').map(({ attempt, environments }) => [attempt, environments])).toEqual([
      [1, ['staging', 'production']],
      [2, ['production']],
    ]);
    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'running', Two: 'pending' });
    expect(run.deploymentIn()).toMatchObject({ attempt: 2, state: 'running' });
    run.finish('One').finish('Two');
    expect(run.shown).toBe('baking');
  });

  it('REL-22: a late end of the attempt before says nothing of this one', () => {
    const run = start([rollOut(), step('One')]);
    run.finish('One', 'refused').act('retry');

    run.jobs.tellAgain(0);
    run.run();

    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'running' });
  });

  it('REL-16: a skip of its failed phase switches back the flags of the deployment that failed', () => {
    const run = new ReleaseRun(
      plan({
        phases: [everywhere('staging', 'production'), phase('later')],
        process: [rollOut(), step('One')],
      }),
    ).run();
    run.finish('One', 'done', 'staging').finish('One', 'refused');

    run.act('skip');

    expect(run.eventsOf('phase-skipped')).toMatchObject([{ phase: 0, partial: true }]);
    expect([phasesShown(run.state, 'staging'), phasesShown(run.state, 'production')]).toEqual([[0, 1], [1]]);
  });

  it('REL-32: stops where it stands at an abort: no step starts any more, always and failure included', () => {
    const process = [
      rollOut(),
      step('One'),
      step('Always', { runWhen: 'always' }),
      step('Sorry', { runWhen: 'failure' }),
    ];
    const run = start(process);

    run.act('abort');
    run.jobs.tellAgain(0);
    run.run();

    expect(run.shown).toBe('aborted');
    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'aborted', Always: 'aborted', Sorry: 'aborted' });
    expect(run.jobs.unanswered).toEqual([]);
  });

  it('REL-30: a step begins nothing behind an accepted abort', () => {
    const run = start([rollOut(), step('One')]);
    run.accept('abort');

    run.turn('production');

    expect(run.jobs.effects.size).toBe(0);
    expect(run.shown).toBe('aborted');
  });
});

describe('the limits of a step', () => {
  const inBoth = (...process: StepPlan[]) =>
    new ReleaseRun(
      plan({
        phases: [phase('first', { environments: ['staging', 'production'], bakeMs: 0 }), phase('second')],
        process: [rollOut(), ...process],
      }),
    ).run();
  const skipped = (run: ReleaseRun) =>
    run.eventsOf('step-skipped').map(({ phase: index, environment, why }) => `${index} ${environment} ${why}`);

  it('PRO-2: in environments and not in environments', () => {
    const only = inBoth(step('One', { environments: ['staging'] }), manual('Hold on'));
    const not = inBoth(step('One', { notEnvironments: ['staging'] }), manual('Hold on'));
    const both = inBoth(
      step('One', { environments: ['staging', 'production'], notEnvironments: ['staging'] }),
      manual('Hold on'),
    );

    expect(skipped(only)).toEqual(['0 production limits']);
    expect(skipped(not)).toEqual(['0 staging limits']);
    expect(skipped(both)).toEqual(['0 staging limits']);
  });

  it('PRO-2: in phases', () => {
    const run = inBoth(step('One', { phases: ['second'] }));

    expect(skipped(run)).toEqual(['0 staging limits', '0 production limits']);
    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'running' });
    expect(run.state.current).toBe(1);
  });

  it('PRO-2: a step that is not here does not fail, nor is anything asked', () => {
    const run = inBoth(manual('Sign off', {}, { environments: ['development'] }));

    expect(run.eventsOf('interruption-raised')).toEqual([]);
    expect(run.state.current).toBe(1);
  });

  it('PRO-2: a limit comes before an expression, which is not asked where the step is not', () => {
    const run = inBoth(step('One', { runWhen: 'expression', phases: ['second'] }));

    expect(run.eventsOf('step-checking').map(({ phase: index }) => index)).toEqual([1, 1]);
  });
});

describe('PRO-4: steps to be left out', () => {
  const process = [
    written('Tell'),
    written('Must', { required: true }),
    signOff('Ask anybody'),
    signOff('Ask QA', ['qa']),
    { ...common('Go'), kind: 'roll-out' as const },
  ];

  it('PRO-4: are those named, whatever their case, but no required one, no team’s sign-off and no roll-out', () => {
    const planned = processPlan({ process, guidedFailure: false }, [
      'TELL',
      'Must',
      'ask anybody',
      'Ask QA',
      'Go',
      'Nothing',
    ]);

    expect(planned.filter(({ skipped }) => skipped).map(({ name }) => name)).toEqual(['Tell', 'Ask anybody']);
    expect(planned.filter(({ required }) => required).map(({ name }) => name)).toEqual(['Must', 'Ask QA', 'Go']);
  });

  it('PRO-4: are left out of every deployment, and those after them run', () => {
    const run = start([rollOut(), step('One', { skipped: true }), step('Two')]);

    expect(run.eventsOf('step-skipped')).toMatchObject([{ step: 1, why: 'asked' }]);
    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'skipped', Two: 'running' });
  });
});

describe('PRO-8: run conditions', () => {
  it('PRO-8: after a failure those for success are left out, and those for failure and always run', () => {
    const run = start([
      rollOut(),
      step('One'),
      step('Go on'),
      step('Clean up', { runWhen: 'always' }),
      step('Sorry', { runWhen: 'failure' }),
    ]);

    run.finish('One', 'refused').finish('Clean up').finish('Sorry');

    expect(run.stepsIn()).toEqual({
      'Roll out': 'succeeded',
      One: 'failed',
      'Go on': 'skipped',
      'Clean up': 'succeeded',
      Sorry: 'succeeded',
    });
  });

  it('PRO-8: without one those for failure are left out', () => {
    const run = start([rollOut(), step('Sorry', { runWhen: 'failure' }), step('Always', { runWhen: 'always' })]);

    expect(run.eventsOf('step-skipped')).toMatchObject([{ step: 1, why: 'status' }]);
    expect(run.stepsIn()).toMatchObject({ Sorry: 'skipped', Always: 'running' });
  });

  it('PRO-8: it is any earlier step that counts, not the last one', () => {
    const run = start([
      rollOut(),
      step('One'),
      step('Clean up', { runWhen: 'always' }),
      step('Go on'),
      step('Sorry', { runWhen: 'failure' }),
    ]);

    run.finish('One', 'refused').finish('Clean up');

    expect(run.stepsIn()).toMatchObject({ 'Clean up': 'succeeded', 'Go on': 'skipped', Sorry: 'running' });
  });

  it('PRO-8: a step that did not run has no status', () => {
    const run = start([
      rollOut(),
      step('Not here', { environments: ['staging'] }),
      step('Not wanted', { skipped: true }),
      step('No', { runWhen: 'expression' }),
      step('Sorry', { runWhen: 'failure' }),
      step('Go on'),
    ]);

    run.finish('No', 'refused');

    expect(run.stepsIn()).toMatchObject({ No: 'skipped', Sorry: 'skipped', 'Go on': 'running' });
  });

  it('PRO-8: the deployment fails when all its steps have ended, with what failed first', () => {
    const run = start([
      rollOut(),
      step('One'),
      step('Clean up', { runWhen: 'always' }),
      step('Sorry', { runWhen: 'failure' }),
    ]);
    run.finish('One', 'broken').finish('Clean up', 'refused');
    expect(ended(run)).toEqual([]);
    expect(run.shown).toBe('rolling-out');

    run.sleep(MINUTE).finish('Sorry');

    expect(ended(run)).toMatchObject([
      { type: 'deployment-failed', at: NOON + MINUTE, detail: 'One failed', errored: true },
    ]);
    expect(run.shown).toBe('failed');
    expect(run.eventsOf('bake-started')).toEqual([]);
  });

  it('PRO-8: a failed roll-out leaves out what needs it', () => {
    const items = [service('payments', ['production'])];
    const run = start([rollOut(), step('Test'), step('Sorry', { runWhen: 'failure' })], { items });

    run.finish('Roll out', 'refused').finish('Sorry');

    expect(run.stepsIn()).toEqual({ 'Roll out': 'failed', Test: 'skipped', Sorry: 'succeeded' });
    expect(ended(run)).toMatchObject([{ type: 'deployment-failed', detail: 'payments failed', errored: false }]);
  });
});

describe('PRO-2: steps that start together', () => {
  const group = [step('One'), step('Two', { start: 'with-previous' }), step('Three', { start: 'with-previous' })];

  it('PRO-2: run beside each other, and what follows waits for all of them', () => {
    const run = start([rollOut(), ...group, step('Then')]);
    expect(run.stepsIn()).toMatchObject({ One: 'running', Two: 'running', Three: 'running', Then: 'pending' });

    run.finish('Three').finish('One');
    expect(run.stepsIn()).toMatchObject({ Two: 'running', Then: 'pending' });
    run.finish('Two');

    expect(run.stepsIn()).toMatchObject({ Then: 'running' });
  });

  it('PRO-8: count as one that has failed if one has, and none of them is kept from running by another', () => {
    const run = start([
      rollOut(),
      ...group,
      step('Go on'),
      step('Sorry', { runWhen: 'failure', start: 'with-previous' }),
      step('Clean up', { runWhen: 'always', start: 'with-previous' }),
    ]);

    run.finish('One', 'refused');
    expect(run.stepsIn()).toMatchObject({ Two: 'running', Three: 'running', 'Go on': 'pending' });
    run.finish('Two').finish('Three');

    expect(run.stepsIn()).toMatchObject({ 'Go on': 'skipped', Sorry: 'running', 'Clean up': 'running' });
  });

  it('PRO-8: the status that they ask for is that of the steps before the group', () => {
    const run = start([
      rollOut(),
      step('One'),
      step('Sorry', { runWhen: 'failure', start: 'with-previous' }),
      step('Then'),
    ]);

    run.finish('One', 'refused');

    expect(run.stepsIn()).toMatchObject({ One: 'failed', Sorry: 'skipped', Then: 'skipped' });
    expect(run.shown).toBe('failed');
  });

  it('PRO-2: that are all left out keep nothing waiting', () => {
    const run = start([rollOut(), ...group.map((each) => ({ ...each, skipped: true })), step('Then')]);

    expect(run.stepsIn()).toMatchObject({ One: 'skipped', Two: 'skipped', Three: 'skipped', Then: 'running' });
  });

  it('PRO-8: of several that failed it is the first listed that is told', () => {
    const run = start([rollOut(), ...group]);

    run.finish('Three', 'refused').finish('One', 'broken').finish('Two');

    expect(ended(run)).toMatchObject([{ type: 'deployment-failed', detail: 'One failed', errored: true }]);
  });

  it('PRO-2: together with the roll-out, at its start', () => {
    const run = start([rollOut(), step('Watch', { start: 'with-previous' }), step('Then')]);

    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', Watch: 'running', Then: 'pending' });
  });
});

describe('PRO-2: expressions', () => {
  const process = [
    rollOut(),
    step('One', { runWhen: 'expression' }),
    step('Then'),
    step('Sorry', { runWhen: 'failure' }),
  ];

  it('PRO-8: one that holds lets the step run, and is recorded with its answer', () => {
    const run = start(process);
    expect(run.jobs.underWay).toEqual([
      { kind: 'condition', phase: 0, environment: 'production', attempt: 1, step: 1, try: 1 },
    ]);

    run.finish('One');

    expect(run.eventsOf('condition-answered')).toMatchObject([{ step: 1, answer: true }]);
    expect(run.jobs.underWay).toMatchObject([{ kind: 'step', step: 1 }]);
    expect(run.stepsIn()).toMatchObject({ One: 'running', Then: 'pending' });
  });

  it('PRO-8: one that does not hold leaves the step out', () => {
    const run = start(process).finish('One', 'refused');

    expect(run.eventsOf('condition-answered')).toMatchObject([{ step: 1, answer: false }]);
    expect(run.eventsOf('step-skipped')).toMatchObject([{ step: 1, why: 'condition' }]);
    expect(run.stepsIn()).toMatchObject({ One: 'skipped', Then: 'running' });
  });

  it('PRO-8: one that cannot be evaluated fails the step, which has not run', () => {
    const run = start(process).finish('One', 'broken');

    expect(run.stepsIn()).toMatchObject({ One: 'failed', Then: 'skipped', Sorry: 'running' });
    expect(run.eventsOf('step-started').map(({ step: index }) => index)).toEqual([0, 3]);
  });

  it('PRO-8: is asked whatever happened before', () => {
    const run = start([rollOut(), step('One'), step('Two', { runWhen: 'expression' })]).finish('One', 'refused');

    expect(run.stepsIn()).toMatchObject({ One: 'failed', Two: 'checking' });
  });

  it('PRO-3: that was answered is not asked again by whoever goes on', () => {
    const run = start(process).finish('One');

    run.restart().run();

    expect(run.eventsOf('step-checking')).toHaveLength(1);
    expect(run.jobs.underWay).toMatchObject([{ kind: 'step', step: 1 }]);
  });

  it('PRO-3: counts as it was recorded, whatever it would be told later', () => {
    const run = start(process).finish('One', 'refused');

    run.jobs.tellAgain(0);
    run.run();

    expect(run.eventsOf('condition-answered')).toHaveLength(1);
    expect(run.stepsIn()).toMatchObject({ One: 'skipped', Then: 'running' });
  });

  it('PRO-8: of a manual step is asked before anybody is', () => {
    const run = start([rollOut(), manual('Sign off', {}, { runWhen: 'expression' })]);
    expect(run.eventsOf('interruption-raised')).toEqual([]);

    run.finish('Sign off');

    expect(run.eventsOf('interruption-raised')).toMatchObject([{ step: 1, interruption: 1 }]);
  });

  const NOT_RUN = 'The roll-out did not run: its condition was false, so nothing was released';

  it.each([false, true])('PRO-8: of a roll-out that does not hold fails the deployment: guided %s', (guidedFailure) => {
    const process = [
      rollOut({ runWhen: 'expression' }),
      step('Then'),
      step('Sorry', { runWhen: 'failure' }),
      manual('Whatever', {}, { runWhen: 'failure' }),
    ];
    const run = start(process, { guidedFailure });
    expect(phasesShown(run.state, 'production')).toEqual([]);

    run.finish('Roll out', 'refused').finish('Sorry').answer('Whatever', 'proceed');

    // Nobody is asked about it: a condition that says no is no accident, and a retry asks it again.
    expect(run.stepsIn()).toMatchObject({ 'Roll out': 'failed', Then: 'skipped', Sorry: 'succeeded' });
    expect(ended(run)).toMatchObject([{ type: 'deployment-failed', detail: NOT_RUN, errored: false }]);
    expect([run.shown, phasesShown(run.state, 'production')]).toEqual(['failed', []]);
  });

  it('PRO-8, REL-22: of a roll-out is asked again by a retry, and nothing was completed before', () => {
    const run = start([rollOut({ runWhen: 'expression' })]).finish('Roll out', 'refused');
    expect(run.shown).toBe('failed');

    run.act('retry');
    run.finish('Roll out').finish('Roll out');

    expect([run.shown, phasesShown(run.state, 'production')]).toEqual(['baking', [0]]);
  });

  it('PRO-8: of a roll-out that says no to what has failed before leaves it out, and that failure is told', () => {
    const run = start([step('Build'), rollOut({ runWhen: 'expression' })]);

    run.finish('Build', 'refused').finish('Roll out', 'refused');

    expect(run.stepsIn()).toEqual({ Build: 'failed', 'Roll out': 'skipped' });
    expect(ended(run)).toMatchObject([{ type: 'deployment-failed' }]);
    expect(ended(run)[0]).not.toMatchObject({ detail: NOT_RUN });
  });

  it.each<[Partial<StepPlan>, string]>([
    [{ phases: ['nobody'] }, 'it is not for this environment or phase'],
    [{ runWhen: 'failure' }, 'it is to run after a failure, and no step before it had failed'],
  ])('PRO-8: a roll-out that %j leaves out fails its deployment, whatever let that be saved', (limit, why) => {
    const run = start([step('Build'), rollOut(limit), step('Then')]).finish('Build');

    expect(run.stepsIn()).toEqual({ Build: 'succeeded', 'Roll out': 'failed', Then: 'skipped' });
    expect(ended(run)).toMatchObject([{ detail: `The roll-out did not run: ${why}, so nothing was released` }]);
    expect(run.shown).toBe('failed');
  });
});

describe('what fails', () => {
  it('REL-22: under hold the other deployments of the phase go on, and the phase fails after them', () => {
    const of = plan({
      phases: [everywhere('staging', 'production')],
      process: [rollOut(), step('One'), manual('Ask')],
    });
    const run = new ReleaseRun(of).run();

    run.finish('One', 'refused', 'staging').finish('One');
    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Ask', 'proceed');

    expect(run.shown).toBe('failed');
    expect(ended(run).map(({ type, environment }) => `${type} ${environment}`)).toEqual([
      'deployment-failed staging',
      'deployment-succeeded production',
    ]);
  });

  it('REL-22: under abort the first failure ends the others where they stand, those that wait included', () => {
    const of = plan({
      phases: [everywhere('staging', 'production')],
      process: [rollOut(), step('One'), manual('Ask')],
      onFailure: 'abort',
    });
    const run = new ReleaseRun(of).run();
    run.finish('One');
    expect(run.deploymentIn()?.state).toBe('waiting');

    run.finish('One', 'refused', 'staging');

    expect(run.shown).toBe('aborted');
    expect(run.deploymentIn()).toMatchObject({ state: 'aborted' });
    expect(run.stepsIn()).toEqual({ 'Roll out': 'succeeded', One: 'succeeded', Ask: 'aborted' });
  });

  it('REL-29: a late worker gives each end its own time', () => {
    const run = start([rollOut(), step('One'), step('Two')]);
    run.sleep(MINUTE).turnUnattended('production').turnUnattended('production');

    run.sleep(HOUR).run();

    expect(run.eventsOf('step-succeeded').at(-1)?.at).toBe(NOON + MINUTE);
    expect(run.eventsOf('step-started').at(-1)).toMatchObject({ step: 2, at: NOON + MINUTE });
  });
});

describe('REL-20: a full roll-out with a process', () => {
  /** Baking in its first phase, which reaches staging; production and europe are yet to come. */
  const baking = (process: StepPlan[] = [rollOut(), step('Test')], more: Partial<ReleasePlan> = {}): ReleaseRun =>
    new ReleaseRun(
      plan({
        phases: [
          phase('first', { environments: ['staging'], unconditional: ['staging'] }),
          phase('second', { environments: ['production'], unconditional: [] }),
          phase('third', { environments: ['production', 'europe'], unconditional: ['production', 'europe'] }),
        ],
        process,
        ...more,
      }),
    ).run();

  const toBaking = (run: ReleaseRun): ReleaseRun => run.finish('Test', 'done', 'staging');

  it('REL-20: gives each environment without a success one deployment, all of them together', () => {
    const run = toBaking(baking());

    run.act('full-rollout');

    const started = run.eventsOf('phase-started').slice(1);
    expect(started.map(({ phase: index, environments }) => [index, environments])).toEqual([
      [2, ['production', 'europe']],
    ]);
    expect(run.jobs.underWay.map(({ environment }) => environment).sort()).toEqual(['europe', 'production']);
    expect(run.shown).toBe('rolling-out');
  });

  it('REL-20: switches no flags before all of them have succeeded, and then completes', () => {
    const run = toBaking(baking());
    run.act('full-rollout');

    run.work(({ environment }) => (environment === 'europe' ? 'silent' : 'done'));
    expect([run.shown, phasesShown(run.state, 'production')]).toEqual(['rolling-out', []]);
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('flags-applied').map(({ environment }) => environment)).toEqual(['staging']);
    expect(ended(run).map(({ type, environment }) => `${type} ${environment}`)).toEqual([
      'deployment-succeeded staging',
      'deployment-succeeded production',
      'deployment-succeeded europe',
    ]);
  });

  it('REL-20: asks whom the process asks', () => {
    const run = toBaking(baking([rollOut(), step('Test'), manual('Sign off', {}, { environments: ['europe'] })]));
    run.act('full-rollout');

    run.work();
    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Sign off', 'proceed', { environment: 'europe' });

    expect(run.shown).toBe('completed');
  });

  it('REL-20: fails where one of them fails, and a retry goes on as full roll-out', () => {
    const run = toBaking(baking());
    run.act('full-rollout');
    run.work(({ environment }) => (environment === 'europe' ? 'refused' : 'done'));
    expect(run.shown).toBe('failed');

    run.act('retry');

    expect(run.eventsOf('phase-started').at(-1)).toMatchObject({ phase: 2, attempt: 2, environments: ['europe'] });
    run.work();
    expect(run.shown).toBe('completed');
    expect(run.eventsOf('bake-started')).toHaveLength(1);
  });

  it('REL-20: armed while the process runs it answers nothing, and begins when the process has ended', () => {
    const run = baking([rollOut(), step('Test'), manual('Sign off', {}, { environments: ['staging'] })]);
    run.finish('Test', 'done', 'staging');

    expect(run.act('full-rollout')).toBeNull();
    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Sign off', 'proceed', { environment: 'staging' });

    expect(run.eventsOf('full-rollout-started')).toHaveLength(1);
    expect(run.shown).toBe('rolling-out');
  });

  it('REL-20, PRO-8: fails where the condition of a roll-out says no, and releases nothing', () => {
    const run = baking([rollOut({ runWhen: 'expression' })]).finish('Roll out', 'done', 'staging');
    run.finish('Roll out', 'done', 'staging');
    run.act('full-rollout');

    run.work(({ environment }) => (environment === 'europe' ? 'refused' : 'done'));

    expect(run.shown).toBe('failed');
    expect(phasesShown(run.state, 'europe')).toEqual([]);
  });

  /** Baking for staff in production, with everyone there still to come. */
  const bakingForStaff = (process: StepPlan[], more: Partial<ReleasePlan> = {}): ReleaseRun =>
    new ReleaseRun(
      plan({
        phases: [
          phase('staff', { environments: ['production'] }),
          phase('everyone', { environments: ['production'], unconditional: ['production'] }),
        ],
        process,
        ...more,
      }),
    ).run();
  const forEveryone = { phases: ['everyone'], required: true };

  it('REL-20: asks for the sign-off of a phase to come, which the success for others did not ask for', () => {
    const run = bakingForStaff([manual('Sign off', {}, forEveryone), rollOut()]);
    expect([run.shown, run.state.current]).toEqual(['baking', 0]);

    run.act('full-rollout');
    expect(run.shown).toBe('waiting-for-intervention');
    expect(run.eventsOf('phase-started').at(-1)).toMatchObject({ phase: 1, environments: ['production'] });
    run.answer('Sign off', 'proceed');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started')).toHaveLength(2);
  });

  it('REL-20, REL-22: a no to that releases nothing to everyone, and a retry asks again', () => {
    const run = bakingForStaff([rollOut(), manual('Sign off', {}, forEveryone)]);
    run.act('full-rollout');

    run.work().answer('Sign off', 'abort');
    expect([run.shown, run.eventsOf('release-completed')]).toEqual(['failed', []]);
    run.act('retry');
    run.work();

    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Sign off', 'proceed');
    expect(run.shown).toBe('completed');
  });

  it('REL-20: of several phases to come that insist on something the last one has the only deployment', () => {
    const run = new ReleaseRun(
      plan({
        phases: [
          phase('first', { environments: ['staging'] }),
          ...['second', 'third', 'fourth'].map((name) => phase(name, { environments: ['production'] })),
        ],
        process: [rollOut(), manual('Sign off', {}, { phases: ['second', 'third'], required: true })],
      }),
    ).run();

    run.act('full-rollout');
    run.work().answer('Sign off', 'proceed');

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([0, 2]);
  });

  it('REL-20: that deployment brings the services, whichever phase it is of, and is the only one there', () => {
    const run = new ReleaseRun(
      plan({
        phases: [
          phase('staff', { environments: ['production'] }),
          phase('everyone', { environments: ['production'], unconditional: ['production'] }),
          phase('vip', { environments: ['production'] }),
        ],
        items: [service('payments', ['production'])],
        process: [manual('Sign off', {}, { phases: ['vip'], required: true }), rollOut(), step('Test')],
      }),
    ).work();

    run.act('full-rollout');
    expect(run.state.touched).toEqual([]);
    run.answer('Sign off', 'proceed');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.state.touched).toMatchObject([{ environment: 'production', state: 'applied' }]);
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([0, 2]);
    expect(run.eventsOf('step-succeeded').filter(({ step: index }) => index === 2)).toHaveLength(2);
  });

  it('REL-20: where its roll-out fails a retry brings what is missing, in that phase again', () => {
    const run = new ReleaseRun(
      plan({
        phases: [
          phase('everyone', { environments: ['production'], unconditional: ['production'], review: review() }),
          phase('vip', { environments: ['production'] }),
        ],
        items: [service('payments', ['production']), service('stock', ['production'])],
        process: [rollOut(), step('Test', { phases: ['vip'], required: true })],
      }),
    ).run();
    run.act('full-rollout');
    run.work((effect) => ('service' in effect && effect.service === 'stock' ? 'refused' : 'done'));
    expect(run.shown).toBe('failed');

    run.act('retry');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started').map((event) => [event.phase, event.attempt])).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(run.state.touched.map(({ service: name, state }) => `${name} ${state}`)).toEqual([
      'payments applied',
      'stock applied',
    ]);
  });

  /** Baking in its first phase, with two more to come in production, each with a step of its own. */
  const withTwoToCome = (more: Partial<StepPlan> = {}, last: Partial<PhasePlan> = {}): ReleaseRun =>
    new ReleaseRun(
      plan({
        phases: [
          ...['staff', 'beta'].map((name) => phase(name, { environments: ['production'] })),
          phase('all', { environments: ['production'], ...last }),
        ],
        process: [
          manual('Security', {}, { phases: ['beta'], required: true, ...more }),
          manual('Legal', {}, { phases: ['all'], required: true }),
          step('Welcome', { phases: ['staff'] }),
          rollOut(),
        ],
      }),
    ).work();

  it('REL-20: runs what any of the phases to come would have run, and nothing of those that are behind it', () => {
    const run = withTwoToCome();
    expect(run.stepsIn()).toEqual({
      Security: 'skipped',
      Legal: 'skipped',
      Welcome: 'succeeded',
      'Roll out': 'succeeded',
    });

    run.act('full-rollout');
    run.answer('Security', 'proceed');
    expect(run.shown).toBe('waiting-for-intervention');
    run.answer('Legal', 'proceed');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started').map(({ phase: index }) => index)).toEqual([0, 2]);
    expect(run.eventsOf('step-skipped').slice(2)).toMatchObject([{ step: 2, why: 'limits' }]);
  });

  it('REL-20: a no to either releases nothing to everyone, and a retry asks both again', () => {
    const run = withTwoToCome();
    run.act('full-rollout');
    run.answer('Security', 'abort');
    expect([run.shown, run.eventsOf('release-completed')]).toEqual(['failed', []]);

    run.act('retry');
    run.answer('Security', 'proceed');
    run.answer('Legal', 'abort');

    expect([run.shown, run.eventsOf('release-completed')]).toEqual(['failed', []]);
  });

  it('REL-20: with them it runs steps of phases to come that may be left out', () => {
    const run = withTwoToCome({ required: false });

    run.act('full-rollout');
    run.answer('Security', 'proceed');

    expect(run.shown).toBe('waiting-for-intervention');
  });

  it('REL-16, REL-20: asks nothing for a phase that was skipped', () => {
    const run = withTwoToCome({}, { review: review() });
    run.act('skip');
    run.answer('Security', 'abort');
    run.act('skip');
    expect([run.shown, run.state.current]).toEqual(['waiting-for-review', 2]);

    run.act('full-rollout');
    run.answer('Legal', 'proceed');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.stepsIn()).toMatchObject({ Security: 'skipped', Legal: 'succeeded' });
  });

  it('REL-16, REL-20: nor where another environment has its deployment in that phase', () => {
    const europe = { environments: ['europe'], unconditional: ['europe'] };
    const run = new ReleaseRun(
      plan({
        phases: [
          phase('first', europe),
          phase('main', { environments: ['production', 'europe'] }),
          phase('last', { ...europe, review: review() }),
        ],
        process: [step('Test'), rollOut(), step('Load', { phases: ['main'], required: true })],
      }),
    ).run();
    run.finish('Test', 'refused', 'europe').act('skip');
    run.finish('Test', 'refused', 'europe').finish('Test', 'refused').act('skip');

    run.act('full-rollout');
    run.work();

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started').map(({ phase: index, environments }) => [index, environments])).toEqual([
      [0, ['europe']],
      [1, ['production', 'europe']],
      [0, ['europe']],
      [1, ['production']],
    ]);
    expect(run.eventsOf('step-started').filter(({ step: index }) => index === 2)).toMatchObject([
      { environment: 'production' },
    ]);
  });

  it.each<[string, Partial<StepPlan>]>([
    ['may be left out', { ...forEveryone, required: false }],
    ['the success has run', { phases: ['staff', 'everyone'], required: true }],
    ['is for all phases', { required: true }],
    ['is not for this environment', { ...forEveryone, notEnvironments: ['production'] }],
  ])('REL-20: completes at once where what a phase to come has %s', (_, limits) => {
    const run = bakingForStaff([rollOut(), step('Test', limits)]).work();
    expect(run.shown).toBe('baking');

    run.act('full-rollout');

    expect(run.shown).toBe('completed');
  });

  it('REL-20: completes at once where every environment has a success', () => {
    const run = new ReleaseRun(plan({ phases: [everywhere('production')], process: [rollOut(), step('Test')] })).run();
    run.finish('Test');

    run.act('full-rollout');

    expect(run.shown).toBe('completed');
    expect(run.eventsOf('phase-started')).toHaveLength(1);
  });
});
