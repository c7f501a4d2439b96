import { variablesAt } from '../../src/domain/known-variables';
import { http, manual, named, rollOut } from './process-fixture';

const project = { variables: ['Mail', 'Region', 'Url'], services: ['payments'] };
const together = { start: 'with-previous' as const };
const process = [
  manual({ name: 'Check' }),
  rollOut(),
  http({ name: 'Build', outputs: { id: 'id', 'run-url': 'url' } }),
  http({ name: 'Use' }),
  http({ name: 'Beside', outputs: { id: 'id' }, ...together }),
  named('Last', manual()),
];
const at = variablesAt(process, 3, project);

describe('VAR-3: a variable that a step cannot name', () => {
  it.each([
    ['mail', ', which does not exist: did you mean "Mail"?'],
    [' Mail ', ', which does not exist: did you mean "Mail"?'],
    ['Regoin', ', which does not exist: did you mean "Region"?'],
    ['Regions', ', which does not exist: did you mean "Region"?'],
    ['Rgion', ', which does not exist: did you mean "Region"?'],
    ['Octopus.Release.ID', ', which does not exist: did you mean "Octopus.Release.Id"?'],
    ['Release.Id', ', which does not exist: did you mean "Octopus.Release.Id"?'],
    ['Octopus.Release.Version[payment]', ', which does not exist: did you mean "Octopus.Release.Version[payments]"?'],
    ['Uri', ', which is neither built in, nor the project’s, nor set by an earlier step'],
    ['__proto__', ', which is neither built in, nor the project’s, nor set by an earlier step'],
    ['Octopus.Action[Gone].Output.id', ', and there is no step "Gone"'],
    ['Action[Use].Output.id', ', which this step sets itself: it has no value before the step has ended'],
    [
      'Octopus.Action[Beside].Output.id',
      ', and step "Beside" starts together with this one: it has not ended when this one needs it',
    ],
    ['Octopus.Action[Last].Output.Manual.Notes', ', and step "Last" comes later'],
    [
      'octopus.action[check].output.manual.notes',
      ', which does not exist: did you mean "Octopus.Action[Check].Output.Manual.Notes"?',
    ],
    [
      'Action[Check].Output.Manual.Note',
      ', and step "Check", which is a manual one, has no output "Manual.Note": it has Manual.Notes, Manual.Approved, ' +
        'Manual.ResponsibleUser.Id, Manual.ResponsibleUser.Username, Manual.ResponsibleUser.DisplayName, ' +
        'Manual.ResponsibleUser.EmailAddress',
    ],
    [
      'Octopus.Action[Build].Output.url',
      ', and step "Build", which is an http one, has no output "url": it has id, run-url',
    ],
    [
      'Octopus.Action[Roll out].Output.id',
      ', and step "Roll out", which is a roll-out, has no output "id": it has none',
    ],
  ])('%s is told why', (name, why) => {
    expect(at.has(name)).toBe(false);
    expect(at.whyNot(name)).toBe(`names the variable "${name}"${why}`);
  });

  it('one that it can name is known', () => {
    expect(
      ['Mail', 'Octopus.Action[Check].Output.Manual.Notes', 'Octopus.Action[Build].Output.id'].map(at.has),
    ).toEqual([true, true, true]);
  });
});
