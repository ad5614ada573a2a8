/** `GET /v1/sync/{entity}/stream`: server-sent events that say when there is something to pull. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EntitySpec } from '../../domain/entity.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { metricsOf } from '../request-metrics.ts';
import { servedEntity } from '../served-entity.ts';
import { feedWatch } from './feed-watch.ts';
import { stampReply } from './server-hlc.ts';
import { streamLine, toldBefore } from './stream-line.ts';

/** So late at most a stream ends whose token has expired or whose device was revoked. */
const CHECK_MS = 5_000;
const MAX_ENTITIES = 100;

const EVENTS =
  'Events: `data: {"entity":…,"checkpoint":{"head":…}}` says that there is something to pull; the head is no cursor. ' +
  'One comes at the start, unless Last-Event-ID says that it is known. `event: end` says why the stream ends.';

export function streamRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const response = { 200: z.string().describe('Server-sent events') };
  const produces = ['text/event-stream'];
  const options = {
    config: { access: ['device'] as const },
    sse: { kind: 'only' as const },
    // A HEAD would wait for an end that does not come.
    exposeHeadRoute: false,
  };
  app.get(
    '/v1/sync/:entity/stream',
    {
      ...options,
      schema: {
        summary: 'Says when there is something to pull',
        description: EVENTS,
        tags: ['device'],
        params: z.object({ entity: z.string() }),
        produces,
        response,
      },
    },
    async (request, reply) =>
      openStream(deps, {
        request,
        reply,
        specs: [servedEntity(deps.config, request.params.entity)],
      }) as never,
  );
  app.get(
    '/v1/sync/stream',
    {
      ...options,
      schema: {
        summary: 'The same of several entities',
        description: EVENTS,
        tags: ['device'],
        querystring: z.strictObject({
          entities: z.string().min(1).max(4_000).describe('Names with commas between'),
        }),
        produces,
        response,
      },
    },
    async (request, reply) => {
      const names = [...new Set(request.query.entities.split(','))];
      if (names.length > MAX_ENTITIES) {
        throw new SyncError('REQUEST_INVALID', {
          message: `A stream is of ${MAX_ENTITIES} entities at most`,
        });
      }
      return openStream(deps, {
        request,
        reply,
        specs: names.map((name) => servedEntity(deps.config, name)),
      });
    },
  );
}

type Opening = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly specs: readonly EntitySpec[];
};

async function openStream(deps: GatewayDeps, { request, reply, specs }: Opening): Promise<void> {
  const { sse } = reply;
  let scopes = await scopesOf(deps, request, specs);
  await stampReply(deps, reply);
  sse.keepAlive();
  sse.sendHeaders();
  // There may be nothing to say for hours: the client shall know that it is heard.
  reply.raw.flushHeaders();
  const line = streamLine(reply, {
    told: toldBefore(
      sse.lastEventId,
      specs.map(({ entity }) => entity),
    ),
    sent: () => metricsOf(deps).count('eventsSent', 1),
  });
  const heads = new Map<string, string>();
  const leave = feedWatch(deps).subscribe(specs, (entity, head) => {
    heads.set(entity, head);
    line.tell(entity, head);
  });
  const checking = setInterval(() => void check(), CHECK_MS).unref();
  sse.onClose(() => {
    clearInterval(checking);
    leave();
  });

  /** Whoever may not listen any more hears nothing more; whoever sees other rows by now has something to pull. */
  async function check(): Promise<void> {
    try {
      request.principal = await deps.access.authenticate(request);
      const now = await scopesOf(deps, request, specs);
      if (now === scopes) return;
      scopes = now;
      for (const [entity, head] of heads) line.tell(entity, `${head}+${deps.now().toString(36)}`);
    } catch (error) {
      // The store is away for a moment: the next check says more.
      if (!isSyncError(error) || error.retryable) return;
      line.end({ code: error.code, detail: error.message });
    }
  }
}

async function scopesOf(
  { access }: GatewayDeps,
  { principal }: FastifyRequest,
  specs: readonly EntitySpec[],
): Promise<string> {
  return JSON.stringify(await Promise.all(specs.map((spec) => access.scopeOf(principal, spec))));
}
