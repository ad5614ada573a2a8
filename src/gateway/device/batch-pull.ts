/** `POST /v1/sync/pull`: several entities as they were at one moment, so that rows which belong together come together. */
import { z } from 'zod';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { problemOf, problemSchema } from '../problem.ts';
import {
  openReading,
  type PageRequest,
  pageText,
  type Reading,
  readPage,
  readWithin,
  rowLimit,
} from './feed-reading.ts';
import { sendJson } from './json-reply.ts';
import { pageSchema } from './schemas.ts';
import { stampReply } from './server-hlc.ts';

const MAX_ENTITIES = 100;

const BODY = z.strictObject({
  entities: z
    .array(
      z.strictObject({
        entity: z.string(),
        cursor: z.string().max(8_192).nullish().describe('From the last reply; none to begin anew'),
        fields: z.enum(['all', 'changed']).optional(),
        filter: z.record(z.string(), z.string()).optional(),
      }),
    )
    .min(1)
    .max(MAX_ENTITIES)
    .describe('In this order: what comes first fills the reply first'),
  limit: z.int().min(1).optional().describe('Rows of all entities together, at most'),
});

type Asked = z.output<typeof BODY>['entities'][number];

const REPLY = z.object({
  entities: z.array(
    z.union([
      pageSchema.extend({
        entity: z.string(),
        checkpoint: z
          .object({ cursor: z.string().nullable() })
          .describe('null: none came, and the reply was full before'),
      }),
      z
        .object({ entity: z.string(), problem: problemSchema })
        .describe('Of this entity only, such as CURSOR_EXPIRED; the others are served'),
    ]),
  ),
  serverHlc: z.string(),
});

export function batchPullRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/pull',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'What changed in several entities, in one snapshot',
        tags: ['device'],
        body: BODY,
        response: { 200: REPLY },
      },
    },
    async (request, reply) => {
      const { principal, body, id } = request;
      const limit = rowLimit(deps, body.limit);
      const opened = await Promise.all(
        body.entities.map(async (asked) => ({
          asked,
          reading: await orProblem(() => openReading(deps, principal, asked.entity)),
        })),
      );
      const readings = opened.flatMap(({ reading }) => ('problem' in reading ? [] : [reading]));
      const texts = await readWithin(deps, readings, async (client) => {
        const found: string[] = [];
        let left = limit;
        for (const { asked, reading } of opened) {
          const answer = 'problem' in reading ? reading : await orProblem(() => read(asked, reading));
          if ('problem' in answer) found.push(`"problem":${JSON.stringify(problemOf(answer.problem, id))}`);
          else {
            left -= answer.documents.length;
            found.push(pageText(answer));
          }
        }
        return found;

        async function read(asked: Asked, reading: Reading) {
          return left === 0
            ? notReached(asked)
            : readPage({ deps, client, principal }, reading, wanted(asked, left));
        }
      });
      const hlc = await stampReply(deps, reply);
      reply.header('cache-control', 'no-store');
      const entities = texts.map(
        (text, i) => `{"entity":${JSON.stringify(body.entities[i]?.entity)},${text}}`,
      );
      return sendJson(reply, `{"entities":[${entities.join(',')}],"serverHlc":${JSON.stringify(hlc)}}`);
    },
  );
}

function wanted({ cursor = null, fields = 'all', filter = {} }: Asked, limit: number): PageRequest {
  return { cursor: cursor ?? null, limit, fields, filter };
}

/** The reply was full before: nothing was looked for, so there may be more. */
function notReached({ cursor }: Asked): { documents: string[]; cursor: string | null; hasMore: boolean } {
  return { documents: [], cursor: cursor ?? null, hasMore: true };
}

/** What concerns one entity only, and comes again with the same request, does not keep the others from their rows. */
const OF_ONE_ENTITY = [
  'NOT_FOUND',
  'ENTITY_NOT_READY',
  'CURSOR_EXPIRED',
  'CURSOR_INVALID',
  'REQUEST_INVALID',
  'SCHEMA_CHANGED',
] as const;

async function orProblem<T extends object>(work: () => Promise<T>): Promise<T | { problem: SyncError }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyncError && OF_ONE_ENTITY.some((code) => isSyncError(error, code))) {
      return { problem: error };
    }
    throw error;
  }
}
