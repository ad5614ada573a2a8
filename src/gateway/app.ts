/** The HTTP server, wired: its limits, who may call what, errors as problem details, the OpenAPI document. */
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from '@fastify/type-provider-zod';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Principal } from '../domain/access/principal.ts';
import { ERRORS, type SyncError } from '../domain/errors.ts';
import { authorise, requireAccess } from './access/authorise.ts';
import { logRequests } from './access-log.ts';
import { describeApi, showApi } from './api-document.ts';
import { allowOrigins, secureReplies } from './browsers.ts';
import type { GatewayDeps } from './deps.ts';
import { drainOnClose } from './drain.ts';
import { asSyncError, forAnybody, notFound, onlyProblems, sendProblem } from './problem.ts';
import { parseQuery } from './query.ts';
import { limitRates } from './rate-limits.ts';
import { registerReplyPlugins } from './reply-plugins.ts';
import { acceptBodies, discardRest } from './request-body.ts';
import { measureRequests } from './request-metrics.ts';
import { checkAddress } from './request-text.ts';
import { registerRoutes } from './routes.ts';
import { serverOptions } from './server-options.ts';

/** Routes whose schemas are zod's. */
export type GatewayApp = FastifyInstance<
  import('node:http').Server,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** @returns the server, ready, listening nowhere yet. */
export async function buildGateway(deps: GatewayDeps, register = registerRoutes): Promise<GatewayApp> {
  const app = createServer(deps);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(request)));
  app.setErrorHandler(async (error, request, reply) => {
    const known = asSyncError(error);
    logFailure(request, known, error);
    await discardRest(request.raw);
    return sendProblem(reply, looksAfterIt(request) ? known : forAnybody(known));
  });
  app.decorateRequest('principal', null as never);
  await addHooks(app, deps);
  await showApi(app);
  await register(app, deps);
  await app.ready();
  return app;
}

/** What a client did wrong is in its reply, and is nothing of ours. */
function logFailure({ log }: FastifyRequest, known: SyncError, error: unknown): void {
  const { http } = ERRORS[known.code];
  if (http < 500) return;
  log[known.code === 'INTERNAL' ? 'error' : 'warn']({ err: error }, 'request failed');
}

function looksAfterIt({ principal }: FastifyRequest): boolean {
  const roles = (principal as Principal | null)?.roles ?? [];
  return roles.includes('operator') || roles.includes('admin');
}

function createServer({ logger, settings }: GatewayDeps): GatewayApp {
  const { maxBodyBytes, trustedProxies } = settings;
  return Fastify({
    ...serverOptions,
    routerOptions: { ...serverOptions.routerOptions, querystringParser: parseQuery },
    loggerInstance: logger as FastifyBaseLogger,
    bodyLimit: maxBodyBytes,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Names of entities and keys come in paths: what cannot be decoded is a request of the client's.
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply as never, asSyncError(error));
    },
  }).withTypeProvider<ZodTypeProvider>() as GatewayApp;
}

/** What comes first runs first. */
async function addHooks(app: GatewayApp, deps: GatewayDeps): Promise<void> {
  const { config, settings } = deps;
  const entities = Object.values(config.pipelines).flatMap((pipeline) => Object.keys(pipeline.entities));
  drainOnClose(app);
  logRequests(app, new Set(entities));
  measureRequests(app, deps);
  secureReplies(app);
  await describeApi(app);
  await registerReplyPlugins(app);
  // Replies to whoever is refused are for browsers too.
  await allowOrigins(app, settings.corsOrigins);
  await limitRates(app, settings);
  app.addHook('onSend', onlyProblems);
  app.addHook('onRoute', requireAccess);
  app.addHook('onRequest', (request, reply) => app.limits.address(request, reply));
  app.addHook('onRequest', checkAddress);
  app.addHook('onRequest', authorise(deps));
  app.addHook('onRequest', async (request, reply) => {
    if (request.principal !== null) await app.limits.caller(request, reply);
  });
  acceptBodies(app, settings);
}
