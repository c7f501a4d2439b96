import { EngineWatch } from '../../../src/api/dispatch/engine-watch';
import { eventually } from '../../support/eventually';

const watches: EngineWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) {
    watch.stop();
  }
});

let time = 0;
const down = { temporal: false, worker: false };
const probe = (part: 'temporal' | 'worker') => () =>
  down[part] ? Promise.reject(new Error(`no ${part}`)) : Promise.resolve();

async function watching(everyMs = 10): Promise<EngineWatch> {
  const watch = new EngineWatch({ now: () => time, temporal: probe('temporal'), worker: probe('worker'), everyMs });
  watches.push(watch);
  await eventually('it has asked', () => Promise.resolve(true));
  return watch;
}

beforeEach(() => {
  time = 1_000;
  Object.assign(down, { temporal: false, worker: false });
});

const until = (watch: EngineWatch, trouble: string | undefined) =>
  eventually(`the trouble is ${String(trouble)}`, () => watch.troubleOf('release')?.trouble === trouble);

describe('what is known of the engine', () => {
  it('REL-26: is that Temporal does not answer, since the first time, until it does', async () => {
    const watch = await watching();
    expect(watch.troubleOf('release')).toBeNull();

    down.temporal = true;
    await until(watch, 'temporal-down');
    time = 9_000;
    watch.silent(new Error('later'));

    expect(watch.troubleOf('release')).toEqual({ trouble: 'temporal-down', since: 1_000, detail: 'later' });
    down.temporal = false;
    await until(watch, undefined);
  });

  it('REL-26: is that no worker takes work, but first that Temporal does not answer', async () => {
    const watch = await watching();
    down.worker = true;
    await until(watch, 'no-worker');
    expect(watch.troubleOf('release')).toEqual({ trouble: 'no-worker', since: 1_000, detail: 'no worker' });
    expect(watch.hasWorker).toBe(false);

    down.temporal = true;
    await until(watch, 'temporal-down');
    Object.assign(down, { temporal: false, worker: false });

    await until(watch, undefined);
    expect(watch.hasWorker).toBe(true);
  });

  it('REL-26: is that a worker takes work as soon as somebody says so, not only when it is asked the next time', async () => {
    down.worker = true;
    const watch = await watching(3_600_000);
    await until(watch, 'no-worker');
    down.worker = false;

    await watch.look();

    expect(watch.troubleOf('release')).toBeNull();
  });

  it('REL-26: is whose workflow fails, and of no other release', async () => {
    const watch = await watching();

    watch.fails('release', { since: 500, message: 'The code is at fault' });

    expect(watch.troubleOf('release')).toEqual({
      trouble: 'workflow-failing',
      since: 500,
      detail: 'The code is at fault',
    });
    expect(watch.troubleOf('other')).toBeNull();
    expect(watch.failing()).toEqual(['release']);
    watch.works('release');
    expect(watch.troubleOf('release')).toBeNull();
  });
});
