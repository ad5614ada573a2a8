/** `POST /v1/sync/pull`: several entities as they were at one moment, so that rows which belong together come together. */
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { problemOf, problemSchema } from '../problem.ts';
import {
  openReading,
  type PositionedRequest,
  pageText,
  type Reading,
  type Rows,
  readRows,
  readWithin,
  rowLimit,
  withCursor,
  withPosition,
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
      const opened = await Promise.all(body.entities.map((asked) => open(deps, principal, asked)));
      const readings = opened.flatMap((each) => ('problem' in each ? [] : [each.reading]));
      const answers = await readWithin(deps, readings, async (client) => {
        const found: Answer[] = [];
        let left = limit;
        for (const each of opened) {
          const answer = await orProblem<Answer>(async () => {
            if ('problem' in each || left === 0) return each;
            const { reading, positioned } = each;
            if ('problem' in positioned) return positioned;
            return {
              reading,
              rows: await readRows({ deps, client, principal }, reading, { ...positioned, limit: left }),
            };
          });
          if ('rows' in answer) left -= answer.rows.documents.length;
          found.push(answer);
        }
        return found;
      });
      const texts = await Promise.all(answers.map((answer) => textOf(deps, answer, id)));
      const hlc = await stampReply(deps, reply);
      reply.header('cache-control', 'no-store');
      const entities = texts.map(
        (text, i) => `{"entity":${JSON.stringify(body.entities[i]?.entity)},${text}}`,
      );
      return sendJson(reply, `{"entities":[${entities.join(',')}],"serverHlc":${JSON.stringify(hlc)}}`);
    },
  );
}

type Refused = { readonly problem: SyncError };
type Opened = {
  readonly reading: Reading;
  readonly cursor: string | null;
  /** A cursor that is no good is told of once it would be used. */
  readonly positioned: PositionedRequest | Refused;
};
type Answer = Refused | Opened | { readonly reading: Reading; readonly rows: Rows };

function open(deps: GatewayDeps, principal: Principal, asked: Asked): Promise<Refused | Opened> {
  const { cursor = null, fields = 'all', filter = {} } = asked;
  return orProblem<Opened>(async () => {
    const reading = await openReading(deps, principal, asked.entity);
    const request = { cursor, limit: 0, fields, filter };
    return { reading, cursor, positioned: await orProblem(() => withPosition(deps, reading, request)) };
  });
}

async function textOf(deps: GatewayDeps, answer: Answer, requestId: string): Promise<string> {
  if ('problem' in answer) return `"problem":${JSON.stringify(problemOf(answer.problem, requestId))}`;
  if ('rows' in answer) return pageText(await withCursor(deps, answer.reading, answer.rows));
  // The reply was full before: nothing was looked for, so there may be more.
  return pageText({ documents: [], cursor: answer.cursor, hasMore: true });
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
