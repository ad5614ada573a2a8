/** Records as they are now, one or a page of them: for people and apps that look; devices that sync pull. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SyncError } from '../../domain/errors.ts';
import type { FeedEntity } from '../../store/feed-entity.ts';
import { type RecordMark, type RecordSort, readRecordPage } from '../../store/record-page.ts';
import type { GatewayApp } from '../app.ts';
import { dependsOnCaller } from '../browsers.ts';
import type { GatewayDeps } from '../deps.ts';
import { type CurrentRecord, currentRecord, etagOf } from './current-record.ts';
import { declaredFilter, openReading, type Reading, readWithin, rowLimit } from './feed-reading.ts';
import { isKnown, sendJson, sendUnchanged, weakTag } from './json-reply.ts';
import { bothSides, refreshFromSource } from './record-from-source.ts';
import { documentSchema, filterSchema } from './schemas.ts';
import { stampReply } from './server-hlc.ts';

const READERS = ['device', 'approver', 'operator'] as const;

const LIST = z.object({
  items: z.array(documentSchema),
  next: z.string().nullable().describe('`after` of the next page; null: there is no more'),
});

const RECORD = documentSchema.or(
  z
    .object({
      mirror: documentSchema.nullable().describe('null: it had none before'),
      source: documentSchema.nullable().describe('null: the source has none'),
      differing: z.array(z.string()).describe('Fields that were not the same'),
    })
    .describe('With from=both'),
);

export function recordRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/entities/:entity/:key',
    {
      config: { access: READERS },
      schema: {
        summary: 'One record, from the mirror or as its source has it now',
        description:
          'The ETag is the record’s rev, for If-Match of a PATCH. Reads of the source are counted apart.',
        tags: ['device', 'approver', 'operator'],
        params: z.object({ entity: z.string(), key: z.string() }),
        querystring: z.strictObject({ from: z.enum(['mirror', 'source', 'both']).default('mirror') }),
        response: { 200: RECORD, 304: z.null() },
      },
    },
    async (request, reply) => {
      const { entity, key } = request.params;
      const { from } = request.query;
      const reading = await openReading(deps, request.principal, entity);
      if (from !== 'mirror') await app.limits.sourceReads(request, reply);
      await stampReply(deps, reply);
      if (from !== 'both') {
        const isThere =
          from === 'mirror' ||
          (await refreshFromSource(deps, { reading, id: key, by: request.principal })).found;
        const record = await currentRecord(deps, reading, key);
        return isThere ? sendRecord(request, reply, record) : sendRecord(request, reply, null);
      }
      const sides = await bothSides(deps, { reading, id: key, by: request.principal });
      if (sides === null) throw nothing();
      reply.header('cache-control', 'no-store');
      return sendJson(reply, sides);
    },
  );
  listRoute(app, deps);
}

function sendRecord(
  request: FastifyRequest,
  reply: FastifyReply,
  record: CurrentRecord | null,
): FastifyReply {
  if (record === null || !record.isThere) throw nothing();
  reply.header('etag', etagOf(record));
  return sendUnlessKnown(request, reply, record.text);
}

function sendUnlessKnown(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  dependsOnCaller(reply).header('cache-control', 'private, no-cache');
  return isKnown(request, reply) ? sendUnchanged(reply) : sendJson(reply, text);
}

/** One that may not be seen is as one that is not there. */
const nothing = (): SyncError => new SyncError('NOT_FOUND', { message: 'There is no such record' });

function listRoute(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/entities/:entity',
    {
      config: { access: READERS },
      schema: {
        summary: 'Records of an entity, page by page',
        tags: ['device', 'approver', 'operator'],
        params: z.object({ entity: z.string() }),
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).optional(),
          after: z.string().max(8_192).optional().describe('`next` of the last page'),
          sort: z
            .string()
            .max(200)
            .optional()
            .describe(
              'A column of `feed.filter` or of the key; `-column`: the largest first. Default: the key',
            ),
          filter: filterSchema.optional(),
        }),
        response: { 200: LIST, 304: z.null() },
      },
    },
    async (request, reply) => {
      const { limit, after, sort, filter = {} } = request.query;
      const reading = await openReading(deps, request.principal, request.params.entity);
      const query = {
        scope: reading.scope,
        limit: rowLimit(deps, limit),
        after: after === undefined ? null : markOf(after),
        sort: sort === undefined ? null : sortOf(reading, sort),
        filter: declaredFilter(reading.entity, reading.scope, filter),
      };
      const page = await readWithin(deps, [reading], (client) =>
        readRecordPage(client, reading.entity, query),
      );
      await stampReply(deps, reply);
      const next = page.next === null ? null : tokenOf(page.next);
      const text = `{"items":[${page.documents.join(',')}],"next":${JSON.stringify(next)}}`;
      reply.header('etag', weakTag([text]));
      return sendUnlessKnown(request, reply, text);
    },
  );
}

function sortOf({ entity, scope }: Reading, sort: string): RecordSort {
  const column = sort.replace(/^-/, '');
  const known = sortable(entity).filter((name) => !scope.hidden.includes(name));
  if (known.includes(column)) return { column, direction: sort.startsWith('-') ? 'desc' : 'asc' };
  throw new SyncError('REQUEST_INVALID', {
    message: `${entity.spec.entity} cannot be sorted by "${column.slice(0, 64)}"; it can by ${known.join(', ')}`,
  });
}

function sortable({ spec, keyColumns, columns }: FeedEntity): string[] {
  const declared = [...keyColumns, ...(spec.feed?.filter ?? [])];
  return columns.map(({ name }) => name).filter((name) => declared.includes(name));
}

function tokenOf({ value, key }: RecordMark): string {
  return Buffer.from(JSON.stringify([value, key])).toString('base64url');
}

const MARK = z.tuple([z.string().nullable(), z.string()]);

/** It needs no signature: whatever it says, only rows in scope are read. */
function markOf(token: string): RecordMark {
  try {
    const [value, key] = MARK.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
    return { value, key };
  } catch {
    throw new SyncError('REQUEST_INVALID', { message: 'after is no `next` of this list' });
  }
}
