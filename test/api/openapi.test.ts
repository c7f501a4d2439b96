import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import request from 'supertest';
import { z } from 'zod';
import { createApp } from '../../src/api/server';
import { defineRoute, noContent } from '../../src/api/define-route';
import { openApiDocument } from '../../src/api/openapi';
import { startApi, type ApiFixture } from '../support/api-fixture';

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  'x-permission'?: string;
  security?: object[];
  parameters?: { in: string; name: string; description?: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description?: string; headers?: object; content?: Record<string, { schema: Schema }> }>;
}

interface Schema {
  $ref?: string;
  description?: string;
  example?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let api: ApiFixture;
let document: Document;

beforeAll(async () => {
  api = await startApi();
  document = (await request(api.app).get('/openapi.json').expect(200)).body as Document;
});

afterAll(() => api.close());

function operations(): [string, string, Operation][] {
  return Object.entries(document.paths).flatMap(([address, methods]) =>
    Object.entries(methods).map(([method, operation]) => [address, method, operation] as [string, string, Operation]),
  );
}

/** All operations of which something is missing, by name: one failing test names them all. */
function operationsWithout(holds: (operation: Operation, address: string, method: string) => boolean): string[] {
  return operations()
    .filter(([address, method, operation]) => !holds(operation, address, method))
    .map(([, , operation]) => operation.operationId);
}

describe('openapi.json', () => {
  it('is OpenAPI 3.1, served without a token', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(operations().length).toBeGreaterThan(40);
  });

  it('is committed as it is served', () => {
    const committed = JSON.parse(readFileSync(path.resolve(__dirname, '../../openapi.json'), 'utf8')) as Document;

    expect(committed).toEqual(document);
  });

  it('has for each operation a summary, a permission and its security', () => {
    expect(operationsWithout(({ summary }) => Boolean(summary))).toEqual([]);
    expect(operationsWithout((operation) => Boolean(operation['x-permission']))).toEqual([]);
    expect(
      operationsWithout(
        (operation) => (operation['x-permission'] === 'public') === ((operation.security ?? []).length === 0),
      ),
    ).toEqual([]);
  });

  it('has no permission of which docs/permissions.md says that nothing asks for it', () => {
    const table = readFileSync(path.resolve(__dirname, '../../docs/permissions.md'), 'utf8');
    const unasked = [...table.matchAll(/^\| `(\w+)`.*_not asked for in this version_/gm)].map(([, name]) => name ?? '');

    expect(unasked).toContain('FreezeEdit');
    expect(operationsWithout((operation) => !unasked.includes(operation['x-permission'] ?? ''))).toEqual([]);
  });

  it('names each operation once', () => {
    const names = operations().map(([, , { operationId }]) => operationId);

    expect(names).toEqual([...new Set(names)]);
  });

  it('has for each operation a success and the errors every request can meet', () => {
    const statuses = ({ responses }: Operation) => Object.keys(responses);
    expect(operationsWithout((operation) => statuses(operation).some((status) => /^2/.test(status)))).toEqual([]);
    expect(
      operationsWithout(
        (operation) =>
          statuses(operation).includes('default') ||
          ['400', '429', '500', '503'].every((status) => statuses(operation).includes(status)),
      ),
    ).toEqual([]);
    expect(
      operationsWithout(
        (operation) => operation['x-permission'] === 'public' || /401|default/.test(statuses(operation).join()),
      ),
    ).toEqual([]);
  });

  it('HTTP-7: has a 304 for each GET with an ETag', () => {
    const withEtag = operations().filter(
      ([, method, { responses }]) => method === 'get' && 'ETag' in (responses['200']?.headers ?? {}),
    );

    expect(withEtag.length).toBeGreaterThan(5);
    expect(withEtag.filter(([, , { responses }]) => !responses['304']).map(([address]) => address)).toEqual([]);
  });

  it('describes each parameter, and has one for each name in the path', () => {
    expect(
      operationsWithout(({ parameters = [] }) => parameters.every(({ description }) => Boolean(description))),
    ).toEqual([]);
    expect(
      operationsWithout(({ parameters = [] }, address) =>
        [...address.matchAll(/\{(\w+)\}/g)].every(([, name]) =>
          parameters.some((parameter) => parameter.in === 'path' && parameter.name === name && parameter.required),
        ),
      ),
    ).toEqual([]);
  });

  it('describes each property of each body', () => {
    const missing: string[] = [];
    const visit = (schema: Schema | boolean | undefined, at: string): void => {
      if (typeof schema !== 'object' || schema.$ref) {
        return;
      }
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        const target = property.$ref ? document.components.schemas[property.$ref.split('/').at(-1) ?? ''] : property;
        if (!property.description && !target?.description) {
          missing.push(`${at}.${name}`);
        }
        visit(property, `${at}.${name}`);
      }
      visit(schema.items, `${at}[]`);
      visit(schema.additionalProperties, `${at}{}`);
      for (const branch of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
        visit(branch, at);
      }
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      visit(schema, name);
    }
    for (const [, , operation] of operations()) {
      for (const response of Object.values(operation.responses)) {
        for (const { schema } of Object.values(response.content ?? {})) {
          visit(schema, operation.operationId);
        }
      }
    }

    expect(missing).toEqual([]);
  });

  it('has examples that fit their schemas', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(document, 'openapi');
    const shown = Object.entries(document.components.schemas).flatMap(([name, { example, examples = [] }]) =>
      [...examples, ...(example === undefined ? [] : [example])].map((each) => ({ name, each })),
    );

    const faults = shown.flatMap(({ name, each }) => {
      const validate = ajv.getSchema(`openapi#/components/schemas/${name}`);
      return validate?.(each) === true ? [] : [{ name, errors: validate?.errors }];
    });

    expect(shown.length).toBeGreaterThan(15);
    expect(faults).toEqual([]);
  });

  it.each(['interruptions', 'deployments', 'variables', 'subscriptions', 'notifications', 'callbacks'])(
    'shows by example what is sent to and answered by each route of %s',
    (area) => {
      const resolved = ({ $ref, ...schema }: Schema): Schema =>
        $ref === undefined ? schema : (document.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {});
      const isShown = (schema: Schema): boolean => {
        const { examples = [], properties } = resolved(schema);
        const listed = properties?.['items']?.items;
        return examples.length > 0 || (listed !== undefined && isShown(listed));
      };
      const ofArea = operations().filter(([address]) => address.split('/').includes(area));

      const missing = ofArea.flatMap(([, , { operationId, requestBody, responses }]) =>
        [requestBody, ...Object.entries(responses).flatMap(([status, each]) => (/^2/.test(status) ? [each] : []))]
          .flatMap((message) => message?.content?.['application/json']?.schema ?? [])
          .flatMap((schema) => (isShown(schema) ? [] : [operationId])),
      );

      expect(ofArea.length).toBeGreaterThan(0);
      expect(missing).toEqual([]);
    },
  );

  it('holds nothing that is yet to come', () => {
    const paths = Object.keys(document.paths).join('\n');

    expect(paths).not.toMatch(/tenants|defects|tracks|freeze|progression|stop-the-line|simulations/);
    expect(document.paths['/v1/releases/{release}/deployments']?.['post']).toBeUndefined();
  });

  it.each([
    '/v1/tenants/acme',
    '/v1/freezes/summer',
    '/v1/stop-the-line',
    '/v1/simulations',
    '/v1/releases/x/defects',
    '/v1/releases/x/tracks',
    '/v1/releases/x/freeze-overrides',
    '/v1/releases/x/progression',
  ])('what is yet to come is 404: %s', async (address) => {
    const answer = await request(api.app).post(address);

    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'request.unknown-route' });
  });
});

describe('the list of routes', () => {
  const route = (address: `/${string}`) =>
    defineRoute({
      method: 'get',
      path: address,
      operationId: 'twice',
      summary: 'Twice',
      permission: 'public',
      params: z.strictObject({ a: z.string().optional(), b: z.string().optional() }),
      answers: { 204: { description: 'Nothing.' } },
      handle: () => noContent(),
    });

  it('refuses two routes for the same address', () => {
    expect(() => createApp(api.deps, [route('/x/:a'), route('/x/:b')])).toThrow('Two routes for get /x/:b');
  });

  it('documents what it is given', () => {
    const described = openApiDocument([route('/x/:a')]) as Document;

    expect(Object.keys(described.paths)).toEqual(['/x/{a}']);
  });
});
