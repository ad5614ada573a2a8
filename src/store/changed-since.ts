/** Which columns of rows changed since a reader pulled them. */
import type pg from 'pg';
import type { EntityScope } from '../domain/access/scope.ts';
import { quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { hasId, ownRowsSql, stampSql } from './feed-document.ts';
import type { FeedEntity } from './feed-entity.ts';
import { castable, inScope } from './feed-scope.ts';
import { bindings, bindLiteral } from './mirror-target.ts';

/**
 * Of rows in scope that are there, or that were deleted, by id. A tombstone has all its columns or none.
 * @param since an xid: what it and later ones changed is new.
 */
export async function readChangedSince(
  db: Db | pg.PoolClient,
  entity: FeedEntity,
  request: { readonly ids: readonly string[]; readonly scope: EntityScope; readonly since: string },
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { ids, scope, since } = request;
  if (ids.length === 0) return new Map();
  const partitions = await castable(db, entity, scope.partitions);
  const { values, bind } = bindings();
  const [from, asked] = [`${bind(since)}::xid8`, bind([...new Set(ids)])];
  const stamp = (name: string): string => (entity.tracksFields ? stampSql('m', name) : 'm.sync_xid');
  const fields = entity.columns.map(({ name }) => {
    const at = `CASE WHEN m.sync_deleted_at IS NULL THEN ${stamp(name)} ELSE m.sync_xid END`;
    return `CASE WHEN ${at} >= ${from} THEN ${bindLiteral(name)}::text END`;
  });
  const { rows } = await db.query<{ id: string; changed: string[] }>(
    `SELECT asked.id, array_remove(ARRAY[${fields.join(', ')}]::text[], NULL) AS changed
       FROM unnest(${asked}::text[]) AS asked (id)
       JOIN LATERAL (SELECT * FROM ${quoteTable(entity.spec.mirror)} AS m
                      WHERE ${hasId(entity, 'm', 'asked.id')} AND ${ownRowsSql(entity, 'm')}) AS m ON true
      WHERE ${inScope(entity, { alias: 'm', partitions }, bind)}`,
    values,
  );
  return new Map(rows.map(({ id, changed }) => [id, new Set(changed)]));
}
