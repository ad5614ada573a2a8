/** Rows set aside in the load's transaction, and taken off the list when a good version of them loads (C24). */
import { createHash } from 'node:crypto';
import type { EntityPlan, Reject } from '../domain/entity.ts';
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';
import { encodedKey } from './mirror-target.ts';

/** Longer values are cut in the payload: it is there to be looked at, a retry reads the row from the source. */
const PAYLOAD_VALUE_CHARS = 65_536;

/** One entry per key: a row that fails again counts up. */
export async function quarantineRows(db: Db, ref: EntityRef, rejects: readonly Reject[]): Promise<void> {
  if (rejects.length === 0) return;
  const byKey = new Map(rejects.map((reject) => [quarantineKey(reject), reject]));
  const entries = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1));
  await db.query(
    `INSERT INTO syncline.quarantine AS q (entity, pipeline, run_id, key, reason, severity, detail, payload)
     SELECT $1, $2, $3, key, reason, severity, detail, payload::jsonb
       FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
            AS row (key, reason, severity, detail, payload)
     ON CONFLICT (entity, key) DO UPDATE
        SET pipeline = excluded.pipeline, run_id = excluded.run_id, reason = excluded.reason,
            severity = excluded.severity, detail = excluded.detail, payload = excluded.payload,
            occurrences = q.occurrences + 1, last_seen_at = clock_timestamp()`,
    [
      ref.entity,
      ref.pipeline,
      ref.runId,
      entries.map(([key]) => key),
      entries.map(([, reject]) => reject.reason),
      entries.map(([, reject]) => reject.severity),
      entries.map(([, reject]) => storable(reject.detail)),
      entries.map(([, reject]) => JSON.stringify(storablePayload(reject.payload))),
    ],
  );
}

/** A row without a readable key is known by its content, so that it is one entry however often it comes. */
function quarantineKey(reject: Reject): string {
  if (reject.key !== null) return storable(reject.key);
  const content = createHash('sha256').update(JSON.stringify(reject.payload)).digest('hex');
  return `unreadable/${content.slice(0, 32)}`;
}

function storablePayload(payload: Reject['payload']): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      storable(name),
      value === null ? null : storable(cut(value)),
    ]),
  );
}

function cut(value: string): string {
  if (value.length <= PAYLOAD_VALUE_CHARS) return value;
  return `${value.slice(0, PAYLOAD_VALUE_CHARS)}… (${value.length} characters)`;
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; both may be why the row is here. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\u2400')).toString();
}

/** @param rows a FROM item `s` with the mirror's key columns. */
export async function clearQuarantine(
  db: Db,
  plan: EntityPlan,
  rows: { readonly from: string; readonly values?: readonly unknown[] },
): Promise<void> {
  const entity = plan.spec.entity;
  // Nearly every entity has none, and then the keys of the piece need not be spelled out.
  const { rows: some } = await db.query('SELECT FROM syncline.quarantine WHERE entity = $1 LIMIT 1', [
    entity,
  ]);
  if (some.length === 0) return;
  const values = [...(rows.values ?? []), entity];
  await db.query(
    `DELETE FROM syncline.quarantine
      WHERE entity = $${values.length} AND key IN (SELECT ${encodedKey(plan, 's')} FROM ${rows.from})`,
    values,
  );
}
