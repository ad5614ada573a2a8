/**
 * The indexes in whose order devices read a mirror's changes: one over all rows, and one that the partition columns lead,
 * so that a device reads its own rows only (C13).
 */

import { createHash } from 'node:crypto';
import { partitionColumns } from '../domain/access/feed-spec.ts';
import type { EntityPlan } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { keyNames, mirrorTable } from './mirror-target.ts';
import { tableHash } from './mirror-triggers.ts';

/** Of PostgreSQL's 100: a fifth of a table's usual sample, 0.03 s instead of 0.15. */
const FIRST_STATISTICS = 20;

/** After the first load: with the feed's indexes in place, that load would cost a quarter more. Statistics come with them. */
export async function buildFeedIndex(db: Db, plan: EntityPlan): Promise<void> {
  const order = ['sync_xid', ...(plan.syncSource === null ? [] : ['sync_source']), ...keyNames(plan)];
  const partitions = partitionColumns(plan.spec).map(quoteIdent);
  const wanted = [{ name: `sync_feed_${tableHash(plan)}`, on: `(${order.join(', ')})` }];
  if (partitions.length > 0) {
    const on = `(${[...partitions, ...order].join(', ')})`;
    wanted.push({ name: partitionIndexName(plan, partitions), on });
  }
  if (plan.spec.feed !== null) {
    // For the clean-up, which looks for few rows among many.
    const on = '(sync_deleted_at) WHERE sync_deleted_at IS NOT NULL';
    wanted.push({ name: `sync_gone_${tableHash(plan)}`, on });
  }
  const there = await indexNames(db, plan);
  const missing = wanted.filter(({ name }) => !there.includes(name));
  for (const { name, on } of missing) {
    // One simple query is one transaction, so the setting ends with it, whatever `db` is.
    await db.query(
      `SELECT set_config('statement_timeout', '0', true);
       CREATE INDEX IF NOT EXISTS ${name} ON ${mirrorTable(plan)} ${on}`,
    );
  }
  await dropStale(db, plan, { there, wanted: wanted.map(({ name }) => name) });
  if (missing.length === 0) return;
  // What the merges of the next run are planned by, should it come before autovacuum. Small: it tells them enough.
  await db.query(
    `SELECT set_config('statement_timeout', '0', true), set_config('default_statistics_target', '${FIRST_STATISTICS}', true);
     ANALYZE ${mirrorTable(plan)}`,
  );
}

const PARTITIONS = 'sync_scope_';

function partitionIndexName(plan: EntityPlan, columns: readonly string[]): string {
  const hash = createHash('sha256').update(columns.join()).digest('hex').slice(0, 12);
  return `${PARTITIONS}${tableHash(plan)}_${hash}`;
}

/** Asked first: IF NOT EXISTS would wait for every load in flight only to find it there. */
async function indexNames(db: Db, plan: EntityPlan): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    'SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1 AND tablename = $2',
    [plan.spec.mirror.schema, plan.spec.mirror.table],
  );
  return rows.map(({ name }) => name);
}

/** Of partitions that the configuration had before. Those of a shared mirror may be another entity's. */
async function dropStale(
  db: Db,
  plan: EntityPlan,
  names: { readonly there: readonly string[]; readonly wanted: readonly string[] },
): Promise<void> {
  if (plan.syncSource !== null) return;
  const prefix = `${PARTITIONS}${tableHash(plan)}_`;
  const stale = names.there.filter((name) => name.startsWith(prefix) && !names.wanted.includes(name));
  for (const name of stale) {
    await db.query(`DROP INDEX IF EXISTS ${quoteIdent(plan.spec.mirror.schema)}.${quoteIdent(name)}`);
  }
}
