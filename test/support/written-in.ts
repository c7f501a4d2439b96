import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import type { Store } from '../../src/store/store';
import type { Tables } from '../../src/store/tables';

/** Kept complete by the compiler: a new table is looked into, too. */
const everyTable: Record<keyof Tables, true> = {
  ...{ installation: true, projects: true, environments: true, evaluationKeys: true, flags: true },
  ...{ flagEnvironments: true, overlays: true, pipelines: true, pipelineVersions: true, releases: true },
  ...{ releaseTargets: true, releaseSteps: true, actions: true, deployments: true, drift: true, services: true },
  ...{ serviceEndpoints: true, serviceSecrets: true, serviceVersions: true, effects: true, deploymentSteps: true },
  ...{ deploymentLog: true, deploymentVariables: true, interruptions: true, stepEffects: true, variables: true },
  ...{ subscriptions: true, notifications: true, deliveries: true, events: true, chains: true, counters: true },
  ...{ users: true, teams: true, teamMembers: true, grants: true, tokens: true, idempotencyKeys: true },
};

/** Where in a store a text is written: tables and, on SQLite, files; freed pages of those are looked into, too. */
export async function placesOf(text: string, store: Store): Promise<string[]> {
  const cells = await everyCell(store);
  const places = [...cells].flatMap(([table, texts]) => (texts.some((cell) => cell.includes(text)) ? [table] : []));
  const { dataDir } = store;
  const files = dataDir === null ? [] : readdirSync(dataDir);
  return [...places, ...files.filter((name) => readFileSync(path.join(dataDir ?? '', name)).includes(text))];
}

/** All that a store holds, by table. */
export async function everyCell(store: Store): Promise<Map<string, string[]>> {
  const cells = new Map<string, string[]>();
  for (const table of Object.keys(everyTable)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(store.read);
    cells.set(
      table,
      rows.flatMap((row) => Object.values(row).map(String)),
    );
  }
  return cells;
}
