/** Rows that business rules kept before they were replaced. */
import type { FieldTexts } from '../domain/upload/decision.ts';
import type { Db } from '../pg/pool.ts';

export type Backup = {
  readonly id: string;
  readonly entity: string;
  readonly row: string;
  readonly key: string;
  readonly rule: string;
  readonly at: string;
  readonly restoredAt: string | null;
  readonly restoredBy: string | null;
};

const BACKUP = `id::text, entity, row_id AS row, key, rule, at, restored_at AS "restoredAt", restored_by AS "restoredBy"`;

export type BackupFilter = {
  readonly entity: string | null;
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<Backup, 'at' | 'id'> | null;
};

/** The newest first, without values. */
export async function listBackups(db: Db, { entity, limit, after = null }: BackupFilter): Promise<Backup[]> {
  const { rows } = await db.query<Backup>(
    `SELECT ${BACKUP} FROM syncline.backup
      WHERE ($1::text IS NULL OR entity = $1)
        AND ($3::timestamptz IS NULL OR (at, backup.id) < ($3, $4::bigint))
      ORDER BY at DESC, backup.id DESC LIMIT $2`,
    [entity, limit, after?.at ?? null, after?.id ?? null],
  );
  return rows;
}

/** By mirror column, as PostgreSQL prints them. */
export type KeptRow = Backup & { readonly values: FieldTexts };

export async function readBackup(db: Db, id: string): Promise<KeptRow | null> {
  const { rows } = await db.query<KeptRow>(
    `SELECT ${BACKUP}, row_before AS values FROM syncline.backup WHERE id::text = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export async function noteRestored(
  db: Db,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<void> {
  await db.query(
    'UPDATE syncline.backup SET restored_at = clock_timestamp(), restored_by = $2 WHERE id::text = $1',
    [id, by],
  );
}
