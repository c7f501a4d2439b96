import {
  effectivePermissions,
  grantBeyond,
  isAdministrator,
  mayApprove,
  mayDo,
  PERMISSIONS,
  permissionsOf,
  type Grant,
  type Rights,
} from '../../src/domain/permission';

const SHOP = 'id-of-shop';
const BLOG = 'id-of-blog';

const administrator: Grant = { role: 'administrator', project: null };
const shopDeveloper: Grant = { role: 'developer', project: SHOP };

function rights(user: Grant[], token: Grant[] | null = null): Rights {
  return { user, token };
}

describe('the table of roles', () => {
  it('gives each role what the one before has, and its own', () => {
    expect(permissionsOf('viewer')).toEqual(['ProjectView']);
    expect(permissionsOf('developer')).toEqual([
      'ProjectView',
      'FlagEdit',
      'ServiceEdit',
      'ReleaseTrigger',
      'InterruptionSubmit',
      'DefectReport',
    ]);
    expect(permissionsOf('release-manager')).toEqual([
      ...permissionsOf('developer'),
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
    ]);
    expect(permissionsOf('administrator')).toEqual([...PERMISSIONS]);
  });

  it('holds a grant everywhere in every project, and one in a project nowhere else', () => {
    expect(mayDo(rights([{ role: 'viewer', project: null }]), 'ProjectView', SHOP)).toBe(true);
    expect(mayDo(rights([shopDeveloper]), 'FlagEdit', SHOP)).toBe(true);
    expect(mayDo(rights([shopDeveloper]), 'FlagEdit', BLOG)).toBe(false);
    expect(mayDo(rights([shopDeveloper]), 'FlagEdit', null)).toBe(false);
  });

  it('takes a single permission as a grant', () => {
    const reporter = rights([{ permission: 'DefectReport', project: SHOP }]);

    expect(effectivePermissions(reporter, SHOP)).toEqual(['DefectReport']);
    expect(effectivePermissions(reporter, BLOG)).toEqual([]);
  });

  it('SEC-1: gives administration with the role everywhere alone, never with all permissions together', () => {
    const everything = PERMISSIONS.map((permission): Grant => ({ permission, project: null }));

    expect(mayDo(rights([administrator]), 'Administration', null)).toBe(true);
    expect(mayDo(rights(everything), 'Administration', null)).toBe(false);
    expect(mayDo(rights([{ role: 'administrator', project: SHOP }]), 'Administration', SHOP)).toBe(false);
  });
});

describe('SEC-1: nobody grants what they do not hold in that scope', () => {
  it('lets one give what one has, where one has it', () => {
    const manager = rights([{ role: 'release-manager', project: SHOP }]);

    expect(grantBeyond(manager, [shopDeveloper, { permission: 'AuditView', project: SHOP }])).toBeNull();
    expect(grantBeyond(rights([administrator]), [administrator, shopDeveloper])).toBeNull();
  });

  it('names the grant that is too much', () => {
    const manager = rights([{ role: 'release-manager', project: SHOP }]);
    const tooHigh: Grant = { role: 'administrator', project: SHOP };
    const tooWide: Grant = { role: 'developer', project: null };
    const elsewhere: Grant = { permission: 'ProjectView', project: BLOG };

    expect(grantBeyond(manager, [shopDeveloper, tooHigh])).toBe(tooHigh);
    expect(grantBeyond(manager, [tooWide])).toBe(tooWide);
    expect(grantBeyond(manager, [elsewhere])).toBe(elsewhere);
  });

  it('gives the role of an administrator only by one who has the role', () => {
    const everything = rights(PERMISSIONS.map((permission): Grant => ({ permission, project: null })));

    expect(grantBeyond(everything, [administrator])).toBe(administrator);
  });

  it('counts what the token was narrowed to', () => {
    const narrowed = rights([administrator], [shopDeveloper]);

    expect(grantBeyond(narrowed, [shopDeveloper])).toBeNull();
    expect(grantBeyond(narrowed, [{ role: 'viewer', project: BLOG }])).not.toBeNull();
  });
});

describe('SEC-3: effective rights are the token’s and the user’s', () => {
  it('needs both', () => {
    const both = rights([{ role: 'release-manager', project: null }], [shopDeveloper]);

    expect(mayDo(both, 'FlagEdit', SHOP)).toBe(true);
    expect(mayDo(both, 'ReleaseControl', SHOP)).toBe(false);
    expect(mayDo(both, 'FlagEdit', BLOG)).toBe(false);
  });

  it('loses with the user what the token still names', () => {
    expect(mayDo(rights([], [administrator]), 'ProjectView', SHOP)).toBe(false);
    expect(isAdministrator(rights([shopDeveloper], [administrator]), SHOP)).toBe(false);
  });

  it('narrows an administrator to nothing by an empty list', () => {
    expect(effectivePermissions(rights([administrator], []), SHOP)).toEqual([]);
    expect(mayDo(rights([administrator], []), 'Administration', null)).toBe(false);
  });
});

describe('SEC-4: who may approve', () => {
  const review = { teams: ['leads'] };

  it('asks a named team and nobody else, administrators included', () => {
    expect(mayApprove({ rights: rights([]), teams: ['leads'] }, review, SHOP)).toBe(true);
    expect(mayApprove({ rights: rights([administrator]), teams: ['others'] }, review, SHOP)).toBe(false);
  });

  it.each([[null], [{ teams: [] }]])('asks for ReleaseApprove without teams (%p)', (unnamed) => {
    const manager = rights([{ role: 'release-manager', project: SHOP }]);

    expect(mayApprove({ rights: manager, teams: [] }, unnamed, SHOP)).toBe(true);
    expect(mayApprove({ rights: manager, teams: [] }, unnamed, BLOG)).toBe(false);
    expect(mayApprove({ rights: rights([shopDeveloper]), teams: ['leads'] }, unnamed, SHOP)).toBe(false);
  });

  it('passes membership on through a narrowed token only where the token carries ReleaseApprove', () => {
    const reading = { rights: rights([], [{ role: 'viewer', project: null }]), teams: ['leads'] };
    const approving = { rights: rights([], [{ permission: 'ReleaseApprove', project: SHOP }]), teams: ['leads'] };

    expect(mayApprove(reading, review, SHOP)).toBe(false);
    expect(mayApprove(approving, review, SHOP)).toBe(true);
    expect(mayApprove(approving, review, BLOG)).toBe(false);
  });
});

describe('SEC-5: an administrator in a scope', () => {
  it('has the role there or everywhere, by user and token', () => {
    expect(isAdministrator(rights([{ role: 'administrator', project: SHOP }]), SHOP)).toBe(true);
    expect(isAdministrator(rights([{ role: 'administrator', project: SHOP }]), null)).toBe(false);
    expect(isAdministrator(rights([administrator]), SHOP)).toBe(true);
    expect(isAdministrator(rights([administrator], [shopDeveloper]), SHOP)).toBe(false);
  });
});
