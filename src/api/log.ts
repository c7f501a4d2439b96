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
