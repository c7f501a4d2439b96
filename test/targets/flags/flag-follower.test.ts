import { putFlag } from '../../../src/store/flags/put-flag';
import { Notices } from '../../../src/store/notices';
import type { Store } from '../../../src/store/store';
import { FlagFollower } from '../../../src/targets/flags/flag-follower';
import { FlagImage } from '../../../src/targets/flags/flag-image';
import { insertProject, OFF, ON } from '../../support/store-fixtures';
import { openTestStore, type TestStore } from '../../support/test-store';

let storage: TestStore;
let projectId: string;
let environmentId: string;

beforeEach(async () => {
  storage = await openTestStore();
  const project = await insertProject(storage.store);
  ({ projectId } = project);
  environmentId = project.environments['production'] ?? '';
});
afterEach(() => storage.dispose());

/** The store as the follower sees it: it is told only what the test says, and `afterRead` runs behind the next read. */
function watched(store: Store): { store: Store; notices: Notices; afterRead: (then: () => Promise<void>) => void } {
  const notices = new Notices((error) => {
    throw error;
  });
  let next: (() => Promise<void>) | null = null;
  return {
    notices,
    store: {
      ...store,
      notices,
      readTogether: async (work) => {
        const read = await store.readTogether(work);
        const then = next;
        next = null;
        await then?.();
        return read;
      },
    },
    afterRead: (then) => {
      next = then;
    },
  };
}

describe('FlagFollower', () => {
  // How many turns of the microtask queue lie between the read and the notice: none of them may be the wrong moment.
  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'FLG-3: follows a commit that is told %i turns after a read that missed it',
    async (turns) => {
      const { store, notices, afterRead } = watched(storage.store);
      await put(OFF);
      const image = new FlagImage();
      const follower = await FlagFollower.start(store, image, fail);
      const changed = () => notices.emit({ kind: 'flags-changed', environmentIds: [environmentId] });

      afterRead(async () => {
        await put(ON);
        void after(turns).then(changed);
      });
      changed();
      await follower.caughtUp();
      await new Promise((resolve) => setImmediate(resolve));
      await follower.caughtUp();

      expect(image.evaluate(environmentId, 'new-checkout', {})).toMatchObject({ value: true });
      follower.stop();
    },
  );
});

async function put(definition: typeof ON): Promise<void> {
  await storage.store.write((unit) =>
    putFlag(unit, {
      projectId,
      slug: 'new-checkout',
      kind: 'gate',
      description: '',
      definition,
      environments: null,
      mayOverride: true,
      isApplied: false,
      actorId: 'ada',
      at: Date.now(),
      checkEtag: () => undefined,
    }),
  );
}

async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await Promise.resolve();
  }
}

function fail(error: unknown): void {
  throw error;
}
