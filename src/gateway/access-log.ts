/**
 * A line for each request: which route, whose, how it ended, how long it took. Of addresses only the route's pattern is
 * kept, and the name of an entity that is configured: keys of rows, cursors and filters are data.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayApp } from './app.ts';

/** Probes ask every few seconds. */
const QUIET: ReadonlySet<string> = new Set(['/v1/health', '/v1/ready']);

export function logRequests(app: GatewayApp, entities: ReadonlySet<string>): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? null : (request.routeOptions.url ?? null);
    const level = QUIET.has(route ?? '') ? 'debug' : 'info';
    request.log[level](
      { ...describe(request, entities), route, status: reply.statusCode, ...timeOf(reply) },
      'request',
    );
  });
}

function timeOf(reply: FastifyReply): { ms: number } {
  return { ms: Math.round(reply.elapsedTime) };
}

function describe(request: FastifyRequest, entities: ReadonlySet<string>): Record<string, string> {
  const { entity } = (request.params ?? {}) as { entity?: string };
  // Routes that are public, and requests that were refused, have none.
  const principal = request.principal as FastifyRequest['principal'] | null;
  return {
    method: request.method,
    ...(entity !== undefined && entities.has(entity) && { entity }),
    ...(principal !== null && { user: principal.user }),
    ...(principal?.device != null && { device: principal.device }),
  };
}
