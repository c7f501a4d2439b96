import pino from 'pino';

import { stepLog } from '../../src/main/step-log';

it('PRO-5: a step that is sent again is one line that names it, and no warning', () => {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

  stepLog(log)({ release: '01J', environment: 'staging', step: 'tests', at: 0, reason: 'The endpoint answered 500' });

  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({
      ...{ level: 30, msg: 'A step is sent again', release: '01J', environment: 'staging', step: 'tests' },
      ...{ reason: 'The endpoint answered 500', next: '1970-01-01T00:00:00.000Z' },
    }),
  ]);
});
