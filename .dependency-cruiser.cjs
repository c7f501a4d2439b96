// The layer table of ARCHITECTURE.md, one rule per layer: what it may import, and why no more.

/** Our own folders a layer may not import: everything in src but itself and what is listed. */
const beyond = (layer, allowed) => ({
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: [layer, ...allowed].map((name) => `^src/${name}`) },
});

/** Packages and Node built-ins a layer may not import. */
const packagesBeyond = (layer, allowed) => ({
  from: { path: `^src/${layer}/` },
  to: {
    dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown', 'core'],
    ...(allowed.length > 0 ? { pathNot: allowed.map((name) => `(^|/)node_modules/${name}/`) } : {}),
  },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thing in two pieces; types alone may refer to each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-src-to-test',
      comment: 'The product runs without its tests and scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-dev-packages-in-src',
      comment: 'What is installed for development only is missing where the product runs.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'domain-imports-nothing',
      comment: 'Rules are pure functions: tested in milliseconds, the same in the workflow, the API and a simulation.',
      severity: 'error',
      ...beyond('domain', []),
    },
    {
      name: 'domain-has-no-packages',
      comment:
        'A package in the domain is a package in the workflow bundle; zod alone makes a workflow five times larger.',
      severity: 'error',
      ...packagesBeyond('domain', []),
    },
    {
      name: 'workflows-ask-the-domain',
      comment: 'A workflow waits and orders; it decides by the domain and acts through activities.',
      severity: 'error',
      ...beyond('workflows', ['domain/', 'activities/']),
    },
    {
      name: 'workflows-know-only-types-of-activities',
      comment: 'A value of an activity in the workflow bundle drags the world into deterministic code.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-have-two-packages',
      comment: 'Everything else is not deterministic, or too large for the sandbox.',
      severity: 'error',
      ...packagesBeyond('workflows', ['@temporalio/workflow', '@temporalio/common']),
    },
    {
      name: 'activities-touch-store-and-targets',
      comment: 'An activity is the only bridge from a workflow to the world; it never goes through the API.',
      severity: 'error',
      ...beyond('activities', ['domain/', 'expressions/', 'store/', 'targets/']),
    },
    {
      name: 'expressions-know-the-domain',
      comment: 'A condition is asked with values that are handed in; it reaches nothing by itself.',
      severity: 'error',
      ...beyond('expressions', ['domain/']),
    },
    {
      name: 'expressions-have-one-package',
      comment: 'The language, and nothing that a condition could get at the machine by.',
      severity: 'error',
      ...packagesBeyond('expressions', ['@marcbachmann/cel-js']),
    },
    {
      name: 'targets-know-domain-and-store',
      comment: 'A target is driven by activities and knows nothing about who asks.',
      severity: 'error',
      ...beyond('targets', ['domain/', 'store/']),
    },
    {
      name: 'notifications-touch-store-and-targets',
      comment: 'Telling people follows from what is stored; nothing that decides or answers waits for it.',
      severity: 'error',
      ...beyond('notifications', ['domain/', 'store/', 'targets/']),
    },
    {
      name: 'store-knows-the-domain',
      comment: 'The store keeps what was decided; who asked is not its business.',
      severity: 'error',
      ...beyond('store', ['domain/']),
    },
    {
      name: 'api-boundaries',
      comment: 'The facade records and signals; of the workflows it knows names and message types only.',
      severity: 'error',
      ...beyond('api', ['domain/', 'expressions/', 'store/', 'targets/flags/', 'workflows/messages']),
    },
    {
      name: 'api-runs-no-worker',
      comment: 'API processes scale apart from workers.',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: 'node_modules/@temporalio/(worker|workflow|activity)/' },
    },
    {
      name: 'clients-use-http',
      comment:
        'Command line and pages can do what everybody can do, through the same door. An audit is verified without it.',
      severity: 'error',
      from: { path: '^src/(cli|web)/' },
      to: { path: '^src/', pathNot: ['^src/(cli|web)/', '^src/api/schemas/', '^src/store/audit/verify-export'] },
    },
    {
      name: 'nothing-imports-main',
      comment: 'Composition knows everything; nothing may know it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main/' },
      to: { path: '^src/main/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
