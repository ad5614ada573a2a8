/** The end of a gateway: no more requests, those under way finish, streams are told to come back elsewhere. */
import type { FastifyReply } from 'fastify';
import type { GatewayApp } from './app.ts';

/** Requests that take longer are cut off: a push may wait for its verdicts for a minute. */
const DRAIN_MS = 65_000;
/** Streams that end together shall not all come back together. */
const RETRY_MS = { least: 1_000, spread: 4_000 };

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the gateway ends: whatever waits for something shall stop waiting. */
    draining: AbortSignal;
  }
}

export function drainOnClose(app: GatewayApp): void {
  const draining = new AbortController();
  app.decorate('draining', draining.signal);
  const open = new Set<FastifyReply>();
  app.addHook('onRequest', async (_request, reply) => {
    open.add(reply);
    reply.raw.once('close', () => open.delete(reply));
  });
  // Else the connection would stay open for the next request, and the server with it.
  app.addHook('onSend', async (_request, reply) => {
    if (draining.signal.aborted) reply.header('connection', 'close');
  });
  let cutOff: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    draining.abort();
    for (const reply of open) endStream(reply);
    cutOff = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS).unref();
  });
  app.addHook('onClose', async () => clearTimeout(cutOff));
}

function endStream({ raw }: FastifyReply): void {
  if (!raw.headersSent || raw.writableEnded) return;
  if (!String(raw.getHeader('content-type') ?? '').startsWith('text/event-stream')) return;
  raw.end(`retry: ${RETRY_MS.least + Math.floor(Math.random() * RETRY_MS.spread)}\n\n`);
}
