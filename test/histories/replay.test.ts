import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';

import { installQuietRuntime } from '../support/release-world';
import type { Edit } from '../support/workflow-bundle';
import { workflowBundle } from '../support/workflow-bundle';
import { readHistories, recordedScenarios } from './recorded';
import { scenarios } from './scenarios';

beforeAll(installQuietRuntime);

/** What replaying the recordings of these scenarios with that code comes to: the first error of each, if any. */
async function replay(names: readonly string[], ...edits: Edit[]): Promise<Map<string, Error | undefined>> {
  const recordings = names.flatMap((name) => readHistories(name).map((recorded) => ({ name, ...recorded })));
  const replays = Worker.runReplayHistories(
    { workflowBundle: await workflowBundle(...edits) },
    recordings.map(({ workflowId, history }) => ({ workflowId, history })),
  );
  const errors = new Map<string, Error | undefined>();
  let index = 0;
  for await (const { error } of replays) {
    const name = recordings[index]?.name ?? '';
    errors.set(name, errors.get(name) ?? error);
    index += 1;
  }
  expect(index).toBe(recordings.length);
  return errors;
}

describe('the replay gate', () => {
  const names = recordedScenarios();
  let errors: Map<string, Error | undefined>;

  beforeAll(async () => {
    errors = await replay(names);
  }, 60_000);

  it('holds a recording of every scenario, and no other', () => {
    expect(names).toEqual(scenarios.map(({ name }) => name).sort());
  });

  it.each(names)('INV-6: %s goes the same way with the code of today', (name) => {
    expect(errors.has(name)).toBe(true);
    expect(errors.get(name)).toBeUndefined();
  });

  it('stops a workflow that does the same in another order', async () => {
    const broken = await replay(['three-phases'], {
      file: 'src/workflows/release-workflow.ts',
      from: 'const recorded = await recordStep(',
      to: 'await condition(() => false, 1);\n      const recorded = await recordStep(',
    });

    expect(broken.get('three-phases')).toBeInstanceOf(DeterminismViolationError);
  }, 60_000);

  it('stops a rule that makes the workflow wait for something else', async () => {
    const broken = await replay(['three-phases', 'no-bakes'], {
      file: 'src/domain/what-follows.ts',
      from: 'return progress.endsAt;',
      to: 'return null;',
    });

    expect(broken.get('three-phases')).toBeInstanceOf(DeterminismViolationError);
    expect(broken.get('no-bakes')).toBeUndefined();
  }, 60_000);
});

describe('recordings', () => {
  it('can be read: the SDK finds the protobufjs that it was made for, which no default install gives it', () => {
    const root = path.resolve(__dirname, '../..');
    const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const ofSdk = createRequire(createRequire(require.resolve('@temporalio/common')).resolve('@temporalio/proto'));

    expect(dependencies['protobufjs']).toMatch(/^\^?8\./);
    expect(ofSdk.resolve('protobufjs')).toBe(require.resolve('protobufjs'));
    expect(historyFromJSON(readHistories('no-bakes')[0]?.history).events?.length).toBeGreaterThan(10);
  });

  it('name no machine', () => {
    const identities = recordedScenarios().flatMap((name) =>
      [...JSON.stringify(readHistories(name)).matchAll(/"identity":"([^"]*)"/g)].map(([, identity]) => identity),
    );

    expect(new Set(identities)).toEqual(new Set(['sluice']));
  });

  it('name no folders', () => {
    const stacks = recordedScenarios().flatMap((name) =>
      [...JSON.stringify(readHistories(name)).matchAll(/"stackTrace":"([^"]*)"/g)].map(([, stack]) => stack),
    );

    expect(new Set(stacks)).toEqual(new Set(['']));
  });
});
