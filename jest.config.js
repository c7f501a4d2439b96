// One project per cost, so that `npm run test:domain` costs milliseconds and starts no server.
// Jest runs a project's globalSetup only when that project has tests to run, and the same file once per run.

const temporalServer = {
  globalSetup: '<rootDir>/test/support/temporal-setup.ts',
  globalTeardown: '<rootDir>/test/support/temporal-teardown.ts',
};

/** ESM-only packages that Jest has to transform; everything else in node_modules is loaded as it is. */
const esmOnly = ['jose', 'openid-client', 'oauth4webapi', '@marcbachmann/cel-js'];

/** @returns {import('jest').Config} */
function project(name, options = {}) {
  return {
    displayName: name,
    rootDir: __dirname,
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
    testEnvironment: 'node',
    transform: {
      '\\.m?[jt]s$': [
        '@swc/jest',
        {
          jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
          module: { type: 'commonjs' },
          sourceMaps: 'inline',
        },
      ],
    },
    transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`, '/dist/'],
    modulePathIgnorePatterns: ['<rootDir>/dist/'],
    ...options,
  };
}

/** @type {import('jest').Config} */
module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    project('domain'),
    project('expressions'),
    project('targets'),
    project('store'),
    project('notifications'),
    project('main'),
    project('api', temporalServer),
    project('workflows', temporalServer),
    project('histories'),
    project('e2e', temporalServer),
  ],
};
