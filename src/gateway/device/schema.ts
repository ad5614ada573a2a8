/** `GET /v1/sync/{entity}/schema`: what documents of an entity look like for the caller. */
import { z } from 'zod';
import { documentSchema } from '../../domain/access/document-schema.ts';
import { versionOf } from '../access/offered-entities.ts';
import type { GatewayApp } from '../app.ts';
import { dependsOnCaller } from '../browsers.ts';
import type { GatewayDeps } from '../deps.ts';
import { openReading } from './feed-reading.ts';
import { isKnown, sendJson, sendUnchanged, weakTag } from './json-reply.ts';
import { stampReply } from './server-hlc.ts';

export function schemaRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/sync/:entity/schema',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'JSON Schema of an entity’s documents, as the caller may see and change them',
        description:
          'Under `x-syncline` stand the key, operations, columns to filter by, partitions, and of each field its ' +
          'PostgreSQL type, policy and way to merge. `readOnly` fields may not be changed.',
        tags: ['device'],
        params: z.object({ entity: z.string() }),
        response: {
          200: z.looseObject({ title: z.string(), properties: z.record(z.string(), z.unknown()) }),
          304: z.null().describe('The same as the reply with the ETag of If-None-Match'),
        },
      },
    },
    async (request, reply) => {
      const { entity, scope } = await openReading(deps, request.principal, request.params.entity);
      const version = versionOf(entity, scope);
      await stampReply(deps, reply);
      dependsOnCaller(reply).header('cache-control', 'private, no-cache');
      const text = JSON.stringify(documentSchema(entity, scope, { version }));
      reply.header('etag', weakTag([text]));
      if (isKnown(request, reply)) return sendUnchanged(reply);
      return sendJson(reply, text);
    },
  );
}
