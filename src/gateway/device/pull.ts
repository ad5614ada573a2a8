/** `GET /v1/sync/{entity}/pull`: what changed since a cursor. */
import { z } from 'zod';
import type { GatewayApp } from '../app.ts';
import { dependsOnCaller } from '../browsers.ts';
import type { GatewayDeps } from '../deps.ts';
import { DOCUMENTS, openReading, type Page, pageEnd, readOnePage, rowLimit } from './feed-reading.ts';
import { isKnown, sendJson, sendUnchanged, weakTag } from './json-reply.ts';
import { notePullsAtTheEnd } from './pull-notes.ts';
import { filterSchema, pageSchema } from './schemas.ts';
import { stampDeviceReplies, stampReply } from './server-hlc.ts';

const DAY_MS = 86_400_000;

const QUERY = z.strictObject({
  cursor: z.string().max(8_192).optional().describe('From the last reply; none to begin anew'),
  limit: z.coerce.number().int().min(1).optional().describe('Rows, at most'),
  fields: z
    .enum(['all', 'changed'])
    .optional()
    .describe('`changed`: of a row that was sent before, only fields that changed since'),
  filter: filterSchema.optional(),
});

export function pullRoutes(app: GatewayApp, deps: GatewayDeps): void {
  notePullsAtTheEnd(app, deps);
  stampDeviceReplies(app, deps);
  app.get(
    '/v1/sync/:entity/pull',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'What changed since a cursor, in order',
        tags: ['device'],
        params: z.object({ entity: z.string() }),
        querystring: QUERY,
        response: {
          200: pageSchema.extend({ serverHlc: z.string() }),
          304: z.null().describe('The same as the reply with the ETag of If-None-Match'),
        },
      },
    },
    async (request, reply) => {
      const { cursor = null, limit, fields = 'all', filter = {} } = request.query;
      const { principal } = request;
      const reading = await openReading(deps, principal, request.params.entity);
      const wanted = { cursor, limit: rowLimit(deps, limit), fields, filter };
      const page = await readOnePage(deps, principal, { reading, request: wanted });
      const hlc = await stampReply(deps, reply);
      // Bytes once: they are hashed and sent.
      const documents = Buffer.from(page.documents.join(','));
      const maxAgeMs = reading.entity.spec.feed?.maxAgeMs ?? 0;
      // `no-cache`: a cache asks before it answers, or a device would hear for a day that there is nothing new.
      reply.header('cache-control', `private, no-cache, max-age=${Math.floor(maxAgeMs / 1_000)}`);
      dependsOnCaller(reply);
      reply.header('etag', pageTag(documents, page, deps.now()));
      if (isKnown(request, reply)) return sendUnchanged(reply);
      const [begin, end] = [`{${DOCUMENTS}`, `${pageEnd(page)},"serverHlc":${JSON.stringify(hlc)}}`];
      return sendJson(reply, Buffer.concat([Buffer.from(begin), documents, Buffer.from(end)]));
    },
  );
}

/**
 * The cursor is left out, since the one that came with the same rows goes on as well. Once a day a new one is given all
 * the same, or a device that hears nothing else would grow older than what is kept for cursors (C7); and while it
 * catches up with its scope (C13), always.
 */
function pageTag(documents: Buffer, { hasMore, position, cursor }: Page, nowMs: number): string {
  const catchingUp = position.catchUp === null ? '' : cursor;
  return weakTag([documents, `${hasMore} ${Math.floor(nowMs / DAY_MS)} ${catchingUp}`]);
}
