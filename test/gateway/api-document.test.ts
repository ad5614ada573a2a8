import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerRoutes } from '../../src/gateway/routes.ts';
import { type BareGateway, startBareGateway } from './bare-kit.ts';

type Parameter = { readonly name: string; readonly in: string };
type Operation = {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly requestBody?: { readonly required?: boolean };
  readonly security?: readonly unknown[];
  readonly 'x-roles': readonly string[];
};
type Document = {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

let gateway: BareGateway;
let document: Document;
const routes: { readonly method: string; readonly url: string; readonly hidden: boolean }[] = [];

beforeAll(async () => {
  gateway = await startBareGateway({
    routes: async (app, deps) => {
      app.addHook('onRoute', ({ method, url, schema }) => {
        const hidden = (schema as { hide?: boolean } | undefined)?.hide === true;
        for (const each of [method].flat()) routes.push({ method: each, url, hidden });
      });
      await registerRoutes(app, deps);
    },
  });
  document = (await (await fetch(`${gateway.url}/v1/openapi.json`)).json()) as Document;
});
afterAll(() => gateway.stop());

function operations(): { readonly name: string; readonly operation: Operation; readonly path: string }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
      path,
    })),
  );
}

describe('the document', () => {
  test('is OpenAPI 3.1 and has every route', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const described = operations().map(({ name }) => name);
    const wanted = routes
      .filter(({ method, hidden }) => method !== 'HEAD' && !hidden)
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    expect(wanted.length).toBeGreaterThan(1);
    expect(described.sort()).toEqual(wanted.sort());
  });

  test('says which bodies may be left out', () => {
    const needed = (path: string) => document.paths[path]?.post?.requestBody?.required;
    expect(needed('/v1/schedules/apply')).toBe(false);
    expect(needed('/v1/sync/push')).toBe(true);
  });

  test('says of each call what it does, who may make it, and how errors look', () => {
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toMatch(/\w{3}/);
      expect(operation.tags, name).not.toHaveLength(0);
      const isPublic = operation['x-roles'].length === 0;
      expect(operation.security, name).toEqual(isPublic ? [] : [{ bearer: [] }]);
      if (!isPublic) expect(operation['x-roles'], name).toContain('admin');
      const codes = Object.keys(operation.responses);
      expect(
        codes.some((code) => code.startsWith('2')),
        `${name}: ${codes.join()}`,
      ).toBe(true);
      for (const errors of ['4XX', '5XX']) {
        expect(operation.responses[errors], name).toEqual({ $ref: '#/components/responses/Problem' });
      }
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('shows people who may call what', () => {
    const lines = document.info.description.split('\n').filter((line) => line.startsWith('| `'));
    expect(lines).toHaveLength(operations().length);
    const line = (call: string) => lines.find((each) => each.includes(`\`${call}\``));
    expect(line('GET /v1/sync/{entity}/pull')).toMatch(/^\| `[^`]+` \| ● \| {2}\| {2}\| ● \|/);
    expect(line('GET /v1/health')).toMatch(/^\| `[^`]+` \| ● \| ● \| ● \| ● \|/);
  });

  test('declares the parameters of each path', () => {
    for (const { name, operation, path } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each);
      const declared = (operation.parameters ?? [])
        .filter((each) => each.in === 'path')
        .map((each) => each.name);
      expect(declared.sort(), name).toEqual(inPath.sort());
    }
  });

  test('refers to nothing that it has not', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref as string);
    expect(refs.length).toBeGreaterThan(0);
    for (const ref of new Set(refs)) {
      // Within a schema: the schema itself.
      if (!ref.startsWith('#/components/')) {
        expect(ref).toMatch(/^#/);
        continue;
      }
      const [kind, name] = ref.slice('#/components/'.length).split('/') as [string, string];
      expect(document.components[kind]?.[name], ref).toBeDefined();
    }
    expect(document.components.responses?.Problem).toMatchObject({
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    expect(document.components.schemas?.Problem).toMatchObject({
      required: expect.arrayContaining(['type', 'title', 'status', 'detail', 'code', 'requestId']),
    });
  });
});

describe('the page that shows it', () => {
  test('is there for everybody, with scripts of its own only', async () => {
    const page = await fetch(`${gateway.url}/v1/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('https:');
    expect(html).not.toMatch(/(src|href)="https?:/);
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);
    expect(assets.length).toBeGreaterThan(2);
    for (const path of assets) {
      const asset = await fetch(new URL(path, `${gateway.url}/v1/docs`));
      expect(asset.status, path).toBe(200);
      await asset.arrayBuffer();
    }
  });

  test('reads the document from here', async () => {
    const read = await fetch(`${gateway.url}/v1/docs/json`);
    expect(await read.json()).toEqual(document);
  });

  test('is made once for all, packed or not, and not at all for who has it', async () => {
    const ask = (path: string, headers: Record<string, string>) =>
      fetch(`${gateway.url}${path}`, { headers });
    for (const path of ['/v1/openapi.json', '/v1/docs/json']) {
      for (const [accepted, encoding] of [
        ['br, gzip;q=0.5', 'gzip'],
        ['gzip', 'gzip'],
        ['gzip;q=0, deflate', null],
        ['identity', null],
      ] as const) {
        const reply = await ask(path, { 'accept-encoding': accepted });
        expect([accepted, reply.headers.get('content-encoding')]).toEqual([accepted, encoding]);
        expect(reply.headers.get('vary')).toContain('Accept-Encoding');
        expect(await reply.json()).toEqual(document);
      }
      const etag = (await ask(path, {})).headers.get('etag') ?? '';
      expect((await ask(path, { 'if-none-match': etag })).status).toBe(304);
    }
    const script = await ask('/v1/docs/static/swagger-ui-bundle.js', { 'accept-encoding': 'br' });
    expect(script.headers.get('content-encoding')).toBeNull();
    await script.arrayBuffer();
    expect((await ask('/v1/docs/yaml', {})).status).toBe(404);
  });
});
