import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import type { Tables } from '../tables';
import { initialSchema } from './0001-initial-schema';
import { services } from './0002-services';
import { repair } from './0003-repair';
import { process } from './0004-process';
import { liveTargets } from './0005-live-targets';
import { interruptions } from './0006-interruptions';

/** The migrations in order; the keys are what a database remembers, and never change once shipped. */
const migrations = (engine: 'sqlite' | 'postgres'): Record<string, Migration> => ({
  '0001-initial-schema': { up: (db) => initialSchema(db, engine) },
  '0002-services': { up: (db) => services(db, engine) },
  '0003-repair': { up: (db) => repair(db, engine) },
  '0004-process': { up: (db) => process(db, engine) },
  '0005-live-targets': { up: (db) => liveTargets(db, engine) },
  '0006-interruptions': { up: (db) => interruptions(db, engine) },
});

/** Brings the schema up to date, each store once; on PostgreSQL several processes may call it at the same time. */
export async function migrate(db: Kysely<Tables>, engine: 'sqlite' | 'postgres'): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations(engine)) },
    // Without it Kysely takes bookkeeping tables of any other schema in the database for its own.
    ...(engine === 'postgres' ? { migrationTableSchema: await currentSchema(db) } : {}),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function currentSchema(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db);
  return rows[0]?.schema ?? 'public';
}
