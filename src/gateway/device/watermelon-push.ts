/**
 * `POST /v1/watermelon/push`: all changes of a WatermelonDB, as its `pushChanges` has them. When others changed one
 * of the rows since its last pull nothing is taken, as its protocol wants it. All else gets its verdict, and whatever was
 * refused comes back by the next pull (C9): its queue is never blocked.
 */
import { z } from 'zod';
import { SyncError } from '../../domain/errors.ts';
import type { Json } from '../../domain/merge/json.ts';
import { compareXids, parseVersion } from '../../domain/upload/versions.ts';
import {
  idOfChange,
  readWatermelonChange,
  type ServerRecord,
  type WatermelonChange,
} from '../../domain/upload/watermelon-row.ts';
import { readDocuments } from '../../store/feed-document.ts';
import type { FeedPosition } from '../../store/feed-position.ts';
import { keepReply, keyOfContent, readIncarnation, readKnownUpload } from '../../store/upload-replies.ts';
import { type FeedPositions, readWatermelonPull } from '../../store/watermelon-pulls.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { readWithin } from './feed-reading.ts';
import { keyHeaders, keyOf } from './idempotency-key.ts';
import { sendJson } from './json-reply.ts';
import { replyToPush } from './push-reply.ts';
import { deviceOf, type PushTarget, pushTargets } from './push-target.ts';
import { decideLines, hashOfRequest, type ReadLine, sightOf } from './take-push.ts';

const rows = z.array(z.unknown()).optional();
const changesSchema = z.record(z.string(), z.object({ created: rows, updated: rows, deleted: rows }));

export function watermelonPushRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/watermelon/push',
    {
      config: { access: ['device'], judgesRows: true },
      schema: {
        summary: 'All changes of a WatermelonDB; tables are entities',
        description: '409 PULL_FIRST: others changed a row since the last pull, and nothing was taken.',
        tags: ['device'],
        headers: keyHeaders,
        querystring: z.looseObject({
          last_pulled_at: z.coerce.number().int().min(0).describe('`timestamp` of the last pull'),
        }),
        body: z.object({ changes: changesSchema }),
        response: {
          200: z.looseObject({
            experimentalRejectedIds: z
              .record(z.string(), z.array(z.string()))
              .describe('Records that could not be read at all'),
          }),
        },
      },
    },
    async (request, reply) => {
      const principal = deviceOf(request.principal);
      const { changes } = request.body;
      const stamp = request.query.last_pulled_at;
      const { pool } = deps.store;
      const sha256 = hashOfRequest({ changes, stamp });
      const { device } = principal;
      const ref = { device, key: keyOf(request) ?? (await keyOfContent(pool, { device, sha256 })) };
      const known = await readKnownUpload(pool, ref);
      reply.header('cache-control', 'no-store');
      const targets = await pushTargets(deps, principal, Object.keys(changes));
      // Of a reply that shows what its device must not see any more, only the verdicts are said again.
      const sight = sightOf(targets);
      const repeated = known?.sha256 === sha256 ? known : null;
      if (repeated?.reply != null && repeated.sight === sight) return sendJson(reply, repeated.reply);
      const positions = await positionsAt(deps, { device, stamp });
      const sent = changesOf(changes);
      const { lines, stale } = await readLines(deps, { sent, targets, positions });
      if (stale.length > 0 && repeated === null) throw pullFirst(`others changed ${stale.join(', ')}`);
      const verdicts = await decideLines(deps, { principal, ref, sha256, lines, known, told: true });
      const text = await replyToPush(deps, { lines, verdicts, of: 'many' });
      const rejected = JSON.stringify(unreadable(lines));
      const whole = `${text.slice(0, -1)},"experimentalRejectedIds":${rejected}}`;
      const isFirst = (repeated?.reply ?? null) === null;
      return sendJson(reply, isFirst ? await keepReply(pool, ref, { reply: whole, sight }) : whole);
    },
  );
}

function pullFirst(why: string): SyncError {
  return new SyncError('PULL_FIRST', { message: `Nothing was taken: ${why} since the last pull` });
}

/** @throws PULL_FIRST when nobody knows any more what the stamp stands for */
async function positionsAt(
  { store }: GatewayDeps,
  pull: { readonly device: string; readonly stamp: number },
): Promise<FeedPositions> {
  const positions = await readWatermelonPull(store.pool, pull);
  const incarnation = await readIncarnation(store.pool);
  const isOld = Object.values(positions ?? {}).some((position) => position.incarnation !== incarnation);
  if (positions !== null && !isOld) return positions;
  throw pullFirst('there is no pull of this time stamp');
}

type Sent = { readonly entity: string; readonly change: WatermelonChange };

function changesOf(changes: z.output<typeof changesSchema>): Sent[] {
  return Object.entries(changes).flatMap(([entity, table]) =>
    (['created', 'updated', 'deleted'] as const).flatMap((kind) =>
      (table[kind] ?? []).map((input) => ({ entity, change: { kind, input } })),
    ),
  );
}

type ToRead = {
  readonly sent: readonly Sent[];
  readonly targets: ReadonlyMap<string, PushTarget>;
  readonly positions: FeedPositions;
};

/** @returns `stale`: names of rows that others changed. */
async function readLines(
  deps: GatewayDeps,
  { sent, targets, positions }: ToRead,
): Promise<{ lines: ReadLine[]; stale: string[] }> {
  const stale: string[] = [];
  const servers = new Map<string, ReadonlyMap<string, ServerRecord>>();
  for (const [entity, target] of targets) {
    const ids = sent.flatMap((one) => (one.entity === entity ? (idOfChange(one.change) ?? []) : []));
    servers.set(entity, await serverRecords(deps, target, { ids, since: sinceOf(positions[entity]) }));
  }
  const lines = sent.map(({ entity, change }): ReadLine => {
    const target = targets.get(entity) ?? null;
    const id = idOfChange(change);
    if (target === null) return { entity, target, row: { id, mutation: null, why: null, names: {} } };
    const since = BigInt(sinceOf(positions[entity]));
    const { row, isStale } = readWatermelonChange(change, {
      entity: target.pushed,
      // The last one that the device has all of.
      baseVersion: `${positions[entity]?.incarnation ?? 0}.${since > 0n ? since - 1n : 0n}`,
      server: (id === null ? undefined : servers.get(entity)?.get(id)) ?? null,
    });
    if (isStale) stale.push(`${entity} ${id}`);
    return { entity, target, row };
  });
  return { lines, stale };
}

/** A pull ends where all of it was read: what comes from this xid on is new. An entity that was not pulled: all is. */
function sinceOf(position: FeedPosition | undefined): string {
  return position?.at.xid ?? '0';
}

async function serverRecords(
  deps: GatewayDeps,
  target: PushTarget,
  { ids, since }: { readonly ids: readonly string[]; readonly since: string },
): Promise<ReadonlyMap<string, ServerRecord>> {
  if (ids.length === 0) return new Map();
  const { entity, scope } = target;
  const documents = await readWithin(deps, [target], (client) =>
    readDocuments(client, entity, { ids, scope }),
  );
  return new Map(
    [...documents].map(([id, text]): [string, ServerRecord] => {
      const document = JSON.parse(text) as Record<string, Json>;
      const version = parseVersion(String(document.rev));
      const isNewer = version === null || compareXids(version.xid, since) >= 0;
      return [id, { document, isDeleted: document._deleted === true, isNewer }];
    }),
  );
}

/** Nobody could tell the device of them by a row: they stay in its queue. */
function unreadable(lines: readonly ReadLine[]): Record<string, string[]> {
  const rejected: Record<string, string[]> = {};
  for (const { entity, row } of lines) {
    if (row.mutation !== null || row.id === null) continue;
    rejected[entity] = [...(rejected[entity] ?? []), row.id];
  }
  return rejected;
}
