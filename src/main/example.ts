import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

import { packageRoot } from './package-root';
import type { Service } from './service';

/** Where the example's documents are. */
const EXAMPLE_FILE = path.join('examples', 'shop.yaml');

/**
 * Makes the example project, through the API like any user would, when there has never been a project. Applying is all
 * or nothing, so that a start that dies here is just done again by the next one. Returns whether it was made now.
 */
export async function makeExample({ store, url, adminToken }: Service): Promise<boolean> {
  const project = await store.read.selectFrom('projects').select('id').limit(1).executeTakeFirst();
  if (project !== undefined || adminToken === null) {
    return false;
  }
  const text = readFileSync(path.join(packageRoot(), EXAMPLE_FILE), 'utf8');
  const documents = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  const response = await fetch(`${url}/v1/apply`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ documents }),
  });
  if (!response.ok) {
    throw new Error(`The example project could not be made: ${await response.text()}`);
  }
  return true;
}
