// Writes docs/permissions.md from the table that the rules judge by.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as prettier from 'prettier';
import { PERMISSIONS, permissionsOf, ROLES, type Permission } from '../src/domain/permission';

/** What each permission is for; one that nothing asks for yet says so. */
const LATER = '_not asked for in this version_';
const MEANING: Record<Permission, string> = {
  ProjectView: 'See everything of a project but its audit, subscriptions and secrets',
  FlagEdit: 'Create flags, edit them in opted-out environments, change their description, delete them',
  ServiceEdit: 'Create services, change their name and time limit, delete those without endpoints and secrets',
  ReleaseTrigger: 'Trigger releases',
  InterruptionSubmit: 'Take and answer interruptions of teams that one is a member of',
  DefectReport: LATER,
  ReleaseControl: 'Pause, unpause, skip, abort, full roll-out, retry. An author of a release may abort it without',
  TenantEdit: LATER,
  SubscriptionEdit: 'See, create, change and delete subscriptions; see what was told to whom',
  ReleaseApprove: 'Give reviews that name no team, and pass phases without a review',
  DeploymentCreate: 'Take and answer interruptions that name no team, and those of guided failure',
  DefectResolve: LATER,
  PipelineEdit: 'Create, change and delete pipelines',
  VariableEdit: 'Create, change and delete variables; a release that is approved already uses them as they are then',
  FreezeEdit: LATER,
  StopTheLine: LATER,
  InterruptionReassign: 'Give interruptions back that somebody else has taken, or hand them over',
  AuditView: 'Read and export the audit',
  FlagOverride: 'Edit a flag directly in environments that require a pipeline; noted in the audit as an override',
  FreezeOverride: LATER,
  EnvironmentEdit: 'Create, change and delete environments',
  EndpointEdit: 'Say where services are deployed to, make their secrets, delete services that have either',
  EvaluationKeyEdit: 'Make and delete evaluation keys',
  Repair: 'Start a release anew from the store',
  ProjectEdit: 'Change and delete the project',
};

async function main(): Promise<void> {
  const held = new Map(ROLES.map((role) => [role, permissionsOf(role)]));
  const row = (name: string, cells: readonly string[]) => `| ${[name, ...cells].join(' | ')} |`;
  const table = [
    row('permission', [...ROLES, 'for']),
    row('---', [...ROLES.map(() => ':-:'), '---']),
    ...PERMISSIONS.map((permission) =>
      row(`\`${permission}\``, [
        ...ROLES.map((role) => (held.get(role)?.includes(permission) ? '✓' : '')),
        MEANING[permission],
      ]),
    ),
  ].join('\n');
  const text = `# Permissions

A user holds roles or single permissions, in one project or, without \`project\`, everywhere:

\`\`\`json
[{ "role": "developer", "project": "shop" }, { "permission": "AuditView" }]
\`\`\`

They come from the user's own \`roles\` and from those of the user's teams. A token can be narrower than its user, never
wider; both are judged as of now (SEC-3). Nobody grants what they do not hold (SEC-1).

${table}

Besides, only an \`administrator\` everywhere (granted without \`project\`) may create projects, manage users, teams and
other people's tokens, and make backups. This comes with the role alone, never with single permissions.

Who may give a review is said by the review: where it names teams, their members and nobody else, administrators
included; where it names none, whoever holds \`ReleaseApprove\` (SEC-4). Skipping a phase that was not released, and a
full roll-out, pass reviews and need that right, too (SEC-5).

Who may answer an interruption is said by its step in the same way: where it names teams, their members who hold
\`InterruptionSubmit\`, and nobody else, administrators no more than others; where it names none, whoever holds \`DeploymentCreate\` (INT-3).

What a caller may do is in \`GET /v1/me\`; what may be done to a release right now, by this caller, in its \`allowed\`.

This file is generated from src/domain/permission.ts; \`npm run gen\` writes it.
`;
  const file = path.resolve(__dirname, '..', 'docs', 'permissions.md');
  const style = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...style, parser: 'markdown' }));
}

void main();
