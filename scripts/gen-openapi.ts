// Writes openapi.json: the document that the service serves, for those who read or compare it without starting one.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openApiDocument } from '../src/api/openapi';
import { routes } from '../src/api/routes';
import { startApi } from '../test/support/api-fixture';

async function main(): Promise<void> {
  const api = await startApi();
  try {
    const document = openApiDocument(routes(api.deps));
    writeFileSync(path.resolve(__dirname, '../openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
  } finally {
    await api.close();
  }
}

void main();
