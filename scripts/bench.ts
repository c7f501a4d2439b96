/**
 * `npm run bench -- [--quick] [--only loop|history|evaluations|releases|reads|interruptions|memory] [--profile folder]`:
 * what the product costs beside the least that could do the same; docs/benchmark.md says how to read it. Ends with 0 also
 * where a goal is missed: it says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { addAskingPipeline } from './bench/asking';
import { Children } from './bench/children';
import { countHistory } from './bench/count-history';
import { makeCrowd } from './bench/crowd';
import { compareRuns, tableOf, type Line } from './bench/figures';
import { measureAnswers } from './bench/measure-answers';
import { measureEvaluations } from './bench/measure-evaluations';
import { measureInterruptions } from './bench/measure-interruptions';
import { FlagNews, measureActions, measureTriggers } from './bench/measure-loop';
import { measureMemory } from './bench/measure-memory';
import { measureReads } from './bench/measure-reads';
import { measureReleases } from './bench/measure-releases';
import { makeProject } from './bench/project';
import { Service } from './bench/service';
import type { Floor, FloorArgument, FloorQuestion } from './bench/temporal-floor';

interface Size {
  runs: number;
  warmUps: number;
  triggers: number;
  actions: number;
  answers: number;
  pages: number;
  releases: number;
  openReleases: number;
  seconds: number;
}

const FULL: Size = {
  runs: 5,
  warmUps: 20,
  triggers: 25,
  actions: 50,
  answers: 25,
  pages: 500,
  releases: 60,
  openReleases: 1_000,
  seconds: 4,
};
const QUICK: Size = {
  runs: 1,
  warmUps: 3,
  triggers: 5,
  actions: 10,
  answers: 5,
  pages: 50,
  releases: 20,
  openReleases: 100,
  seconds: 1,
};

const LOOP_GOAL = { is: 'most', ratio: 1.5 } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, profile: { type: 'string' } },
  });
  const size = values.quick ? QUICK : FULL;
  const isWanted = (part: string) => (values.only ?? part) === part;

  const children = new Children(
    values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', path.resolve(values.profile)],
  );
  const dataDir = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'));
  const end = async () => {
    await children.end();
    rmSync(dataDir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().then(() => process.exit(1)));
  }

  try {
    const service = await Service.start(children, dataDir);
    const key = await makeProject(service);
    const lines: Line[] = [];
    const floor = isWanted('loop') || isWanted('releases') ? await startFloor(children, service, dataDir) : null;
    if (floor && isWanted('loop')) {
      say('The loop, beside bare Temporal …');
      lines.push(...(await measureLoop(service, floor, key, size)));
    }
    if (isWanted('history')) {
      say('Events in the history of a release …');
      lines.push(...(await countHistory(service)));
    }
    if (isWanted('evaluations')) {
      say('Evaluations, beside Express and flagd-core …');
      lines.push(...(await measureEvaluations(children, service, key, size)));
    }
    if (floor && isWanted('releases')) {
      say('Whole releases, beside bare Temporal …');
      lines.push(...(await measureReleases(service, floor, size)));
    }
    if (isWanted('reads')) {
      say('Reading a release, beside Express and one SQL read …');
      lines.push(...(await measureReads(children, service, dataDir, size)));
    }
    if (isWanted('interruptions')) {
      say(`${size.openReleases} releases that wait for a person, beside a few …`);
      lines.push(...(await measureInterruptions(children, dataDir, size)));
    }
    if (isWanted('memory')) {
      say(`Memory of ${size.openReleases} open releases …`);
      lines.push(...(await measureMemory(children, dataDir, size)));
    }
    process.stdout.write(`\n${machine(size)}\n\n${tableOf(lines)}\n`);
  } finally {
    await end();
  }
}

function startFloor(children: Children, service: Service, dataDir: string): Promise<Floor> {
  const argument: FloorArgument = { address: service.temporalAddress(), dataDir };
  return children.fork<FloorQuestion, number>(require.resolve('./bench/temporal-floor.ts'), argument);
}

async function measureLoop(
  service: Service,
  floor: Floor,
  key: string,
  { runs, warmUps, triggers, actions, answers }: Size,
): Promise<Line[]> {
  const flags = await FlagNews.follow(service, key);
  const asked = await makeCrowd(service, 'asked', Math.max(warmUps, answers));
  const token = await addAskingPipeline(service, asked);

  await measureTriggers(service, flags, warmUps);
  await measureActions(service, flags, warmUps);
  await measureAnswers(service, asked, token, warmUps);
  await floor({ measure: 'starts', samples: warmUps });
  await floor({ measure: 'actions', samples: warmUps });
  return [
    await compareRuns(
      { what: 'Trigger → first phase in effect', unit: 'ms', goal: LOOP_GOAL },
      runs,
      () => measureTriggers(service, flags, triggers),
      () => floor({ measure: 'starts', samples: triggers }),
    ),
    await compareRuns(
      { what: 'Action → answer', unit: 'ms', goal: LOOP_GOAL },
      runs,
      () => measureActions(service, flags, actions),
      () => floor({ measure: 'actions', samples: actions }),
    ),
    await compareRuns(
      { what: 'Answer to an interruption → 200', unit: 'ms', goal: LOOP_GOAL },
      runs,
      () => measureAnswers(service, asked, token, answers),
      () => floor({ measure: 'actions', samples: answers }),
    ),
  ];
}

function machine({ runs }: Size): string {
  const processors = cpus();
  const count = `${processors.length} × ${processors[0]?.model.trim() ?? 'processor'}`;
  return `${count}, Node ${process.versions.node}; medians of ${runs} alternating run${runs === 1 ? '' : 's'}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
