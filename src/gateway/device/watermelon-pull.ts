/** `GET /v1/watermelon/pull`: the feed as WatermelonDB's `synchronize()` wants it, all tables at one moment. */
import { z } from 'zod';
import { SyncError } from '../../domain/errors.ts';
import { type FeedPositions, readWatermelonPull, saveWatermelonPull } from '../../store/watermelon-pulls.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { metricsOf } from '../request-metrics.ts';
import { servedEntities, servedEntity } from '../served-entity.ts';
import { openReadings, readWithin } from './feed-reading.ts';
import { sendJson } from './json-reply.ts';
import { notePull } from './pull-notes.ts';
import { stampReply } from './server-hlc.ts';
import { readTables, tablesText } from './watermelon-tables.ts';

/** As `synchronize()` hands them to `pullChanges`, put into a query string as they are: `null` is a text there. */
const QUERY = z.strictObject({
  last_pulled_at: z
    .string()
    .regex(/^(\d{1,15}|null|undefined)?$/, { error: 'is no timestamp of an earlier pull' })
    .optional()
    .describe('`lastPulledAt`; null or 0 at the first pull'),
  schema_version: z.string().max(20).optional().describe('`schemaVersion`'),
  migration: z.string().max(8_000).optional().describe('`migration`, as JSON'),
  tables: z.string().max(4_000).optional().describe('Names with commas between. Default: all entities'),
});

const MOST_ROWS = 50_000;

const TABLE = z.object({
  created: z.array(z.unknown()).max(0).describe('Always empty: see sendCreatedAsUpdated'),
  updated: z.array(z.looseObject({ id: z.string() })),
  deleted: z.array(z.string()),
});

const REPLY = z.object({
  changes: z.record(z.string(), TABLE),
  timestamp: z.int(),
  hasMore: z.boolean().describe('There are more rows already: synchronize again at once'),
  experimentalStrategy: z
    .looseObject({ default: z.string(), override: z.record(z.string(), z.string()) })
    .optional()
    .describe('Tables that are sent whole, to replace what the device has'),
  serverHlc: z.string(),
});

export function watermelonPullRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/watermelon/pull',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'What changed since a time stamp, for WatermelonDB',
        description: 'Use `sendCreatedAsUpdated: true`. Tables have the names of entities.',
        tags: ['device'],
        querystring: QUERY,
        response: { 200: REPLY },
      },
    },
    async (request, reply) => {
      const { principal, query } = request;
      const { device } = principal;
      if (device === null) throw new SyncError('DEVICE_UNKNOWN', { message: 'The token names no device' });
      const since = stampOf(query.last_pulled_at);
      const known = since === null ? {} : await readWatermelonPull(deps.store.pool, { device, stamp: since });
      const readings = await openReadings(deps, principal, tablesOf(deps, query.tables));
      const found = await readWithin(deps, readings, (client) =>
        readTables(client, {
          readings,
          device,
          positions: known ?? {},
          replaceAll: known === null,
          anew: migrated(query.migration),
          pageRows: deps.settings.pull.maxRows,
          mostRows: MOST_ROWS,
        }),
      );
      // Tables that this pull left out are where they were.
      const positions: FeedPositions = { ...known, ...found.positions };
      const timestamp = await saveWatermelonPull(deps.store.pool, { device, since, positions });
      for (const [entity, position] of Object.entries(found.positions))
        notePull(deps, { device, entity, position });
      metricsOf(deps).count('rowsPulled', found.rows);
      const hlc = await stampReply(deps, reply);
      reply.header('cache-control', 'no-store');
      return sendJson(
        reply,
        `{${tablesText(found)},"timestamp":${timestamp},"hasMore":${found.hasMore},"serverHlc":${JSON.stringify(hlc)}}`,
      );
    },
  );
}

function stampOf(text: string | undefined): number | null {
  const stamp = Number(text ?? '0');
  return Number.isFinite(stamp) && stamp > 0 ? stamp : null;
}

function tablesOf({ config }: GatewayDeps, names: string | undefined): string[] {
  if (names === undefined) return [...servedEntities(config).keys()];
  return [...new Set(names.split(','))].map((name) => servedEntity(config, name).entity);
}

const MIGRATION = z
  .object({
    tables: z.array(z.string()).default([]),
    columns: z.array(z.looseObject({ table: z.string() })).default([]),
  })
  .nullable();

/** Tables of which a newer app has to have all rows again: those that are new to it, or have new columns. */
function migrated(text: string | undefined): ReadonlySet<string> {
  if (text === undefined || ['', 'null', 'undefined'].includes(text)) return new Set();
  try {
    const migration = MIGRATION.parse(JSON.parse(text));
    return new Set([...(migration?.tables ?? []), ...(migration?.columns ?? []).map(({ table }) => table)]);
  } catch {
    throw new SyncError('REQUEST_INVALID', {
      message: 'querystring/migration: is not the JSON text of what WatermelonDB calls `migration`',
    });
  }
}
