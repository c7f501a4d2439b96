import path from 'node:path';
import { destination, multistream, type Logger } from 'pino';

import { createLog } from '../api/log';
import { makeFolder } from './data-folder';

const LOG_FILE = 'sluice.log';

/**
 * The service's log, JSON lines. At a terminal people get warnings and worse, and the whole goes to a file in the data
 * folder; anywhere else it all goes to standard output, for whoever collects it.
 */
export function openServiceLog(dataDir: string, isTerminal: boolean): Logger {
  if (!isTerminal) {
    return createLog('info');
  }
  const file = destination({ dest: path.join(makeFolder(dataDir), LOG_FILE), append: true, mode: 0o600, sync: false });
  return createLog(
    'info',
    multistream([
      { level: 'info', stream: file },
      { level: 'warn', stream: process.stderr },
    ]),
  );
}
