import { checkDuration, checkName, checkNames, checkQuorum, tooMany } from './definition-check';
import { warnOfEmptyVariables } from './empty-variables';
import type { Fault } from './fault';
import { checkConditions } from './phase-filter';
import { environmentsOf, RELEASE_ACTIONS, type Phase, type Pipeline, type Review, type Rule } from './pipeline';
import { checkProcess, type ProcessFacts } from './process-check';
import { quoted } from './quoted';
import { whereItRuns } from './step-limits';

/** What a definition is judged against: the project as it is at that moment. */
export interface PipelineFacts extends ProcessFacts {
  environments: readonly EnvironmentFacts[];
  /** User ids of those who hold `ReleaseApprove` in the project. */
  approvers: readonly string[];
}

export interface EnvironmentFacts {
  slug: string;
  requiresPipeline: boolean;
  requiresReview: boolean;
}

export interface PipelineVerdict {
  /** Why the definition is refused. */
  faults: Fault[];
  /** What its author should know, and may want (REL-24, CHG-3). */
  warnings: Fault[];
}

/** How large a definition may be. An operator reads it on one page, and every evaluation may run through its rules. */
export const PIPELINE_LIMITS = {
  phases: 50,
  rulesPerPhase: 50,
  environmentsPerRule: 100,
  /** Of all conditions together; those of one condition and one rule have their own (`CONDITION_LIMITS`). */
  values: 10_000,
  /** Characters of a phase's name. */
  nameLength: 100,
  teamsPerReview: 50,
  approvals: 100,
} as const;

/**
 * Checks a definition at save and again at trigger (PIPE-4, PIPE-8). Every fault is named at once, each with its path;
 * nothing is thrown, whatever the definition holds.
 */
export function checkPipeline(pipeline: Pipeline, facts: PipelineFacts): PipelineVerdict {
  const faults = [
    ...checkPhases(pipeline.phases),
    ...pipeline.phases
      .slice(0, PIPELINE_LIMITS.phases)
      .flatMap((phase, index) => checkPhase(phase, `phases[${index}]`, facts)),
    ...checkProcess(pipeline, facts),
    ...checkNames('action', pipeline.reasonRequired, 'reasonRequired', RELEASE_ACTIONS, RELEASE_ACTIONS.length),
  ];
  return { faults, warnings: faults.length > 0 ? [] : warningsOf(pipeline, facts) };
}

function checkPhases(phases: Phase[]): Fault[] {
  if (phases.length === 0) {
    return [{ path: 'phases', message: 'must hold at least one phase' }];
  }
  const faults = tooMany('phases', phases.length, PIPELINE_LIMITS.phases, 'phases');
  const values = phases
    .flatMap((phase) => phase.rules)
    .flatMap((rule) => rule.conditions)
    .reduce((sum, condition) => sum + condition.values.length, 0);
  faults.push(...tooMany('phases', values, PIPELINE_LIMITS.values, 'values in all conditions together'));

  const firstOf = new Map<string, number>();
  phases.forEach((phase, index) => {
    const first = firstOf.get(phase.name);
    if (first === undefined) {
      firstOf.set(phase.name, index);
    } else {
      faults.push({
        path: `phases[${index}].name`,
        message: `must be unique: phases[${first}] has the name ${quoted(phase.name)} already`,
      });
    }
  });
  return faults;
}

function checkPhase(phase: Phase, path: string, facts: PipelineFacts): Fault[] {
  return [
    ...checkName(phase.name, `${path}.name`, PIPELINE_LIMITS.nameLength),
    ...checkDuration(phase.bakeMs, 0, `${path}.bake`),
    ...(phase.requiredReview === null ? [] : checkReview(phase.requiredReview, `${path}.requiredReview`, facts)),
    ...checkRules(phase.rules, `${path}.rules`, facts),
    ...checkRequiredReview(phase, path, facts),
  ];
}

function checkReview(review: Review, path: string, facts: PipelineFacts): Fault[] {
  const teams = checkNames(
    'team',
    review.teams,
    `${path}.teams`,
    [...facts.teams.keys()],
    PIPELINE_LIMITS.teamsPerReview,
  );
  const { approvals, deadline } = review;
  const isNumber = Number.isInteger(approvals) && approvals >= 1 && approvals <= PIPELINE_LIMITS.approvals;
  const most = PIPELINE_LIMITS.approvals;
  return [
    ...teams,
    ...(deadline === null ? [] : checkDuration(deadline.afterMs, 1, `${path}.deadline.after`)),
    ...(isNumber ? [] : [{ path: `${path}.approvals`, message: `must be a whole number from 1 to ${most}` }]),
    // With a team in doubt the people are, too: one fault is named once.
    ...(isNumber && teams.length === 0 ? checkReviewers(review, path, facts) : []),
  ];
}

function checkReviewers({ teams, approvals }: Review, path: string, facts: PipelineFacts): Fault[] {
  const others = { people: facts.approvers, permission: 'ReleaseApprove' };
  return checkQuorum({ teams, approvals }, `${path}.approvals`, 'approve', { teams: facts.teams, others });
}

function checkRules(rules: Rule[], path: string, facts: PipelineFacts): Fault[] {
  if (rules.length === 0) {
    return [{ path, message: 'must hold at least one rule' }];
  }
  return [
    ...tooMany(path, rules.length, PIPELINE_LIMITS.rulesPerPhase, 'rules'),
    ...rules
      .slice(0, PIPELINE_LIMITS.rulesPerPhase)
      .flatMap((rule, index) => checkRule(rule, `${path}[${index}]`, facts)),
  ];
}

function checkRule(rule: Rule, path: string, facts: PipelineFacts): Fault[] {
  return [
    ...checkEnvironments(rule.environments, `${path}.environments`, facts),
    ...checkConditions(rule.conditions, `${path}.conditions`),
  ];
}

function checkEnvironments(environments: string[], path: string, facts: PipelineFacts): Fault[] {
  const known = facts.environments.map((environment) => environment.slug);
  return environments.length === 0
    ? [{ path, message: 'must name at least one environment' }]
    : checkNames('environment', environments, path, known, PIPELINE_LIMITS.environmentsPerRule);
}

/** PIPE-8: a phase that reaches such an environment asks for a review itself; an earlier phase's is for other people. */
function checkRequiredReview(phase: Phase, path: string, facts: PipelineFacts): Fault[] {
  if (phase.requiredReview !== null) {
    return [];
  }
  const reached = environmentsOf(phase);
  return facts.environments
    .filter((environment) => environment.requiresReview && reached.includes(environment.slug))
    .map((environment) => ({
      path: `${path}.requiredReview`,
      message: `must ask for a review, as "${environment.slug}" requires one of every phase that reaches it`,
    }));
}

function warningsOf(pipeline: Pipeline, facts: PipelineFacts): Fault[] {
  return [
    ...warnOfReach(pipeline, facts),
    ...warnOfEmptyVariables(pipeline, facts.valuesIn),
    ...warnOfIdleSteps(pipeline),
  ];
}

/** A step that no deployment runs is a mistake that would show only by what does not happen (PRO-2). */
function warnOfIdleSteps({ phases, process }: Pipeline): Fault[] {
  const message = 'never runs: no phase that it is for deploys to an environment that it is for';
  return process.flatMap((step, index) =>
    whereItRuns(step, phases).length > 0 ? [] : [{ path: `process[${index}]`, message }],
  );
}

function warnOfReach(pipeline: Pipeline, facts: PipelineFacts): Fault[] {
  return facts.environments.flatMap((environment) => {
    const rules = pipeline.phases.flatMap((phase) =>
      phase.rules.filter((rule) => rule.environments.includes(environment.slug)),
    );
    if (!environment.requiresPipeline) {
      const message = `"${environment.slug}" is opted out of pipelines: it changes when the release completes, not in a phase`;
      return rules.length > 0 ? [{ path: 'phases', message }] : [];
    }
    if (rules.some((rule) => rule.conditions.length === 0)) {
      return [];
    }
    const whom = rules.length === 0 ? 'nobody' : 'not everybody';
    const message = `reach ${whom} in "${environment.slug}": completion will release to the rest`;
    return [{ path: 'phases', message }];
  });
}
