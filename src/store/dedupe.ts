/**
 * C23: of rows that are the same within a bucket of time, the lowest (at, key) survives. Decided here, under the locks
 * of the groups concerned, whatever the order in which rows arrive; buckets are floor(at / within), so two rows that
 * a bucket's border separates are never duplicates.
 *
 * A row's claim on a group is a row of dedupe_survivor; a row that lost is in skipped_row. Rows that changed their
 * group release the old one, and those that were skipped for them are read again.
 */
import type { DeduplicateSpec, EntityPlan, MirrorColumn } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { claimGroups, type Dedupe, markUnsettled, ON_SKIPPED, PIECE, releaseMoved } from './dedupe-claim.ts';
import { dedupeScope } from './dedupe-release.ts';
import { softDeleted } from './load-merge.ts';
import { bindings, encodedKey, keyNames, mirrorTable, ownRows, sameKey } from './mirror-target.ts';
import { clearQuarantine } from './quarantine-rows.ts';
import { createOnce, type Staged } from './staging.ts';
import { buryRows } from './tombstones.ts';

export type Deduplicated = {
  readonly skipped: number;
  readonly tombstoned: number;
  readonly refreshed: number;
};

const NOTHING: Deduplicated = { skipped: 0, tombstoned: 0, refreshed: 0 };

/** Takes duplicates out of staging; what they displaced, or were themselves until now, becomes a tombstone. */
export async function deduplicate(
  staged: Staged,
  read: { ticket: string; runId: string },
): Promise<Deduplicated> {
  const { session, plan } = staged;
  const spec = plan.spec.deduplicate;
  if (spec === null) return NOTHING;
  const dedupe: Dedupe = { ...staged, ...read, scope: dedupeScope(plan) };
  await fingerprint(dedupe, spec);
  await releaseMoved(dedupe);
  await markUnsettled(dedupe);
  const { displaced, lost } = await claimGroups(dedupe);
  if (!lost) {
    await clearSkipped(dedupe);
    return NOTHING;
  }
  await session.client.query(
    `UPDATE ${PIECE} AS d SET lost = true
       FROM syncline.dedupe_survivor AS v
      WHERE v.scope = $1 AND v.fingerprint = d.fingerprint AND v.bucket = d.bucket AND (v.entity, v.key) <> ($2, d.key)`,
    [dedupe.scope, plan.spec.entity],
  );
  await listSkippedRows(dedupe);
  await clearSkipped(dedupe);
  const buried = await buryLosers(dedupe);
  const skipped = await unstageLosers(dedupe);
  return { skipped, tombstoned: buried.tombstoned + displaced, refreshed: buried.refreshed };
}

/**
 * Rows without a time, or deleted at the source, take part in nothing: their fingerprint is NULL. Rows that hold their
 * group already are `settled`: they need no more than this one look at it.
 */
async function fingerprint(dedupe: Dedupe, spec: DeduplicateSpec): Promise<void> {
  const { session, plan, staging } = dedupe;
  await createOnce(
    session.client,
    'syncline_dedupe',
    `place tid, key text COLLATE "C", fingerprint uuid, bucket int8, at timestamptz,
     settled boolean NOT NULL, unsettled boolean NOT NULL DEFAULT false, lost boolean NOT NULL DEFAULT false`,
  );
  const { values, bind } = bindings();
  const at = instant(columnOf(plan, spec.at));
  const same = spec.by.map((name) => comparable(columnOf(plan, name))).join(', ');
  const bucket = `floor(extract(epoch FROM at) * 1000 / ${bind(spec.withinMs)}::numeric)::int8`;
  await session.client.query(
    `WITH row AS MATERIALIZED (
       SELECT s.ctid AS place, ${encodedKey(plan, 's')} AS key, md5(jsonb_build_array(${same})::text)::uuid AS same, ${at} AS at,
              coalesce(isfinite(${at}), false) AND NOT ${softDeleted(plan, 's', bind)} AS counts
         FROM ${staging.table} AS s),
     d AS MATERIALIZED (
       SELECT place, key, CASE WHEN counts THEN same END AS fingerprint, CASE WHEN counts THEN ${bucket} END AS bucket, at
         FROM row)
     INSERT INTO ${PIECE} (place, key, fingerprint, bucket, at, settled)
     SELECT d.*, (v.entity = ${bind(plan.spec.entity)} AND v.key = d.key AND v.at = d.at) IS TRUE
       FROM d
       LEFT JOIN syncline.dedupe_survivor AS v
         ON v.fingerprint = d.fingerprint AND v.bucket = d.bucket AND v.scope = ${bind(dedupe.scope)}`,
    values,
  );
}

function columnOf(plan: EntityPlan, name: string): MirrorColumn {
  const column = plan.loadColumns.find((each) => each.name === name);
  if (column !== undefined) return column;
  throw new SyncError('CONFIG_INVALID', {
    message: `deduplicate of ${plan.spec.entity} names ${name}, which is no column that the source fills`,
  });
}

/** Numbers that are equal have one text. */
function comparable({ name, type }: MirrorColumn): string {
  const column = `s.${quoteIdent(name)}`;
  return type.startsWith('numeric') ? `trim_scale(${column})::text` : `${column}::text`;
}

/** Wall times count as UTC; only their distance matters. */
function instant({ name, type }: MirrorColumn): string {
  const column = `s.${quoteIdent(name)}`;
  return type.includes('with time zone') ? column : `(${column}::timestamp AT TIME ZONE 'UTC')`;
}

async function listSkippedRows({ session, plan, scope, runId }: Dedupe): Promise<void> {
  const { entity } = plan.spec;
  await session.client.query(
    `INSERT INTO syncline.skipped_row (entity, key, survivor_entity, survivor_key, scope, fingerprint, bucket, at, run_id)
     SELECT $2, d.key, v.entity, v.key, $1, d.fingerprint, d.bucket, d.at, $3
       FROM ${PIECE} AS d
       JOIN syncline.dedupe_survivor AS v ON v.scope = $1 AND v.fingerprint = d.fingerprint AND v.bucket = d.bucket
      WHERE d.lost AND d.unsettled
      ORDER BY d.key
     ${ON_SKIPPED}`,
    [scope, entity, runId],
  );
}

/** Rows that stopped being duplicates are off the list. */
async function clearSkipped({ session, plan }: Dedupe): Promise<void> {
  const { entity } = plan.spec;
  const { rows } = await session.client.query('SELECT FROM syncline.skipped_row WHERE entity = $1 LIMIT 1', [
    entity,
  ]);
  if (rows.length === 0) return;
  await session.client.query(
    `DELETE FROM syncline.skipped_row WHERE entity = $1 AND key IN (SELECT key FROM ${PIECE} WHERE NOT lost)`,
    [entity],
  );
}

/** Losers that the mirror shows, under their read's ticket as any write (C1). */
async function buryLosers(dedupe: Dedupe): Promise<{ tombstoned: number; refreshed: number }> {
  const { session, plan, staging, ticket } = dedupe;
  const { values, bind } = bindings();
  const from = `(SELECT ${keyNames(plan, 'p').join(', ')} FROM ${staging.table} AS p
                   JOIN ${PIECE} AS d ON d.place = p.ctid WHERE d.lost) AS s`;
  const live = `m.sync_deleted_at IS NULL AND ${ownRows(plan, 'm', bind)}`;
  const visible = `pg_visible_in_snapshot(m.sync_xid, ${bind(ticket)}::pg_snapshot)`;
  const buried = await session.client.query(
    buryRows(plan, { from, where: `${live} AND ${visible}` }),
    values,
  );
  const listed = await session.client.query(
    `INSERT INTO syncline.refresh (entity, key, reason)
     SELECT ${bind(plan.spec.entity)}, ${encodedKey(plan, 'm')}, 'written after the read'
       FROM ${mirrorTable(plan)} AS m JOIN ${from} ON ${sameKey(plan, 'm', 's')}
      WHERE ${live} AND NOT ${visible}
      ORDER BY 2
     ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid, reason = excluded.reason`,
    values,
  );
  return { tombstoned: buried.rowCount ?? 0, refreshed: listed.rowCount ?? 0 };
}

async function unstageLosers({ session, plan, staging }: Dedupe): Promise<number> {
  const losers = `(SELECT p.* FROM ${staging.table} AS p JOIN ${PIECE} AS d ON d.place = p.ctid WHERE d.lost) AS s`;
  await clearQuarantine(session.client, plan, { from: losers });
  const { rowCount } = await session.client.query(
    `DELETE FROM ${staging.table} WHERE ctid IN (SELECT place FROM ${PIECE} WHERE lost)`,
  );
  return rowCount ?? 0;
}
