import type { Children } from './children';
import { compareRuns, type Line } from './figures';
import type { LoadQuestion } from './load';
import type { OfrepFloorArgument } from './ofrep-floor';
import { GATE, PROJECT, STAFF } from './project';
import type { Service } from './service';

/** Evaluations a second, of one flag and of all, beside Express and flagd-core with the same flags. */
export async function measureEvaluations(
  children: Children,
  service: Service,
  key: string,
  { runs, seconds }: { runs: number; seconds: number },
): Promise<Line[]> {
  const flags = await service.expect<object>(
    200,
    'GET',
    `/v1/projects/${PROJECT}/environments/production/flagd.json`,
    undefined,
    key,
  );
  const argument: OfrepFloorArgument = { flags };
  const floorUrl = await (await children.fork<object, string>(require.resolve('./ofrep-floor.ts'), argument))({});
  const load = await children.fork<LoadQuestion, number>(require.resolve('./load.ts'), {});

  const body = JSON.stringify({ context: STAFF });
  const all = '/ofrep/v1/evaluate/flags';
  const compare = async (what: string, target: string, goal: Line['goal']): Promise<Line> => {
    const on = (url: string, time: number) =>
      load({ url: url + target, method: 'POST', tokens: [key], body, seconds: time });
    await on(service.url, Math.min(2, seconds));
    await on(floorUrl, Math.min(2, seconds));
    return compareRuns(
      { what, unit: '/s', goal },
      runs,
      () => on(service.url, seconds),
      () => on(floorUrl, seconds),
    );
  };
  return [
    await compare('OFREP evaluations, one flag', `${all}/${GATE}`, { is: 'least', ratio: 0.8 }),
    await compare('OFREP evaluations, all 20 flags', all, null),
  ];
}
