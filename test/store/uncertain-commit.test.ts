import { StoreUnavailable } from '../../src/store/store-error';
import type { Notice } from '../../src/store/notices';
import { openTestStore } from '../support/test-store';

describe('a commit whose answer is lost', () => {
  it('FLG-3: is told all the same, since it may have got through', async () => {
    const link = { isDown: false };
    const storage = await openTestStore({
      beforeStatement: (sql) => {
        if (link.isDown && /^commit/i.test(sql)) {
          throw new StoreUnavailable(new Error('Connection terminated unexpectedly'));
        }
      },
    });
    const told: Notice[] = [];
    storage.store.notices.on((notice) => void told.push(notice));

    link.isDown = true;
    const notice: Notice = { kind: 'flags-changed', environmentIds: ['production'] };
    const written = storage.store.write((unit) => {
      unit.notify(notice);
      return Promise.resolve();
    });

    await expect(written).rejects.toThrow(StoreUnavailable);
    expect(told).toEqual([notice]);
    link.isDown = false;
    await storage.dispose();
  });

  it('tells nothing of a transaction that failed before it', async () => {
    const storage = await openTestStore();
    const told: Notice[] = [];
    storage.store.notices.on((notice) => void told.push(notice));

    const written = storage.store.write((unit) => {
      unit.notify({ kind: 'flags-changed', environmentIds: ['production'] });
      return Promise.reject(new Error('no'));
    });

    await expect(written).rejects.toThrow('no');
    expect(told).toEqual([]);
    await storage.dispose();
  });
});
