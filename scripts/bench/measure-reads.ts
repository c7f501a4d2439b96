import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import type { Children } from './children';
import { untilState } from './count-history';
import { compareRuns, type Line } from './figures';
import type { LoadQuestion } from './load';
import { act, trigger } from './project';
import type { ReadsFloorArgument } from './reads-floor';
import type { Service } from './service';
import { tokenOf } from './token-of';

/** Enough that no limit of one token is reached on any machine. */
const TOKENS = 60;

/** Reads of one release a second, beside Express that reads the same row by its key. */
export async function measureReads(
  children: Children,
  service: Service,
  dataDir: string,
  { runs, seconds }: { runs: number; seconds: number },
): Promise<Line[]> {
  const release = await trigger(service, 'slow', 'gate-05');
  await untilState(service, release, 'baking');
  const tokens = await makeTokens(service);
  const argument: ReadsFloorArgument = { dataDir: await copyStore(service, dataDir) };
  const floorUrl = await (await children.fork<object, string>(require.resolve('./reads-floor.ts'), argument))({});
  const load = await children.fork<LoadQuestion, number>(require.resolve('./load.ts'), {});

  const on = (url: string, time: number) =>
    load({ url: `${url}/v1/releases/${release}`, method: 'GET', tokens, seconds: time });
  await on(service.url, Math.min(2, seconds));
  await on(floorUrl, Math.min(2, seconds));
  const line = await compareRuns(
    { what: 'Reading one release', unit: '/s', goal: { is: 'least', ratio: 0.8 } },
    runs,
    () => on(service.url, seconds),
    () => on(floorUrl, seconds),
  );
  await act(service, release, 'abort');
  return [line];
}

async function makeTokens(service: Service): Promise<string[]> {
  const tokens: string[] = [];
  for (let number = 1; number <= TOKENS; number += 1) {
    tokens.push(await tokenOf(service, 'admin'));
  }
  return tokens;
}

/** The service's own file is for one process alone, so the floor reads a backup of it; returns the folder. */
async function copyStore(service: Service, dataDir: string): Promise<string> {
  const { file } = await service.expect<{ file: string }>(201, 'POST', '/v1/backup', {});
  const folder = path.join(dataDir, 'reads-floor');
  mkdirSync(folder, { mode: 0o700 });
  copyFileSync(file, path.join(folder, 'sluice.db'));
  return folder;
}
