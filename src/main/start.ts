import type { Logger } from 'pino';
import { announcement } from './announce';
import { makeExample } from './example';
import { startService, type Service } from './service';
import { openServiceLog } from './service-log';
import { readSettings, SettingsError, type Settings } from './settings';
import { installRuntime } from './worker';

/** The command `npm start`: the whole service in this process, until it is told to stop. */
async function main(): Promise<void> {
  const settings = settingsOrExit();
  const log = logOrExit(settings);
  installRuntime(log);

  let stopping: Promise<void> | null = null;
  let service: Service | null = null;
  const stop = (): void => {
    if (stopping) {
      // Asked twice: whoever asks does not want to wait. What is under way is in the store.
      process.exit(1);
    }
    stopping = (service?.stop() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'The service did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The terminal was closed.
  process.on('SIGHUP', stop);

  try {
    service = await startService(settings, log);
    const isExampleNew = settings.example && (await makeExample(service));
    process.stdout.write(announcement(service, isExampleNew, process.cwd()));
  } catch (error) {
    exitWith(error);
  }
}

function exitWith(error: unknown): never {
  process.stderr.write(`sluice: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function logOrExit({ dataDir }: Settings): Logger {
  try {
    return openServiceLog(dataDir, process.stdout.isTTY);
  } catch (error) {
    exitWith(error);
  }
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    for (const problem of error.problems) {
      process.stderr.write(`sluice: ${problem}\n`);
    }
    process.exit(1);
  }
}

void main();
