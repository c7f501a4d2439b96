// A process that writes without end and says what was acknowledged; the test kills it.
import { openStore, type StoreLocation } from '../../src/store/store';
import { someEvent } from './store-fixtures';

const WRITERS = 4;

async function main(location: StoreLocation, run: string): Promise<void> {
  const store = await openStore(location);
  const write = async (writer: number): Promise<never> => {
    for (let n = 0; ; n += 1) {
      const id = `${run}-${writer}-${n}`;
      await store.write(async (unit) => {
        await unit.sql
          .insertInto('users')
          .values({ id, slug: id, displayName: id, email: null, createdAt: n, deletedAt: null })
          .execute();
        unit.record(someEvent({ projectId: writer % 2 === 0 ? 'shop' : null, data: { id } }));
      });
      process.stdout.write(`${id}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

void main(JSON.parse(process.argv[2] ?? '') as StoreLocation, process.argv[3] ?? '');
