// A webhook receiver for Sluice: the start of yours. README.md says how to run it, deploy.mjs is where your code goes.
//
//   POST  →  size  →  signature  →  fields  →  its turn  →  known id?  →  sequence  →  expected version  →  deploy  →  log
//             413        401          400                 as before        410              412             500       200
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { changeBehaviour, misbehaving, showBehaviour } from './behaviour.mjs';
import { answerTo, listLines, listVersions, note, openLog, placeOf, standingAt } from './delivery-log.mjs';
import { deploy } from './deploy.mjs';

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 10_000;
const GRACE_MS = 2_000;

const { HOST = '127.0.0.1', PORT = '9000', RECEIVER_LOG = 'receiver.log' } = process.env;

const refuse = (status, error, headers = {}) => ({ status, headers, body: { error } });

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // Too much is read but not kept: a sender that is cut off sees a broken connection instead of its answer.
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return bytes <= BODY_BYTES_MAX ? Buffer.concat(chunks) : null;
}

/**
 * Why a request is not from Sluice, or null. Any of the secrets may fit: while one is replaced, both sign. What is signed
 * are the bytes as they came, so nothing is parsed before; a time that is more than five minutes off is refused too.
 */
function distrust(body, headers, webhooks) {
  let reason = null;
  for (const webhook of webhooks) {
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return null;
    } catch (error) {
      reason = error.message;
    }
  }
  return reason;
}

function parse(body) {
  try {
    const { type, data } = JSON.parse(body);
    return { tenant: null, ...data, type };
  } catch {
    return null;
  }
}

const isName = (value) => typeof value === 'string' && value !== '';
const isVersion = (value) => value === null || isName(value);

/** What is wrong with a delivery, in words for whoever reads Sluice's side of it, or null. */
function faultOf({ type, service, environment, tenant, sequence, version, expectedVersion }) {
  if (type !== 'service.apply' && type !== 'service.revert') return 'type is neither service.apply nor service.revert';
  if (!isName(service)) return 'data.service is no name';
  if (!isName(environment)) return 'data.environment is no name';
  if (tenant !== null && !isName(tenant)) return 'data.tenant is neither a name nor null';
  if (!Number.isSafeInteger(sequence) || sequence < 0) return 'data.sequence is no whole number';
  if (!isVersion(version)) return 'data.version is neither a version nor null';
  if (version === null && type === 'service.apply') return 'data.version is null, which only a revert may ask for';
  if (!isVersion(expectedVersion)) return 'data.expectedVersion is neither a version nor null';
  return null;
}

/** By place, the end of the last work there. */
const turns = new Map();

/** The same delivery twice, or two for one place, are never at work together: the second waits for the first. */
function inTurn(place, work) {
  const turn = (turns.get(place) ?? Promise.resolve()).then(work);
  const ended = turn.catch(() => undefined);
  turns.set(place, ended);
  return turn;
}

/** What becomes of a delivery whose turn it is. Every way writes one line; only `applied` has changed something. */
async function decide(delivery) {
  const { id, sequence, version, expectedVersion } = delivery;
  const before = answerTo(id);
  if (before !== undefined) {
    note(delivery, 'repeated');
    return before;
  }

  const current = standingAt(placeOf(delivery));
  const isRetry = sequence === current.sequence && id === current.id;
  if (sequence <= current.sequence && !isRetry) {
    // Answered with 410 and not 409: Sluice tries again after a conflict, and this one never passes.
    note(delivery, 'stale');
  } else if (expectedVersion !== current.version) {
    // Somebody else changed it and it is not ours to overwrite (WHK-5), unless it is what is wanted already.
    note(delivery, version === current.version ? 'applied' : 'mismatch');
  } else {
    try {
      await deploy({ ...delivery, direction: delivery.type === 'service.revert' ? 'revert' : 'apply' });
    } catch (error) {
      // No answer to remember: the next try under this id works on it anew.
      console.error(`deploy failed: ${error?.message ?? error}`);
      note(delivery, 'failed');
      return refuse(500, 'deploy failed');
    }
    note(delivery, 'applied');
  }
  return answerTo(id);
}

async function receive(request, body, webhooks) {
  const reason = distrust(body, request.headers, webhooks);
  if (reason !== null) return refuse(401, reason);
  const parsed = parse(body);
  if (parsed === null) return refuse(400, 'body is not a JSON object');
  const delivery = { ...parsed, id: request.headers['webhook-id'] };
  const fault = faultOf(delivery);
  if (fault !== null) return refuse(400, fault);

  return misbehaving({
    handle: () => inTurn(placeOf(delivery), () => decide(delivery)),
    noteFailed: () => note(delivery, 'failed'),
  });
}

async function answer(request, webhooks) {
  const { method } = request;
  const [path] = request.url.split('?');
  if (method === 'GET' && path === '/') return { status: 200, body: listVersions() };
  if (method === 'GET' && path === '/log') return { status: 200, body: listLines() };
  if (method === 'GET' && path === '/behaviour') return showBehaviour();
  if (method === 'GET') return refuse(404, 'only / and /log can be read');
  const isSwitch = method === 'PUT' && path === '/behaviour';
  if (method !== 'POST' && !isSwitch) return refuse(405, 'deliveries come by POST', { allow: 'GET, POST' });

  const body = await readBody(request).catch(() => undefined);
  // The sender went away in the middle: there is nobody to answer.
  if (body === undefined) return { status: null };
  if (body === null) return refuse(413, 'body is larger than 64 KB');
  return isSwitch ? changeBehaviour(body) : receive(request, body, webhooks);
}

async function serve(request, response, webhooks) {
  const { status, headers, body } = await answer(request, webhooks);
  if (status === null) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.end(`${JSON.stringify(body)}\n`);
}

function readSecrets({ WEBHOOK_SECRETS, WEBHOOK_SECRET = '' }) {
  const secrets = (WEBHOOK_SECRETS ?? WEBHOOK_SECRET).split(',').map((secret) => secret.trim());
  if (secrets.join('') === '') throw new Error('WEBHOOK_SECRETS or WEBHOOK_SECRET has to be set');
  return secrets.map((secret, index) => {
    try {
      // Without the prefix many a word is base64: what a failed command printed would be taken for a secret.
      if (!secret.startsWith('whsec_')) throw new Error('no secret');
      return new Webhook(secret);
    } catch {
      // Not the library's own words: they must not quote the secret.
      throw new Error(`secret ${index + 1} of ${secrets.length} is not one of Standard Webhooks`);
    }
  });
}

function giveUp(error) {
  console.error(`receiver: ${error.message}`);
  process.exit(1);
}

try {
  const webhooks = readSecrets(process.env);
  // Nobody may hold a connection by sending slowly.
  const limits = { requestTimeout: REQUEST_MS_MAX, connectionsCheckingInterval: 1_000 };
  const server = createServer(limits, (request, response) => {
    // What is thrown is no answer but broken, such as a full disk: the next start reads what is really known.
    serve(request, response, webhooks).catch(giveUp);
  });
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      server.close();
      setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    });
  }

  server.listen(Number(PORT), HOST);
  await once(server, 'listening');
  // Only now, and before the first request is read: the port keeps a second receiver away from the log of the first.
  openLog(RECEIVER_LOG);
  console.log(`listening on http://${HOST}:${server.address().port}`);
} catch (error) {
  giveUp(error);
}
