// Writes the JSON Schemas that editors check files against (PIPE-7), from the schemas that requests are checked with.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { applyDocument } from '../src/api/apply/apply-body';
import { pipelineBody } from '../src/api/schemas/pipeline';

const docs = path.resolve(__dirname, '..', 'docs');

const files = [
  { name: 'pipeline.schema.json', title: 'The definition of a Sluice pipeline', schema: pipelineBody },
  { name: 'document.schema.json', title: 'A document that POST /v1/apply takes', schema: applyDocument },
];

/** Editors know draft 7 best. */
function jsonSchemaOf({ title, schema }: (typeof files)[number]): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return { $schema, title, ...rest };
}

async function write(file: (typeof files)[number]): Promise<void> {
  const target = path.join(docs, file.name);
  const options = { ...(await resolveConfig(target)), filepath: target };
  writeFileSync(target, await format(JSON.stringify(jsonSchemaOf(file)), options));
}

void Promise.all(files.map(write));
