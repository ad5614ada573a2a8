/** How a device stands: what it pulled and sent, and what of it waits. */
import { quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { ownRowsSql } from './feed-document.ts';
import type { FeedEntity } from './feed-entity.ts';
import { castable, inScope, type Partitions } from './feed-scope.ts';
import { bindings } from './mirror-target.ts';

export type DeviceStatus = {
  readonly appVersion: string | null;
  readonly registeredAt: string;
  readonly lastPullAt: string | null;
  readonly lastPushAt: string | null;
  /** Mutations that came and have no verdict yet. */
  readonly pendingMutations: number;
  /** Mutations that wait for a person. */
  readonly heldMutations: number;
  /** Mutations that wait behind those. */
  readonly parkedMutations: number;
  readonly openConflicts: number;
  /** By entity. */
  readonly feeds: Readonly<Record<string, { readonly xid: string; readonly at: string }>>;
};

/** @returns null when there is no such device. */
export async function readDeviceStatus(db: Db, device: string): Promise<DeviceStatus | null> {
  const { rows } = await db.query<DeviceStatus>(
    `SELECT d.app_version AS "appVersion", d.registered_at AS "registeredAt", d.last_pull_at AS "lastPullAt",
            d.last_push_at AS "lastPushAt", m.pending AS "pendingMutations", m.held AS "heldMutations",
            m.parked AS "parkedMutations",
            (SELECT count(*) FROM syncline.conflict AS c WHERE c.device = d.id AND c.state = 'open') AS "openConflicts",
            coalesce((SELECT jsonb_object_agg(f.entity, jsonb_build_object('xid', f.xid::text, 'at',
                               to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
                        FROM syncline.device_feed AS f WHERE f.device = d.id), '{}') AS feeds
       FROM syncline.device AS d,
            LATERAL (SELECT count(*) FILTER (WHERE state = 'staged') AS pending,
                            count(*) FILTER (WHERE state = 'held') AS held,
                            count(*) FILTER (WHERE state = 'parked') AS parked
                       FROM syncline.mutation WHERE device = d.id AND state <> 'done') AS m
      WHERE d.id = $1`,
    [device],
  );
  return rows[0] ?? null;
}

/** More are not counted. */
export const MOST_BEHIND = 1_000;

/** Rows in scope that changed since a position in the feed, about; `MOST_BEHIND` at most. */
export async function countBehind(
  db: Db,
  entity: FeedEntity,
  { xid, partitions }: { readonly xid: string; readonly partitions: Partitions },
): Promise<number> {
  const { values, bind } = bindings();
  const scope = await castable(db, entity, partitions);
  const { rows } = await db.query<{ behind: number }>(
    `SELECT count(*) AS behind
       FROM (SELECT FROM ${quoteTable(entity.spec.mirror)} AS m
              WHERE ${ownRowsSql(entity, 'm')} AND m.sync_xid >= ${bind(xid)}::xid8
                AND m.sync_xid < pg_snapshot_xmin(pg_current_snapshot())
                AND ${inScope(entity, { alias: 'm', partitions: scope }, bind)}
              LIMIT ${MOST_BEHIND}) AS changed`,
    values,
  );
  return (rows[0] as { behind: number }).behind;
}
