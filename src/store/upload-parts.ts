/** Which entities an upload concerns, and rows of others that its mutations name. */
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { Db } from '../pg/pool.ts';
import type { UploadRef } from './uploads.ts';

export async function entitiesOf(db: Db, { device, key }: UploadRef): Promise<string[]> {
  const { rows } = await db.query<{ entity: string }>(
    `SELECT entity FROM syncline.mutation WHERE device = $1 AND upload_key = $2 AND state = 'staged'
      GROUP BY entity ORDER BY min(ordinal)`,
    [device, key],
  );
  return rows.map(({ entity }) => entity);
}

/** Mutations of an entity that takes none. */
export async function rejectUnknown(
  db: Db,
  { device, key, entity }: UploadRef & { readonly entity: string },
): Promise<void> {
  const verdict: StoredVerdict = {
    status: 'rejected',
    code: 'ENTITY_UNKNOWN',
    message: `There is no entity ${entity} that takes changes`,
  };
  await db.query(
    `UPDATE syncline.mutation SET state = 'done', verdict = $4, decided_at = clock_timestamp()
      WHERE device = $1 AND upload_key = $2 AND entity = $3 AND state = 'staged'`,
    [device, key, entity, JSON.stringify(verdict)],
  );
}

export type NamedRow = { readonly entity: string; readonly id: string };

/** `key`: the row that a device made is there under it. `making`: that is still open, perhaps held by a conflict. */
export type NamedRowState = NamedRow & {
  readonly key: string | null;
  /** Ordinal of the mutation that is to make it; null: it is made. */
  readonly making: string | null;
  readonly conflictId: string | null;
};

/** Of rows that devices made; all others are not listed. */
export async function lookUpNamed(db: Db, named: readonly NamedRow[]): Promise<NamedRowState[]> {
  if (named.length === 0) return [];
  const { rows } = await db.query<NamedRowState>(
    `SELECT named.entity, named.id, known.key, CASE WHEN known.key IS NULL THEN making.ordinal::text END AS making,
            CASE WHEN making.state IN ('held', 'parked') THEN making.conflict_id END AS "conflictId"
       FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS given (entity, id)) AS named
       LEFT JOIN syncline.row_id AS known ON known.entity = named.entity AND known.id = named.id
       LEFT JOIN LATERAL (SELECT m.ordinal, m.state, m.conflict_id FROM syncline.mutation AS m
                           WHERE m.entity = named.entity AND m.row_id = named.id AND m.state <> 'done'
                             AND m.operation = 'insert'
                           ORDER BY m.ordinal LIMIT 1) AS making ON true
      WHERE known.key IS NOT NULL OR making.state IS NOT NULL`,
    [named.map(({ entity }) => entity), named.map(({ id }) => id)],
  );
  return rows;
}
