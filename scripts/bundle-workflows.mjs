// Second half of `npm run build`: bundles the compiled workflows once, so that a worker starts without a bundler run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = path.resolve(import.meta.dirname, '..');
const workflows = path.join(root, 'dist', 'workflows', 'index.js');

mkdirSync(path.join(root, 'dist'), { recursive: true });
if (existsSync(workflows)) {
  const quiet = () => undefined;
  const logger = { trace: quiet, debug: quiet, info: quiet, log: quiet, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: workflows, logger });
  writeFileSync(path.join(root, 'dist', 'workflow-bundle.js'), code);
}
// The time of this file is the time of the build (build-if-stale.mjs).
writeFileSync(path.join(root, 'dist', '.built'), '');
