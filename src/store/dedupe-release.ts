/**
 * C23, when a survivor goes: its bucket is free, and the rows that were skipped for it are read again, so that the
 * lowest of them takes its place.
 */
import type { EntityPlan } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';
import type { LoadSession } from './load-session.ts';

/**
 * Rows that the source no longer has neither survive nor are skipped. Locked in a statement of its own: the one that
 * looks for skipped rows must see those of whoever held the lock until now.
 */
export async function forgetKeys(
  session: LoadSession,
  plan: EntityPlan,
  keys: readonly string[],
): Promise<void> {
  if (plan.spec.deduplicate === null) return;
  const values = [plan.spec.entity, keys];
  const own = 'entity = $1 AND key = ANY ($2::text[])';
  const held = `SELECT scope, fingerprint, bucket FROM syncline.dedupe_survivor
                 WHERE ${own} ORDER BY scope, fingerprint, bucket FOR UPDATE`;
  await session.client.query(held, values);
  await session.client.query(
    `WITH held AS MATERIALIZED (${held}),
     released AS (DELETE FROM syncline.dedupe_survivor WHERE ${own}),
     gone AS (DELETE FROM syncline.skipped_row WHERE ${own})
     ${enqueueSkipped('held', 'NOT (k.entity = $1 AND k.key = ANY ($2::text[]))')}`,
    values,
  );
}

/** INSERT that lists the skipped rows of the groups in `released` to be read again. */
export function enqueueSkipped(released: string, where: string): string {
  return `
    INSERT INTO syncline.refresh (entity, key, reason)
    SELECT DISTINCT k.entity, k.key, 'its duplicate is gone'
      FROM syncline.skipped_row AS k
      JOIN ${released} AS r ON r.scope = k.scope AND r.fingerprint = k.fingerprint AND r.bucket = k.bucket
     WHERE ${where}
     ORDER BY 1, 2
    ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid, reason = excluded.reason`;
}

/**
 * After a full run: what the entity remembers of rules that it no longer has. Rows of others that were skipped for one
 * of its rows are read again.
 */
export async function forgetOtherScopes(db: Db, plan: EntityPlan): Promise<void> {
  const { entity, deduplicate } = plan.spec;
  const own = 'entity = $1 AND scope IS DISTINCT FROM $2';
  await db.query(
    `WITH released AS (
       DELETE FROM syncline.dedupe_survivor WHERE ${own} RETURNING scope, fingerprint, bucket),
     gone AS (DELETE FROM syncline.skipped_row WHERE ${own})
     ${enqueueSkipped('released', 'k.entity <> $1')}`,
    [entity, deduplicate === null ? null : dedupeScope(plan)],
  );
}

/**
 * Ends the memory of survivors older than the entity's retention. One that rows were skipped for is kept, or the next
 * time such a row is read it would come in beside its survivor.
 * @returns how many were forgotten.
 */
export async function forgetOldSurvivors(db: Db, plan: EntityPlan): Promise<number> {
  const { deduplicate } = plan.spec;
  if (deduplicate === null) return 0;
  const { rowCount } = await db.query(
    `DELETE FROM syncline.dedupe_survivor AS v
      WHERE scope = $1 AND at < clock_timestamp() - $2 * interval '1 millisecond'
        AND NOT EXISTS (SELECT FROM syncline.skipped_row AS k
                         WHERE k.scope = v.scope AND k.fingerprint = v.fingerprint AND k.bucket = v.bucket)`,
    [dedupeScope(plan), deduplicate.retentionMs],
  );
  return rowCount ?? 0;
}

/** Rows are compared within the entity, or with all entities of a shared mirror. */
export function dedupeScope(plan: EntityPlan): string {
  const { entity, mirror, deduplicate } = plan.spec;
  return deduplicate?.scope === 'mirror' ? `mirror/${mirror.schema}.${mirror.table}` : `entity/${entity}`;
}
