// What the receiver knows: a file with one line of JSON per delivery, and in memory what these lines add up to.
// Nothing is known that is not on the disk, so a restart knows what was answered before.
import { appendFileSync, fsyncSync, openSync, readFileSync, truncateSync } from 'node:fs';

/** By place (service, environment and tenant): the version there, the highest sequence seen, and whose it was. */
const places = new Map();
/** By `webhook-id`: the answer it got. It grows for ever; yours may forget what is older than a few days. */
const answers = new Map();

let file;
let descriptor;

export const placeOf = ({ service, environment, tenant }) => JSON.stringify([service, environment, tenant]);
export const standingAt = (place) => places.get(place) ?? { version: null, sequence: -1, id: null };
export const answerTo = (id) => answers.get(id);
export const listLines = () => readLines().map((line) => JSON.parse(line));
export const listVersions = () =>
  [...places]
    .map(([place, { version, sequence }]) => {
      const [service, environment, tenant] = JSON.parse(place);
      return { service, environment, tenant, version, sequence };
    })
    .filter(({ version }) => version !== null);

export function openLog(path) {
  file = path;
  descriptor = openSync(file, 'a');
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  // A line that was cut off was never answered, so it is sent again. It must not become the head of the next line.
  if (end < bytes.length) truncateSync(file, end);
  readLines().forEach((line, index) => {
    try {
      remember(JSON.parse(line));
    } catch {
      throw new Error(`line ${index + 1} of ${file} cannot be read`);
    }
  });
}

/** Writes a line and waits for the disk. Throws when that fails: then only reading the file again tells what is known. */
export function note(delivery, result) {
  const { id, type, service, environment, tenant, release, phase, attempt } = delivery;
  const { sequence, version, previousVersion } = delivery;
  const who = { at: new Date().toISOString(), id, type, service, environment, tenant, release, phase, attempt };
  const line = { ...who, sequence, version, previousVersion, result };
  // Not asynchronous: lines must not mix, and nobody may be told what is not on the disk yet.
  appendFileSync(descriptor, `${JSON.stringify(line)}\n`);
  fsyncSync(descriptor);
  remember(line);
}

/** Takes in one line, the same way when it is written and when it is read again. */
function remember({ id, result, sequence, version: wanted, ...line }) {
  if (result === 'repeated') return;
  const place = placeOf(line);
  const known = standingAt(place);

  // What was refused or failed counts as seen too: whatever was sent before it comes too late from now on (WHK-4).
  const seen = sequence > known.sequence ? { sequence, id } : {};
  const version = result === 'applied' ? wanted : known.version;
  places.set(place, { ...known, ...seen, version });

  if (result === 'applied') answers.set(id, { status: 200, body: { currentVersion: version } });
  if (result === 'mismatch') answers.set(id, { status: 412, body: { currentVersion: version } });
  if (result === 'stale') answers.set(id, { status: 410, body: { error: 'stale sequence' } });
}

function readLines() {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
