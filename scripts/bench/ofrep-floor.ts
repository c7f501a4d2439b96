/**
 * The floor of evaluations: Express, its JSON reader, and flagd-core asked directly. No keys, no limits, no checks of the
 * context, no headers of ours: what they cost is ours to answer for.
 */
import type { AddressInfo } from 'node:net';
import type { EvaluationContext } from '@openfeature/core';
import { FlagdCore } from '@openfeature/flagd-core';
import express from 'express';

import { answerQuestions, argumentGiven } from './children';

export interface OfrepFloorArgument {
  /** A flagd file, as the service exports it. */
  flags: object;
}

const core = new FlagdCore();
core.setConfigurations(JSON.stringify(argumentGiven<OfrepFloorArgument>().flags));

interface Asked {
  context: EvaluationContext;
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json());
app.post('/ofrep/v1/evaluate/flags/:key', (request, response) => {
  const { key } = request.params;
  const { value, reason, variant } = core.resolveBooleanEvaluation(key, false, (request.body as Asked).context);
  response.json({ key, value, reason, variant });
});
app.post('/ofrep/v1/evaluate/flags', (request, response) => {
  const flags = core.resolveAll((request.body as Asked).context);
  response.json({
    flags: flags.map(({ flagKey, value, reason, variant }) => ({ key: flagKey, value, reason, variant })),
  });
});

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerQuestions<object>(() => Promise.resolve(`http://127.0.0.1:${port}`));
});
