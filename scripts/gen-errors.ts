// Writes docs/errors.md: every problem code with what it means and an example, by status.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Problem } from '../src/api/problem';
import { problemKinds, type ProblemCode } from '../src/api/problem-codes';
import { errorExamples } from './error-examples';

const INTRODUCTION = `# Problems

Every error is \`application/problem+json\` (RFC 9457). Compare \`code\`: it never changes. \`title\` says what all
problems of a code have in common, \`detail\` what was wrong this time, \`errors\` where in the request, \`allowed\` what
is possible instead, \`facts\` what a program may want to know. Evaluation over OFREP answers with that protocol's own
errors.

\`400\` is a request that cannot be read or whose content has faults of its own, \`422\` one that contradicts what is
there. Neither counts as accepted: the same \`Idempotency-Key\` may be used again.

This file is generated; \`npm run gen\` writes it.
`;

function main(): void {
  const codes = (Object.keys(problemKinds) as ProblemCode[]).sort();
  const statuses = [...new Set(codes.map((code) => problemKinds[code].status))].sort((a, b) => a - b);
  const sections = statuses.map((status) => {
    const entries = codes.filter((code) => problemKinds[code].status === status).map(entry);
    return [`## ${status}`, ...entries].join('\n\n');
  });
  const folder = path.resolve(__dirname, '../docs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'errors.md'), `${[INTRODUCTION.trimEnd(), ...sections].join('\n\n')}\n`);
}

function entry(code: ProblemCode): string {
  const { detail, ...extras } = errorExamples[code];
  const example = JSON.stringify(new Problem(code, detail, extras).toBody(), null, 2);
  return `### \`${code}\`\n\n${problemKinds[code].title}.\n\n\`\`\`json\n${example}\n\`\`\``;
}

main();
