import jest from 'eslint-plugin-jest';
import unicorn from 'eslint-plugin-unicorn';
import tseslint from 'typescript-eslint';

const builtins = {
  regex:
    '^node:|^(assert|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|stream|timers|tls|url|util|worker_threads|zlib)(/|$)',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'reports/', 'node_modules/', '.sluice/', 'openapi.json'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { unicorn },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // tsc accepts an activity call nobody waits for; in a workflow that loses the activity.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name: one thing has one name everywhere.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings instead of an enum.' },
      ],
      'unicorn/filename-case': ['error', { case: 'kebabCase', multipleFileExtensions: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    // Replay gives a workflow the same answers only if it asks nothing but Temporal; a rule or a condition only if it asks
    // nobody.
    files: ['src/workflows/**/*.ts', 'src/domain/**/*.ts', 'src/expressions/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ ...builtins, message: 'Workflows and rules run without Node: use arguments or activities.' }] },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'structuredClone',
        'setInterval',
        'setImmediate',
        'fetch',
      ],
    },
  },
  {
    files: ['src/domain/**/*.ts', 'src/expressions/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
        { object: 'Math', property: 'random', message: 'Chance comes in as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name: one thing has one name everywhere.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings instead of an enum.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in as an argument.' },
        { selector: "CallExpression[callee.name='Date']", message: 'Time comes in as an argument.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    plugins: { jest },
    rules: {
      'jest/no-focused-tests': 'error',
      'jest/no-disabled-tests': 'error',
      'jest/no-identical-title': 'error',
      'jest/valid-expect': 'error',
    },
  },
  {
    // Programs that talk to a terminal.
    files: ['scripts/**/*.ts', 'src/cli/**/*.ts', 'src/main/start.ts'],
    rules: { 'no-console': 'off' },
  },
);
