// Records the histories that the replay gate replays (test/histories): each scenario once, on a real Temporal.
//   npm run record-histories [-- name …]   all of them, or those named
// Until the first tagged version they may be recorded anew when the design changes; from then on never.
import { mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

import { freePort } from '../src/main/temporal/free-port';
import { resolveTemporalBinary } from '../src/main/temporal/resolve-temporal-binary';
import { startTethered } from '../src/main/temporal/tethered-child';
import type { RecordedWorkflow } from '../test/histories/recorded';
import { HISTORIES, historyFile, writeHistories } from '../test/histories/recorded';
import type { Scenario } from '../test/histories/scenarios';
import { scenarios } from '../test/histories/scenarios';
import { eventually } from '../test/support/eventually';
import type { TemporalConnections } from '../test/support/release-world';
import { connectTemporal, ReleaseWorld } from '../test/support/release-world';
import { removeDir, tempDir } from '../test/support/temp-dir';
import { stopTargets } from '../test/targets/webhooks/webhook-target';
import { workflowBundle } from '../test/support/workflow-bundle';

const CONCURRENT = 4;
/** Events after which the server suggests a new run, for scenarios that ask for short ones. */
const SHORT_RUN_EVENTS = 40;

async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const wanted = scenarios.filter(({ name }) => named.length === 0 || named.includes(name));
  const unknown = named.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    throw new Error(`There is no scenario ${unknown.join(', ')}`);
  }
  mkdirSync(HISTORIES, { recursive: true });
  if (named.length === 0) {
    for (const file of readdirSync(HISTORIES).filter((name) => name.endsWith('.json'))) {
      rmSync(path.join(HISTORIES, file));
    }
  }

  // Bundled once, before several worlds ask for it.
  await workflowBundle();
  await record(
    wanted.filter(({ shortRuns }) => shortRuns !== true),
    [],
  );
  await record(
    wanted.filter(({ shortRuns }) => shortRuns === true),
    [`limit.historyCount.suggestContinueAsNew=${SHORT_RUN_EVENTS}`],
  );
}

async function record(wanted: readonly Scenario[], dynamicConfig: readonly string[]): Promise<void> {
  if (wanted.length === 0) {
    return;
  }
  const server = await startServer(dynamicConfig);
  try {
    const temporal = await connectTemporal(server.address);
    const waiting = [...wanted];
    const work = async (): Promise<void> => {
      for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
        await recordOne(temporal, scenario);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, work));
    await temporal.close();
    await stopTargets();
  } finally {
    await server.stop();
  }
}

async function recordOne(temporal: TemporalConnections, scenario: Scenario): Promise<void> {
  const world = await ReleaseWorld.open(temporal);
  try {
    world.startDispatcher();
    await world.startWorker();
    const recorded: RecordedWorkflow[] = [];
    for (const workflowId of await scenario.run(world)) {
      recorded.push(...(await runsOf(temporal, workflowId)));
    }
    writeHistories(scenario.name, recorded);
    const events = recorded.map(({ history }) => history.events.length).join(' + ');
    console.log(`${path.basename(historyFile(scenario.name))}: ${events} events`);
  } finally {
    await world.close();
  }
}

/** The histories of a workflow, from its first run on. */
async function runsOf({ client }: TemporalConnections, workflowId: string): Promise<RecordedWorkflow[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const runs: RecordedWorkflow[] = [];
  let runId = raw.workflowExecutionInfo?.firstRunId ?? undefined;
  while (runId) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push({ workflowId, history: JSON.parse(historyToJSON(history)) as RecordedWorkflow['history'] });
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

/** A server in memory, whose settings may be other than the service's. */
async function startServer(dynamicConfig: readonly string[]): Promise<{ address: string; stop: () => Promise<void> }> {
  const folder = tempDir();
  const binary = await resolveTemporalBinary();
  const port = await freePort();
  const args = [
    'server',
    'start-dev',
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--log-level',
    'warn',
  ];
  for (const setting of dynamicConfig) {
    args.push('--dynamic-config-value', setting);
  }
  const output = openSync(path.join(folder, 'temporal.log'), 'a');
  const { PATH, HOME } = process.env;
  const child = await startTethered({ file: binary.path, args, env: { PATH, HOME, TZ: 'UTC' }, output });
  const address = `127.0.0.1:${port}`;
  await eventually('Temporal is up', async () => {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 }).catch(() => undefined);
    await connection?.close();
    return connection !== undefined;
  });
  return {
    address,
    stop: async () => {
      await child.end(5_000);
      removeDir(folder);
    },
  };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
