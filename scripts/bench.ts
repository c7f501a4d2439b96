/**
 * `npm run bench -- [--quick] [--only loop|history|evaluations] [--profile folder]`: what the product costs beside the
 * least that could do the same; docs/benchmark.md says how to read it. Ends with 0 also where a goal is missed: it says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Children } from './bench/children';
import { countHistory } from './bench/count-history';
import { compareRuns, tableOf, type Line } from './bench/figures';
import { measureEvaluations } from './bench/measure-evaluations';
import { FlagNews, measureActions, measureTriggers } from './bench/measure-loop';
import { makeProject } from './bench/project';
import { Service } from './bench/service';
import type { FloorArgument, FloorQuestion } from './bench/temporal-floor';

interface Size {
  runs: number;
  warmUps: number;
  triggers: number;
  actions: number;
  seconds: number;
}

const FULL: Size = { runs: 5, warmUps: 20, triggers: 25, actions: 50, seconds: 4 };
const QUICK: Size = { runs: 1, warmUps: 3, triggers: 5, actions: 10, seconds: 1 };

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
    if (isWanted('loop')) {
      say('The loop, beside bare Temporal …');
      lines.push(...(await measureLoop(children, service, key, dataDir, size)));
    }
    if (isWanted('history')) {
      say('Events in the history of a release …');
      lines.push(...(await countHistory(service)));
    }
    if (isWanted('evaluations')) {
      say('Evaluations, beside Express and flagd-core …');
      lines.push(...(await measureEvaluations(children, service, key, size)));
    }
    process.stdout.write(`\n${machine(size)}\n\n${tableOf(lines)}\n`);
  } finally {
    await end();
  }
}

async function measureLoop(
  children: Children,
  service: Service,
  key: string,
  dataDir: string,
  { runs, warmUps, triggers, actions }: Size,
): Promise<Line[]> {
  const argument: FloorArgument = { address: service.temporalAddress(), dataDir };
  const floor = await children.fork<FloorQuestion, number>(require.resolve('./bench/temporal-floor.ts'), argument);
  const flags = await FlagNews.follow(service, key);

  await measureTriggers(service, flags, warmUps);
  await measureActions(service, flags, warmUps);
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
