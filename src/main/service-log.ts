import path from 'node:path';
import { destination, multistream, type DestinationStream, type Logger } from 'pino';

import { createLog } from '../api/log';
import { makeFolder } from './data-folder';

const LOG_FILE = 'sluice.log';

/**
 * The service's log, JSON lines. At a terminal people get warnings and worse, and the whole goes to a file in the data
 * folder; anywhere else it all goes to standard output, for whoever collects it.
 */
export function openServiceLog(dataDir: string, isTerminal: boolean): Logger {
  if (!isTerminal) {
    return createLog('info', writtenOncePerTurn(process.stdout.fd));
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

/** What a turn may keep before it writes; below the 16 KB that the library writes in one piece. */
const KEPT_BYTES = 8 * 1024;

/**
 * Writes all that one turn of the event loop has logged in one piece, when the turn ends. A process that is killed loses
 * the lines of that turn at most, as it did before for requests whose line was still to come: what must not be lost is
 * in the store, by the time a request is answered (INV-4). An exit, also by an error that nobody caught, writes first.
 */
function writtenOncePerTurn(fd: number | string): DestinationStream {
  const out = destination({ dest: fd, sync: true, minLength: KEPT_BYTES });
  let isDue = false;
  const flush = (): void => {
    isDue = false;
    out.flush();
  };
  process.on('exit', flush);
  return {
    write: (line) => {
      out.write(line);
      if (!isDue) {
        isDue = true;
        setImmediate(flush);
      }
    },
  };
}
