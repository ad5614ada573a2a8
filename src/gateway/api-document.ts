/** The API's description, OpenAPI 3.1, from the schemas of all routes; and a page that shows it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from '@fastify/type-provider-zod';
import type { FastifySchema, RouteOptions } from 'fastify';
import { z } from 'zod';
import { API_ROLES } from '../domain/access/principal.ts';
import type { GatewayApp } from './app.ts';
import type { RouteAccess } from './deps.ts';
import { problemSchema } from './problem.ts';
import { sharedJson } from './shared-reply.ts';

const PAGE = '/v1/docs';
const DOCUMENT = '/v1/openapi.json';
const PROBLEM_TYPE = 'application/problem+json';

/** The page's own scripts, and calls of this gateway. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

type Transformed = ReturnType<typeof jsonSchemaTransform>;

/** Before the routes. */
export async function describeApi(app: GatewayApp): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Syncline',
        version: '1',
        description: 'Devices pull and push; approvers decide; operators look after it.',
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        schemas: { Problem: problemJsonSchema() },
        responses: {
          Problem: {
            description: 'An error, as problem details of RFC 9457',
            content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        },
      },
    },
    transform: ((document: Parameters<typeof jsonSchemaTransform>[0]) =>
      withAccess(jsonSchemaTransform(document), document.route)) as typeof jsonSchemaTransform,
    transformObject: (document) =>
      withProblems('openapiObject' in document ? document.openapiObject : document.swaggerObject) as never,
  });
  // The page's routes are not ours, and do not say who may call them.
  app.addHook('onRoute', (route) => {
    if (route.url !== PAGE && !route.url.startsWith(`${PAGE}/`)) return;
    route.config = { ...route.config, access: 'public' };
    // Anybody may ask for its scripts, and need not read them: a packer for each reply would be megabytes for each.
    route.compress = false;
  });
}

/** After `requireAccess`. */
export async function showApi(app: GatewayApp): Promise<void> {
  const send = sharedJson(() => JSON.stringify(app.swagger()));
  app.get(
    DOCUMENT,
    { config: { access: 'public' }, schema: { hide: true } as FastifySchema, compress: false },
    async (request, reply) => send(request, reply),
  );
  // The page would make the text anew for everybody.
  app.addHook('onRoute', (route) => {
    if (route.url === `${PAGE}/json`) route.handler = async (request, reply) => send(request, reply);
    if (route.url === `${PAGE}/yaml`) route.handler = async (_request, reply) => reply.callNotFound();
  });
  await app.register(swaggerUi, {
    routePrefix: PAGE,
    staticCSP: PAGE_POLICY,
    uiConfig: { docExpansion: 'none', tryItOutEnabled: false },
  });
}

function problemJsonSchema(): object {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(problemSchema);
  return schema;
}

/** Who may call it: for people in words, for programs as `x-roles`. */
function withAccess({ schema, url }: Transformed, route: RouteOptions): Transformed {
  const access = route.config?.access;
  if (schema === undefined || 'hide' in schema || access === undefined) return { schema, url };
  const operationId = operationIdOf(String(route.method), url);
  return { url, schema: { operationId, ...schema, ...accessOf(access) } as FastifySchema };
}

/** For programs that make clients of the document: `POST /v1/sync/:entity/push` is postSyncEntityPush. */
function operationIdOf(method: string, url: string): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  const names = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + names.join('');
}

function accessOf(access: RouteAccess): object {
  if (access === 'public') return { 'x-roles': [], security: [] };
  return { 'x-roles': access.includes('admin') ? access : [...access, 'admin'], security: [{ bearer: [] }] };
}

type Parameter = { schema?: Record<string, unknown> };
type RequestBody = {
  required?: boolean;
  content?: Readonly<Record<string, { schema?: { default?: unknown } }>>;
};
type Operation = {
  parameters?: readonly Parameter[];
  requestBody?: RequestBody;
  responses?: Record<string, unknown>;
  'x-roles'?: readonly string[];
  summary?: string;
};
type ApiObject = {
  info?: { description?: string };
  paths?: Record<string, Record<string, Operation>>;
};

/** For people: which role may make which call. */
function rolesTable(paths: NonNullable<ApiObject['paths']>): string {
  const lines = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { 'x-roles': roles = [], summary = '' }]) => {
      const marks = API_ROLES.map((role) => (roles.length === 0 || roles.includes(role) ? '●' : ''));
      return `| \`${method.toUpperCase()} ${path}\` | ${marks.join(' | ')} | ${summary} |`;
    }),
  );
  return [
    `| Call | ${API_ROLES.join(' | ')} | |`,
    `|---|${API_ROLES.map(() => ':-:|').join('')}---|`,
    ...lines,
  ].join('\n');
}

/** What a schema that refers to itself becomes: a name without its schema. The only one there is stands for any JSON. */
const RECURSIVE = /^#\/components\/schemas\/schema\d+$/;

function withAnyJson(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document;
  if (Array.isArray(document)) return document.map(withAnyJson);
  const { $ref } = document as { $ref?: unknown };
  if (typeof $ref === 'string' && RECURSIVE.test($ref)) return { description: 'Any JSON' };
  return Object.fromEntries(Object.entries(document).map(([name, each]) => [name, withAnyJson(each)]));
}

/** How a parameter is written stands beside its schema, not in it. */
function withStyle({ schema = {}, ...parameter }: Parameter): Parameter {
  const { style, explode, ...rest } = schema;
  return { ...parameter, schema: rest, ...(style !== undefined && { style, explode }) };
}

/** What has a default may be left out; else the document says that a body has to be there. */
function withNeed(body: RequestBody): RequestBody {
  const mayBeLeftOut = Object.values(body.content ?? {}).some(({ schema }) => schema?.default !== undefined);
  return mayBeLeftOut ? { ...body, required: false } : body;
}

/** Every call may end in an error, and all errors look the same. */
function withProblems(document: object): object {
  const { info = {}, paths = {} } = withAnyJson(document) as ApiObject;
  const complete = ({ responses, parameters, requestBody, ...operation }: Operation): Operation => ({
    ...operation,
    ...(parameters !== undefined && { parameters: parameters.map(withStyle) }),
    ...(requestBody !== undefined && { requestBody: withNeed(requestBody) }),
    responses: {
      ...responses,
      '4XX': { $ref: '#/components/responses/Problem' },
      '5XX': { $ref: '#/components/responses/Problem' },
    },
  });
  return {
    ...document,
    info: { ...info, description: `${info.description}\n\n## Who may call what\n\n${rolesTable(paths)}` },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(Object.entries(operations).map(([method, each]) => [method, complete(each)])),
      ]),
    ),
  };
}
