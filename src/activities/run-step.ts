import { readOutputs } from '../domain/answer-fields';
import { placeOfBody, type BodyPlace } from '../domain/body-place';
import { escapeFor } from '../domain/escape';
import type { Instant } from '../domain/instant';
import type { Json } from '../domain/json';
import { faultOfJsonText } from '../domain/json-text';
import { mailAddressOf } from '../domain/mail-address';
import type { EmailStep, HttpStep, NotifyStep } from '../domain/pipeline';
import { renderJson } from '../domain/render-json';
import { parseTemplate, referencesIn, renderTemplate, type Rendered } from '../domain/template';
import { BUILT_IN, outputName } from '../domain/variables';
import { whereTo } from '../domain/where-to';
import { beginStep, type StepRun, type StepToRun } from '../store/process/begin-step';
import { lookUp, MASKED, maskedLookUp } from '../store/process/deployment-variables';
import { recordStepAnswer, type StepAnswered } from '../store/process/record-step-answer';
import type { SecretBox } from '../store/secret-box';
import type { Store } from '../store/store';
import { openVariable } from '../store/variables/variable-value';
import { notifyChat } from '../targets/chat/notify';
import { sendRequest, type HttpSurroundings } from '../targets/http/send-request';
import type { Mailer } from '../targets/mail/mailer';
import { renderPage } from '../targets/mail/markdown';
import { keepOutputs } from './keep-outputs';
import type { JobEnd } from './roll-out';
import { againAt, alive, orStopped } from './send-effect';

/** What steps reach the world with. */
export interface StepSurroundings {
  http: HttpSurroundings;
  mailer: Mailer;
  /** Opens sensitive variables. */
  secretBox: SecretBox;
}

/** A step that came to nothing this time and is sent again: which, when, and why. */
export interface StepAgain {
  release: string;
  environment: string;
  step: string;
  at: Instant;
  reason: string;
}

/** Told of every such step, for the log. */
export type OnStepAgain = (again: StepAgain) => void;

/**
 * Carries one step out: an http request, a mail, a message to a chat (PRO-1). Each try is begun in the store before
 * anything is sent and its answer recorded behind it; a repetition has the same key, and what has ended is not sent
 * again (PRO-5).
 */
export const runStepActivity =
  (store: Store, surroundings: StepSurroundings, onAgain: OnStepAgain) =>
  (run: StepRun): Promise<JobEnd> =>
    alive(async () => {
      const { job } = run;
      const carriedOut = async (begun: StepToRun) => {
        const outcome = await orStopped(carryOut(begun, surroundings));
        const answered = { key: begun.key, to: whereTo(begun.step), outcome };
        const recorded = await store.write((unit) => recordStepAnswer(unit, answered, Date.now()));
        if (recorded.kind === 'later' && outcome.kind !== 'done') {
          const { release } = run;
          onAgain({
            release,
            environment: job.environment,
            step: begun.step.name,
            at: recorded.at,
            reason: outcome.detail,
          });
        }
        return recorded;
      };
      const begun = await store.write((unit) => beginStep(unit, run, Date.now()));
      const next = begun.kind === 'run' ? await carriedOut(begun) : begun;
      switch (next.kind) {
        case 'later':
          throw againAt(next.at);
        case 'stopped':
          return { finished: null, actions: next.actions };
        case 'succeeded':
          return { finished: { job, at: next.at, outcome: 'succeeded' }, actions: [] };
        case 'failed': {
          const { at, detail, errored } = next;
          return { finished: { job, at, outcome: 'failed', detail, errored }, actions: [] };
        }
      }
    });

type Outcome = StepAnswered['outcome'];

/** A template has named more than fits, or made something that cannot be sent: trying again does not help. */
class Refused extends Error {}

async function carryOut(run: StepToRun, surroundings: StepSurroundings): Promise<Outcome> {
  const { step } = run;
  try {
    switch (step.kind) {
      case 'http':
        return await callEndpoint(run, step, surroundings);
      case 'email':
        return await sendMail(run, step, surroundings);
      case 'notify':
        return await postToChat(run, step, surroundings);
      default:
        throw new Error(`A ${step.kind} step is not carried out by itself`);
    }
  } catch (error) {
    if (error instanceof Refused) {
      return { kind: 'refused', detail: error.message };
    }
    throw error;
  }
}

async function callEndpoint(
  { key, variables }: StepToRun,
  { name, url, method, headers, body, timeoutMs, outputs }: HttpStep,
  { http, secretBox }: StepSurroundings,
): Promise<Outcome> {
  // Endpoints are what sensitive variables are for; they get them nowhere else (VAR-4).
  const valueOf = lookUp(variables, (variable) => opened(secretBox, variable));
  const fill = (template: string, place: keyof typeof escapeFor, what: string) =>
    textOf(renderTemplate(parseTemplate(template), valueOf, escapeFor[place]), what);
  const sentHeaders = Object.fromEntries(
    Object.entries(headers).map(([header, value]) => [header, fill(value, 'http-header', `The header ${header}`)]),
  );
  const declared = Object.entries(sentHeaders).find(([header]) => header.toLowerCase() === 'content-type')?.[1];
  const { place, contentType }: BodyPlace =
    typeof body === 'string' ? placeOfBody(body, declared) : { place: 'json', contentType: 'application/json' };
  const outcome = await sendRequest(
    {
      url,
      method,
      headers: sentHeaders,
      body:
        body === null
          ? null
          : typeof body === 'string'
            ? fill(place === 'json' ? jsonText(body, valueOf) : body, place, 'The body')
            : JSON.stringify(filledIn(body, valueOf)),
      contentType: body === null ? null : contentType,
      key,
      timeoutMs,
    },
    http,
  );
  if (outcome.kind !== 'done') {
    return outcome;
  }
  const read = readOutputs(outcome.body, outputs);
  return 'fault' in read
    ? { kind: 'refused', detail: read.fault }
    : { kind: 'done', outputs: keepOutputs(named(name, read.values), variables, secretBox) };
}

function named(step: string, values: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(values).map(([output, value]) => [outputName(step, output), value]));
}

/** The same text, with values that leave its JSON the shape that was written (VAR-4). */
function jsonText(body: string, valueOf: (name: string) => string): string {
  const fault = faultOfJsonText(parseTemplate(body), valueOf);
  if (fault !== null) {
    throw new Refused(`The body ${fault}`);
  }
  return body;
}

function filledIn(body: Json, valueOf: (name: string) => string): Json {
  const rendered = renderJson(body, valueOf);
  if ('fault' in rendered) {
    throw new Refused(`The body ${rendered.fault}`);
  }
  return rendered.json;
}

async function sendMail(
  { key, variables }: StepToRun,
  { to, subject, body }: EmailStep,
  { mailer }: StepSurroundings,
): Promise<Outcome> {
  const valueOf = maskedLookUp(variables);
  const fill = (template: string, place: keyof typeof escapeFor, what: string) =>
    textOf(renderTemplate(parseTemplate(template), valueOf, escapeFor[place]), what);
  const addresses = to.map((template, index) => {
    const filled = fill(template, 'text', `Recipient ${index + 1}`);
    if (filled.includes(MASKED)) {
      // It would be an address all the same, of somebody whom nobody meant.
      throw new Refused(`Recipient ${index + 1} names a sensitive variable, which no mail holds`);
    }
    const address = mailAddressOf(filled.trim());
    if (address === null) {
      throw new Refused(`Recipient ${index + 1} is no mail address${whyNoAddress(template, valueOf)}`);
    }
    return address;
  });
  // In the plain text nothing is markup, so that a value needs no backslashes to be harmless.
  const text = fill(body, 'text', 'The body');
  const html = renderPage(fill(body, 'markdown', 'The body'));
  const outcome = await mailer.send({
    to: [...new Set(addresses)],
    subject: fill(subject, 'mail-header', 'The subject'),
    text,
    html,
    messageId: key,
  });
  switch (outcome.kind) {
    case 'sent':
      return { kind: 'done', outputs: new Map() };
    case 'refused':
      return outcome;
    case 'broken':
      return { ...outcome, retryAfterMs: null };
  }
}

/** An empty variable is what it mostly is: it is named, as where it has no value is known by nobody by heart (VAR-6). */
function whyNoAddress(template: string, valueOf: (name: string) => string): string {
  const empty = referencesIn(parseTemplate(template)).find(({ name }) => valueOf(name) === '');
  return empty
    ? `: #{${empty.name}} has no value in ${valueOf(BUILT_IN.environment)}`
    : ' with its variables filled in';
}

async function postToChat(
  { key, variables }: StepToRun,
  { url, text }: NotifyStep,
  { http }: StepSurroundings,
): Promise<Outcome> {
  const filled = renderTemplate(parseTemplate(text), maskedLookUp(variables), escapeFor.chat);
  const outcome = await notifyChat({ url, text: textOf(filled, 'The text'), key }, http);
  return outcome.kind === 'done' ? { kind: 'done', outputs: new Map() } : outcome;
}

function textOf(rendered: Rendered, what: string): string {
  if ('fault' in rendered) {
    throw new Refused(`${what} ${rendered.fault}`);
  }
  return rendered.text;
}

function opened(
  secretBox: SecretBox,
  { name, value, variableId }: Parameters<Parameters<typeof lookUp>[1]>[0],
): string {
  try {
    return openVariable(secretBox, { id: variableId ?? '', value, sensitive: 1 });
  } catch {
    // What the error says may be secret.
    throw new Refused(`The variable ${name} does not open with this SLUICE_SECRET_KEY`);
  }
}
