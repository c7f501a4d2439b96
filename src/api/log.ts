import { pino, type DestinationStream, type Logger } from 'pino';

/** What must not be read in a log, wherever it stands (INV-7). */
const SECRET_FIELDS = ['authorization', 'token', 'key', 'secret', 'ticket', 'password'];

/** The log of a process: JSON lines, secrets removed. Addresses are logged without their query, which may hold a ticket. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[secret]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Behind this the address of a callback is a token (PRO-6), also where the method or what follows fits no route. */
const CALLBACK_PATH = /(\/v1\/callbacks\/).+/s;

/** A request's path as it may be logged. */
export function pathToLog(path: string): string {
  return path.replace(CALLBACK_PATH, '$1:token');
}

/** One line per request. All of its fields are here, plain values, and none that INV-7 is about. */
export interface RequestLine {
  requestId: string;
  method: string;
  path: string;
  operation: string;
  status: number;
  ms: number;
  /** The user's name; undefined where nobody was known. */
  user: string | undefined;
}

/**
 * The same log for request lines alone: it looks for no secret in them, since that costs as much as a database row and
 * the type leaves no room for one. Whatever takes an object from elsewhere, an error first of all, goes to the log itself.
 */
export function requestLog(log: Logger): (level: 'info' | 'debug', line: () => RequestLine) => void {
  const plain = log.child({}, { redact: [] });
  return (level, line) => {
    if (plain.isLevelEnabled(level)) {
      plain[level](line(), 'request');
    }
  };
}
