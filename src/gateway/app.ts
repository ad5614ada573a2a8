/** The HTTP server, wired: who may call what, errors as problem details, the OpenAPI document. */
import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from '@fastify/type-provider-zod';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { authorise, requireAccess } from './access/authorise.ts';
import type { GatewayDeps } from './deps.ts';
import { asSyncError, notFound, sendProblem } from './problem.ts';
import { parseQuery } from './query.ts';
import { registerReplyPlugins } from './reply-plugins.ts';
import { measureRequests } from './request-metrics.ts';
import { registerRoutes } from './routes.ts';

/** Keys of rows come in paths. */
const MAX_PARAM_LENGTH = 2_000;

/** Routes whose schemas are zod's. */
export type GatewayApp = FastifyInstance<
  import('node:http').Server,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** @returns the server, ready, listening nowhere yet. */
export async function buildGateway(deps: GatewayDeps): Promise<GatewayApp> {
  const app = Fastify({
    loggerInstance: deps.logger as FastifyBaseLogger,
    bodyLimit: deps.settings.maxBodyBytes,
    genReqId: () => randomUUID(),
    routerOptions: { querystringParser: parseQuery, maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: deps.settings.trustedProxies.length > 0 ? [...deps.settings.trustedProxies] : false,
    // Names of entities and keys come in paths: what cannot be decoded is a request of the client's.
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply as never, asSyncError(error));
    },
  }).withTypeProvider<ZodTypeProvider>() as GatewayApp;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(request)));
  app.setErrorHandler((error, request, reply) => {
    const known = asSyncError(error);
    if (known.code === 'INTERNAL') request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, known);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Syncline',
        version: '1',
        description: 'Devices pull and push; approvers decide; operators look after it.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
  app.decorateRequest('principal', null as never);
  app.addHook('onRoute', requireAccess);
  app.addHook('onRequest', authorise(deps));
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  measureRequests(app, deps);
  await registerReplyPlugins(app);
  await registerRoutes(app, deps);
  await app.ready();
  return app;
}
