import { readFileSync } from 'node:fs';
import path from 'node:path';
import { problemKinds } from '../../src/api/problem-codes';
import { problemBody } from '../../src/api/schemas/problem-body';

const text = readFileSync(path.resolve(__dirname, '../../docs/errors.md'), 'utf8');

it('docs/errors.md has an example of every problem code, as the API would answer it', () => {
  const examples = [...text.matchAll(/```json\n(.*?)\n```/gs)].map(([, json]) =>
    problemBody.parse(JSON.parse(json ?? '')),
  );

  expect(examples.map(({ code }) => code).sort()).toEqual(Object.keys(problemKinds).sort());
  for (const { code, status, title } of examples) {
    expect({ status, title }).toEqual(problemKinds[code]);
  }
});
