// Dumps the schema that the migrations make to docs/schema.sql, so that a change of it is seen in review.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { openStore } from '../src/store/store';

const HEADER = `-- The schema of the store, as its migrations make it on SQLite; written by \`npm run gen\`, not by hand.
-- On PostgreSQL whole numbers are bigint, those that are 0 or 1 smallint, and tables are not STRICT; all else is the
-- same. src/store/tables.ts says what the columns mean.
`;

interface SchemaObject {
  type: string;
  name: string;
  sql: string;
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'sluice-schema-'));
  try {
    const store = await openStore({ dataDir });
    // What has no text of its own are the indexes of keys and unique constraints; Kysely's tables are its own affair.
    const { rows } = await sql<SchemaObject>`
      select type, name, sql from sqlite_schema
      where sql is not null and name not like 'kysely%' and name not like 'sqlite%'
      order by type desc, rowid
    `.execute(store.read);
    await store.close();

    const docs = path.join(__dirname, '..', 'docs');
    mkdirSync(docs, { recursive: true });
    const statements = rows.map((row) => (row.type === 'table' ? `\n${unindented(row.sql)};\n` : `${row.sql};\n`));
    const firstIndex = rows.findIndex((row) => row.type === 'index');
    statements.splice(firstIndex, 0, '\n');
    writeFileSync(path.join(docs, 'schema.sql'), HEADER + statements.join(''));
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

/** SQLite keeps the text of a statement as it was written, at its place in the migration. */
function unindented(statement: string): string {
  return statement.replaceAll(/^ {4}/gm, '');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
