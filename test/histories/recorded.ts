import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A run of a workflow as Temporal exports it. */
export interface RecordedWorkflow {
  workflowId: string;
  history: { events: Record<string, unknown>[] };
}

/** Where the recordings are: one file per scenario. */
export const HISTORIES = __dirname;

export function historyFile(scenario: string): string {
  return path.join(HISTORIES, `${scenario}.json`);
}

/** One event per line: small, and a new recording still shows what has changed. */
export function writeHistories(scenario: string, recorded: readonly RecordedWorkflow[]): void {
  const workflows = recorded.map(({ workflowId, history }) => {
    const events = history.events.map((event) => JSON.stringify(event, withoutStacks)).join(',\n');
    return `{"workflowId":${JSON.stringify(workflowId)},"history":{"events":[\n${events}\n]}}`;
  });
  writeFileSync(historyFile(scenario), `[${workflows.join(',\n')}]\n`);
}

/** A stack names the folders of whoever recorded it, and no replay reads it. */
function withoutStacks(name: string, value: unknown): unknown {
  return name === 'stackTrace' ? '' : value;
}

export function recordedScenarios(): string[] {
  return readdirSync(HISTORIES)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.basename(name, '.json'))
    .sort();
}

export function readHistories(scenario: string): RecordedWorkflow[] {
  return JSON.parse(readFileSync(historyFile(scenario), 'utf8')) as RecordedWorkflow[];
}
