import { checkSkipSteps, isRequired } from '../../src/domain/skip-steps';
import { http, manual, rollOut } from './process-fixture';

const process = [
  rollOut(),
  manual({ name: 'Anybody' }),
  manual({ name: 'Team', teams: ['operations'] }),
  http({ name: 'Needed', required: true }),
  http({ name: 'Call' }),
];

describe('checkSkipSteps', () => {
  it('PRO-4: lets steps be left out by their names, ignoring case', () => {
    expect(checkSkipSteps(process, ['anybody', 'CALL', 'Call'])).toEqual([]);
    expect(checkSkipSteps(process, [])).toEqual([]);
  });

  it('PRO-4: refuses what is required or unknown, each with its path', () => {
    expect(checkSkipSteps(process, ['Call', 'Gone', 'team', 'Needed', 'Roll out', '__proto__'])).toEqual([
      { path: 'skipSteps[1]', message: 'names the step "Gone", which the pipeline does not have' },
      { path: 'skipSteps[2]', message: 'names the step "Team", which has responsible teams and is required' },
      { path: 'skipSteps[3]', message: 'names the step "Needed", which is required' },
      {
        path: 'skipSteps[4]',
        message: 'names "Roll out", which is the roll-out: without it nothing would be released',
      },
      { path: 'skipSteps[5]', message: 'names the step "__proto__", which the pipeline does not have' },
    ]);
  });

  it('PRO-4: a manual step with teams is required, whatever it says', () => {
    expect(process.map(isRequired)).toEqual([false, false, true, true, false]);
  });
});
