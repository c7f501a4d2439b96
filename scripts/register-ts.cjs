// Lets `node -r ./scripts/register-ts.cjs file.ts` run TypeScript from the checkout with the compiler the tests use.
// Node 20 strips no types by itself; types are checked by `npm run typecheck`, not here.
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};
