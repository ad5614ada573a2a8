/** Reads and decisions of people about rows that were set aside; loads write them (quarantine-rows.ts). */
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';
import { enqueueRefresh } from './refresh.ts';

export type QuarantineEntry = {
  readonly entity: string;
  readonly key: string;
  readonly pipeline: string;
  readonly reason: string;
  readonly severity: string;
  readonly detail: string;
  readonly runId: string;
  readonly occurrences: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
};

const ENTRY = `entity, key, pipeline, reason, severity, detail, run_id AS "runId", occurrences,
               first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"`;

export type QuarantineFilter = {
  readonly entity?: string | null;
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<QuarantineEntry, 'lastSeenAt' | 'entity' | 'key'> | null;
};

/** The newest first; without payloads. */
export async function listQuarantine(
  db: Db,
  { entity = null, limit, after = null }: QuarantineFilter,
): Promise<QuarantineEntry[]> {
  const { rows } = await db.query<QuarantineEntry>(
    `SELECT ${ENTRY} FROM syncline.quarantine
      WHERE ($1::text IS NULL OR entity = $1)
        AND ($3::timestamptz IS NULL OR last_seen_at < $3
             OR (last_seen_at = $3 AND (entity, key) > ($4::text, $5::text COLLATE "C")))
      ORDER BY last_seen_at DESC, entity, key
      LIMIT $2`,
    [entity, limit, after?.lastSeenAt ?? null, after?.entity ?? null, after?.key ?? null],
  );
  return rows;
}

/** One entry with the source row's values, by source column. */
export type QuarantinedRow = QuarantineEntry & { readonly payload: Readonly<Record<string, string | null>> };

export async function showQuarantine(
  db: Db,
  row: { entity: string; key: string },
): Promise<QuarantinedRow | null> {
  const { rows } = await db.query<QuarantinedRow>(
    `SELECT ${ENTRY}, payload FROM syncline.quarantine WHERE entity = $1 AND key = $2`,
    [row.entity, row.key],
  );
  return rows[0] ?? null;
}

type Choice = {
  readonly entity: string;
  /** null: every row of the entity. */
  readonly keys: readonly string[] | null;
};

/** Forgets the entries; the rows come back to quarantine when a run meets them again. @returns how many. */
export async function dropQuarantine(db: Db, { entity, keys }: Choice): Promise<number> {
  const { rowCount } = await db.query(
    'DELETE FROM syncline.quarantine WHERE entity = $1 AND ($2::text[] IS NULL OR key = ANY ($2))',
    [entity, keys],
  );
  return rowCount ?? 0;
}

/**
 * After a full run that read every row: entries that it did not meet again are of rows that the source no longer has.
 * A row that loaded well took its entry along (C24).
 */
export async function dropUnseen(db: Db, ref: EntityRef): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM syncline.quarantine AS entry
      USING syncline.sync_run_entity AS entity
      WHERE entity.run_id = $1 AND entity.entity = $2 AND entry.entity = $2
        AND entry.run_id <> $1 AND entry.last_seen_at < entity.started_at`,
    [ref.runId, ref.entity],
  );
  return rowCount ?? 0;
}

/** Lets the next run read the rows again by key; an entry goes when its row loads well. @returns how many. */
export async function retryQuarantine(db: Db, { entity, keys }: Choice): Promise<number> {
  const { rows } = await db.query<{ key: string }>(
    `SELECT key FROM syncline.quarantine
      WHERE entity = $1 AND ($2::text[] IS NULL OR key = ANY ($2)) AND reason <> 'UNREADABLE_KEY'`,
    [entity, keys],
  );
  const listed = rows.map((row) => row.key);
  await enqueueRefresh(db, { entity, keys: listed, reason: 'quarantine' });
  return listed.length;
}

export async function countQuarantined(db: Db, entity: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM syncline.quarantine WHERE entity = $1',
    [entity],
  );
  return rows[0]?.count ?? 0;
}
