import { checkDuration, checkNames, checkQuorum, tooMany } from './definition-check';
import type { Fault } from './fault';
import { checkHttpStep } from './http-step-check';
import type { KnownVariables } from './known-variables';
import { mailAddressOf } from './mail-address';
import type { EmailStep, ManualStep, ProcessStep } from './pipeline';
import type { ProcessFacts } from './process-check';
import { PROCESS_LIMITS } from './process-limits';
import { quoted } from './quoted';
import { checkText, checkUrl } from './text-check';
import { parseTemplate, referencesIn } from './template';

/** Checks what a step has beside what all steps have (PIPE-4). */
export function checkStepOfKind(step: ProcessStep, path: string, names: KnownVariables, facts: ProcessFacts): Fault[] {
  switch (step.kind) {
    case 'roll-out':
      return [];
    case 'manual':
      return checkManualStep(step, path, names, facts);
    case 'http':
      return checkHttpStep(step, path, names, facts);
    case 'email':
      return checkEmailStep(step, path, names, facts);
    case 'notify':
      return [
        ...checkUrl(step.url, `${path}.url`, facts, 'a chat’s webhook has its secret in its path'),
        ...checkText(step.text, `${path}.text`, names, PROCESS_LIMITS.templateLength),
      ];
  }
}

function checkManualStep(step: ManualStep, path: string, names: KnownVariables, facts: ProcessFacts): Fault[] {
  const { approvals, teams } = step;
  const known = [...facts.teams.keys()];
  const most = PROCESS_LIMITS.approvals;
  const isNumber = Number.isInteger(approvals) && approvals >= 1 && approvals <= most;
  const teamFaults = checkNames('team', teams, `${path}.teams`, known, PROCESS_LIMITS.names);
  return [
    ...checkText(step.instructions, `${path}.instructions`, names, PROCESS_LIMITS.templateLength),
    ...teamFaults,
    ...(isNumber ? [] : [{ path: `${path}.approvals`, message: `must be a whole number from 1 to ${most}` }]),
    // With a team in doubt the people are, too: one fault is named once.
    ...(isNumber && teamFaults.length === 0 ? checkPeople(step, teams, `${path}.approvals`, facts) : []),
    ...checkDeadline(step, `${path}.deadline`, isNumber, facts),
  ];
}

/** Who could answer is who could take it (INT-3): what people hold counts as much as the team that they are in. */
function checkPeople(step: ManualStep, teams: readonly string[], path: string, facts: ProcessFacts): Fault[] {
  const others = { people: facts.deployers, permission: 'DeploymentCreate' };
  const submitters = { people: facts.submitters, permission: 'InterruptionSubmit' };
  const quorum = { teams, approvals: step.approvals };
  return checkQuorum(quorum, path, 'submit', { teams: facts.teams, others, submitters });
}

function checkDeadline(step: ManualStep, path: string, isNumber: boolean, facts: ProcessFacts): Fault[] {
  const { deadline } = step;
  if (deadline === null) {
    return [];
  }
  const faults = checkDuration(deadline.afterMs, 1, `${path}.after`);
  const at = `${path}.escalateTo`;
  if (deadline.outcome !== 'escalate') {
    const isNamed = 'escalateTo' in deadline;
    return [...faults, ...(isNamed ? [{ path: at, message: 'must be left out: the outcome is not escalate' }] : [])];
  }
  const { escalateTo } = deadline;
  if (escalateTo.length === 0) {
    return [...faults, { path: at, message: 'must name the teams that are responsible then' }];
  }
  const teams = checkNames('team', escalateTo, at, [...facts.teams.keys()], PROCESS_LIMITS.names);
  const people = isNumber && teams.length === 0 ? checkPeople(step, escalateTo, at, facts) : [];
  return [...faults, ...teams, ...people];
}

function checkEmailStep(
  { to, subject, body }: EmailStep,
  path: string,
  names: KnownVariables,
  facts: ProcessFacts,
): Fault[] {
  const { recipients, subjectLength, templateLength } = PROCESS_LIMITS;
  return [
    ...(to.length === 0 ? [{ path: `${path}.to`, message: 'must name at least one recipient' }] : []),
    ...tooMany(`${path}.to`, to.length, recipients, 'recipients'),
    ...to
      .slice(0, recipients)
      .flatMap((recipient, index) => checkRecipient(recipient, `${path}.to[${index}]`, names, facts)),
    ...checkText(subject, `${path}.subject`, names, subjectLength, 'one line'),
    ...checkText(body, `${path}.body`, names, templateLength),
  ];
}

/** An address, or what becomes one: then it is judged again when the mail is sent. */
function checkRecipient(recipient: string, path: string, names: KnownVariables, { sensitive }: ProcessFacts): Fault[] {
  const faults = checkText(recipient, path, names, PROCESS_LIMITS.subjectLength, 'one line');
  if (faults.length > 0) {
    return faults;
  }
  const references = referencesIn(parseTemplate(recipient));
  const secret = references.find(({ name }) => sensitive.includes(name));
  if (secret) {
    // Masked it would be an address all the same, of somebody whom nobody meant.
    return [
      { path, message: `must not name the variable ${quoted(secret.name)}: it is sensitive, and no mail holds it` },
    ];
  }
  return references.length > 0 || mailAddressOf(recipient) !== null
    ? []
    : [{ path, message: 'must be a mail address, like ada@example.com' }];
}
