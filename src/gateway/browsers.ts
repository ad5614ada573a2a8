/** What browsers are told: which sites may call from them, and what they must not guess or keep. */
import cors from '@fastify/cors';
import type { FastifyReply } from 'fastify';
import type { GatewayApp } from './app.ts';
import { SERVER_HLC_HEADER } from './device/server-hlc.ts';

const PREFLIGHT_S = 600;

/** Tokens come in a header that no browser sends by itself, so credentials of browsers are never asked for. */
export async function allowOrigins(app: GatewayApp, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Content-Encoding',
      'ETag',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'Last-Event-ID',
      'X-Request-Id',
    ],
    exposedHeaders: ['ETag', 'Location', 'Retry-After', 'X-Request-Id', SERVER_HLC_HEADER],
    maxAge: PREFLIGHT_S,
    credentials: false,
  });
}

export function secureReplies(app: GatewayApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    // Unless its route says otherwise.
    reply.header('cache-control', 'no-store');
    // Documents of rows are nobody's page. The page of the API's description says itself what it needs.
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  });
}

/** Of replies that may be kept: whose and how packed they are, beside what others say that it depends on. */
export function dependsOnCaller(reply: FastifyReply): FastifyReply {
  const others = String(reply.getHeader('vary') ?? '');
  return reply.header(
    'vary',
    [...(others === '' ? [] : [others]), 'Authorization', 'Accept-Encoding'].join(', '),
  );
}
