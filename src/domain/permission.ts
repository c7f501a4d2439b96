/** What one may be allowed to do in a project or, granted without one, in all of them. */
export const PERMISSIONS = [
  'ProjectView',
  'FlagEdit',
  'ServiceEdit',
  'ReleaseTrigger',
  'InterruptionSubmit',
  'DefectReport',
  'ReleaseControl',
  'TenantEdit',
  'SubscriptionEdit',
  'ReleaseApprove',
  'DeploymentCreate',
  'DefectResolve',
  'PipelineEdit',
  'VariableEdit',
  'FreezeEdit',
  'StopTheLine',
  'InterruptionReassign',
  'AuditView',
  'FlagOverride',
  'FreezeOverride',
  'EnvironmentEdit',
  'EndpointEdit',
  'EvaluationKeyEdit',
  'Repair',
  'ProjectEdit',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/**
 * What a route can ask for. `Administration` (users, teams, tokens of others, new projects, backup) cannot be granted
 * by itself: it comes with the role `administrator` everywhere, and with nothing else (SEC-1).
 */
export type RequiredPermission = Permission | 'Administration';

export const ROLES = ['viewer', 'developer', 'release-manager', 'administrator'] as const;

export type Role = (typeof ROLES)[number];

/** The first role that holds each permission; every later one of ROLES holds it too. */
const heldFrom: Record<Permission, Role> = {
  ProjectView: 'viewer',
  FlagEdit: 'developer',
  ServiceEdit: 'developer',
  ReleaseTrigger: 'developer',
  InterruptionSubmit: 'developer',
  DefectReport: 'developer',
  ReleaseControl: 'release-manager',
  TenantEdit: 'release-manager',
  SubscriptionEdit: 'release-manager',
  ReleaseApprove: 'release-manager',
  DeploymentCreate: 'release-manager',
  DefectResolve: 'release-manager',
  PipelineEdit: 'release-manager',
  VariableEdit: 'release-manager',
  FreezeEdit: 'release-manager',
  StopTheLine: 'release-manager',
  InterruptionReassign: 'release-manager',
  AuditView: 'release-manager',
  FlagOverride: 'administrator',
  FreezeOverride: 'administrator',
  EnvironmentEdit: 'administrator',
  EndpointEdit: 'administrator',
  EvaluationKeyEdit: 'administrator',
  Repair: 'administrator',
  ProjectEdit: 'administrator',
};

/** One entry of `roles`: a role or a single permission, in one project (its id) or, with null, everywhere. */
export type Grant = { role: Role; project: string | null } | { permission: Permission; project: string | null };

/**
 * Who asks, as far as rights go: what the user holds *now*, by own grants and by teams, and what the token was narrowed
 * to. Both must allow a thing (SEC-3).
 */
export interface Rights {
  /** The user's own grants and those of the user's teams. */
  user: readonly Grant[];
  /** null: the token is not narrowed. */
  token: readonly Grant[] | null;
}

/** The permissions of a role, in the order of the table. */
export function permissionsOf(role: Role): Permission[] {
  return PERMISSIONS.filter((permission) => roleHolds(role, permission));
}

/** What a grant gives, whatever its scope. */
function permissionsIn(grant: Grant): Permission[] {
  return 'role' in grant ? permissionsOf(grant.role) : [grant.permission];
}

/**
 * True when user and token both hold the permission in the project; `null` asks for it everywhere (SEC-3). A grant
 * everywhere holds in each project, one in a project never holds everywhere.
 */
export function mayDo(rights: Rights, permission: RequiredPermission, project: string | null): boolean {
  return holds(rights.user, permission, project) && (rights.token === null || holds(rights.token, permission, project));
}

/** Everything that `mayDo` allows in that scope, in the order of the table. */
export function effectivePermissions(rights: Rights, project: string | null): Permission[] {
  return PERMISSIONS.filter((permission) => mayDo(rights, permission, project));
}

/** The role `administrator` in that scope, held by user and token (SEC-5); `null`: a global administrator (SEC-1). */
export function isAdministrator(rights: Rights, project: string | null): boolean {
  const administers = (grants: readonly Grant[]) =>
    grants.some((grant) => 'role' in grant && grant.role === 'administrator' && covers(grant, project));
  return administers(rights.user) && (rights.token === null || administers(rights.token));
}

/**
 * SEC-1: the first of these grants that somebody with these rights cannot give, because they do not hold all of it in
 * that scope; null when all are theirs to give. `administrator` everywhere can be given only by one who has it.
 */
export function grantBeyond(rights: Rights, grants: readonly Grant[]): Grant | null {
  return (
    grants.find((grant) => {
      const gives = permissionsIn(grant).every((permission) => mayDo(rights, permission, grant.project));
      const administers = 'role' in grant && grant.role === 'administrator';
      return !gives || (administers && !isAdministrator(rights, grant.project));
    }) ?? null
  );
}

/**
 * Who may approve a review (SEC-4): where teams are named a member of one and nobody else, administrators included;
 * without teams, or without a review (skip and full roll-out ask for that), whoever holds `ReleaseApprove`.
 *
 * A narrowed token passes its user's membership on only where it carries `ReleaseApprove` itself: a token made to read
 * does not approve because its user could.
 */
export function mayApprove(
  approver: { rights: Rights; teams: readonly string[] },
  review: { teams: readonly string[] } | null,
  project: string,
): boolean {
  if (review === null || review.teams.length === 0) {
    return mayDo(approver.rights, 'ReleaseApprove', project);
  }
  return (
    tokenCarries(approver.rights, 'ReleaseApprove', project) &&
    review.teams.some((team) => approver.teams.includes(team))
  );
}

/** Whether a token was left what it was narrowed from in that scope, whatever its user holds now (SEC-3). */
export function tokenCarries({ token }: Rights, permission: Permission, project: string): boolean {
  return token === null || holds(token, permission, project);
}

function holds(grants: readonly Grant[], permission: RequiredPermission, project: string | null): boolean {
  return grants.some((grant) => {
    if (permission === 'Administration') {
      return grant.project === null && 'role' in grant && grant.role === 'administrator';
    }
    return (
      covers(grant, project) && ('role' in grant ? roleHolds(grant.role, permission) : grant.permission === permission)
    );
  });
}

function covers(grant: Grant, project: string | null): boolean {
  return grant.project === null || grant.project === project;
}

function roleHolds(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(heldFrom[permission]);
}
