import { z } from 'zod';

import { instant } from './common';
import { deploymentLogExample, deploymentVariablesExample } from './examples';

const deploymentVariable = z
  .strictObject({
    name: z.string().describe('Its name, as templates write it.'),
    value: z.string().nullable().describe('Its value; null: it is sensitive, and not shown.'),
    sensitive: z.boolean().describe('Whether its value is kept from everybody.'),
    source: z
      .enum(['built-in', 'project', 'output'])
      .describe('Built in, of the project, or put out by a step of this deployment.'),
  })
  .meta({ id: 'DeploymentVariable', description: 'A variable as the steps of a deployment have it.' });

/** The variables of a deployment (VAR-5). */
export const deploymentVariables = z
  .strictObject({
    items: z.array(deploymentVariable).describe('By name.'),
    next: z.null().describe('There is never another page.'),
  })
  .meta({
    id: 'DeploymentVariables',
    examples: [deploymentVariablesExample],
    description: 'The variables of a deployment.',
  });

const deploymentLogLine = z
  .strictObject({
    number: z.int().describe('Its place in the log.'),
    at: instant.describe('When it happened.'),
    step: z.string().nullable().describe('Name of the step; null: it is of the whole deployment.'),
    message: z.string().describe('What happened, for people.'),
  })
  .meta({ id: 'DeploymentLogLine', description: 'One line of a deployment’s log.' });

/** A page of a deployment's log. */
export const deploymentLogPage = z
  .strictObject({
    items: z.array(deploymentLogLine).describe('Oldest first.'),
    next: z.string().nullable().describe('`cursor` of the next page; null: this is the last one.'),
  })
  .meta({ id: 'DeploymentLogPage', examples: [deploymentLogExample], description: 'One page of a deployment’s log.' });
