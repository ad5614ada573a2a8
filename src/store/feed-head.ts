/** Where the feeds of entities stand now: cheap to ask, for streams that wait for news and for status. */
import { quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { ownRowsSql } from './feed-document.ts';
import type { FeedEntity } from './feed-entity.ts';
import { type Bind, bindings } from './mirror-target.ts';

export type FeedHead = {
  /** Changes when there is something new to pull. */
  readonly head: string;
  /** How long changes that are made now have to wait, since an older transaction of the store is open. 0: none do. */
  readonly lagMs: number;
};

/** By entity name. */
export async function readFeedHeads(
  db: Db,
  entities: readonly FeedEntity[],
): Promise<ReadonlyMap<string, FeedHead>> {
  if (entities.length === 0) return new Map();
  const { values, bind } = bindings();
  const { rows } = await db.query<{ entity: string; head: string; lag: number }>(
    `WITH s AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin,
                                    (SELECT incarnation FROM syncline.store_identity) AS incarnation),
     head AS MATERIALIZED (${entities.map((entity) => headOf(entity, bind)).join(' UNION ALL ')}),
     open AS MATERIALIZED (
       SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000 AS ms
         FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid())
     SELECT head.entity, s.incarnation || '.' || greatest(head.row_xid, head.exit_xid, '0') AS head,
            CASE WHEN head.waits THEN greatest(coalesce(open.ms, 0), 1) ELSE 0 END::float8 AS lag
       FROM head, s, open`,
    values,
  );
  return new Map(rows.map(({ entity, head, lag }) => [entity, { head, lagMs: Math.round(lag) }]));
}

/** Each value is one look at the end of an index. */
function headOf(entity: FeedEntity, bind: Bind): string {
  const { spec } = entity;
  const mirror = `${quoteTable(spec.mirror)} AS m WHERE ${ownRowsSql(entity, 'm')}`;
  return `
    SELECT ${bind(spec.entity)}::text AS entity,
           (SELECT m.sync_xid FROM ${mirror} AND m.sync_xid < s.xmin ORDER BY m.sync_xid DESC LIMIT 1) AS row_xid,
           (SELECT e.xid FROM syncline.feed_exit AS e WHERE e.entity = ${bind(spec.entity)} AND e.xid < s.xmin
             ORDER BY e.xid DESC LIMIT 1) AS exit_xid,
           EXISTS (SELECT FROM ${mirror} AND m.sync_xid >= s.xmin) AS waits
      FROM s`;
}
