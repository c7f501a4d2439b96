// Failures on request, for demonstrations and tests: leave this file out of yours. Off unless RECEIVER_BEHAVIOUR=on,
// because whoever reaches the receiver could switch them.
import { setTimeout as sleep } from 'node:timers/promises';

const isWhole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;
const isBoolean = (value) => typeof value === 'boolean';

const FIELDS = {
  /** Answer with this status. */
  status: isWhole(200, 599),
  /** Seconds, in the answer's `Retry-After`. */
  retryAfter: isWhole(0, 86_400),
  /** Wait first; then, when nothing else is asked for, handle the delivery and answer as usual. */
  delayMs: isWhole(0, 600_000),
  /** Never answer. */
  hang: isBoolean,
  /** How many deliveries; all of them when it is missing. */
  times: isWhole(1, 1_000_000),
  /** Handle the delivery first, so that only its answer is lost. */
  afterApplying: isBoolean,
};

let behaviour = {};
let left = 0;

const isOn = process.env.RECEIVER_BEHAVIOUR === 'on';
const isOff = { status: 404, body: { error: 'RECEIVER_BEHAVIOUR is not on' } };

/** What the next deliveries meet, and how many of them; null stands for all. */
export function showBehaviour() {
  return isOn ? { status: 200, body: { ...behaviour, left: Number.isFinite(left) ? left : null } } : isOff;
}

/** Sets what the next deliveries meet; `{}` ends it. */
export function changeBehaviour(body) {
  if (!isOn) return isOff;
  let wanted;
  try {
    wanted = Object.entries(JSON.parse(body));
  } catch {
    return { status: 400, body: { error: 'body is not a JSON object' } };
  }
  const wrong = wanted.find(([name, value]) => !Object.hasOwn(FIELDS, name) || !FIELDS[name](value));
  if (wrong !== undefined) return { status: 400, body: { error: `${wrong[0]} is not known or out of range` } };

  behaviour = Object.fromEntries(wanted);
  left = wanted.length === 0 ? 0 : (behaviour.times ?? Infinity);
  return showBehaviour();
}

/** Handles a delivery, or fails as asked; a status of null stands for no answer at all. */
export async function misbehaving({ handle, noteFailed }) {
  if (left === 0) return handle();
  left -= 1;
  const { status, retryAfter, delayMs = 0, hang = false, afterApplying = false } = behaviour;
  const fails = hang || status !== undefined;

  let answer;
  if (afterApplying) answer = await handle();
  else if (fails) noteFailed();
  // Not in turn: a delivery that is late on the network is overtaken by later ones. Nor does it hold up the end.
  await sleep(delayMs, undefined, { ref: false });
  if (hang) return { status: null };
  if (!fails) return answer ?? handle();
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { status, headers, body: { error: 'failed on request' } };
}
