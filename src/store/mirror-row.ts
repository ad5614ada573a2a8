/** One row of a mirror for people to look at, without the source: by the catalogue and the key alone. */
import type { EntitySpec } from '../domain/entity.ts';
import { decodeKey } from '../domain/keys.ts';
import type { FieldTexts } from '../domain/upload/decision.ts';
import type { FieldStamps } from '../domain/upload/versions.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { readStamps } from './field-stamps.ts';
import { readMirror } from './mirror-catalogue.ts';
import { unbounded } from './mirror-target.ts';
import { isRowError } from './poison.ts';

export type MirrorRow = {
  /** Business columns, as PostgreSQL prints them. */
  readonly values: FieldTexts;
  readonly keyColumns: readonly string[];
  /** As on the wire. */
  readonly version: string;
  readonly deletedAt: string | null;
  readonly modifiedAt: string | null;
  readonly modifiedBy: string | null;
  readonly origin: string | null;
  readonly stamps: FieldStamps;
};

type Spec = Pick<EntitySpec, 'mirror' | 'source'>;
type Found = Omit<MirrorRow, 'values' | 'keyColumns' | 'version' | 'stamps'> & {
  readonly texts: (string | null)[];
  readonly xid: string;
  readonly stored: Parameters<typeof readStamps>[0];
  readonly incarnation: number;
};

/** @returns null when there is no such mirror or row, or the key cannot be one of it. */
export async function readMirrorRow(db: Db, spec: Spec, key: string): Promise<MirrorRow | null> {
  const table = await readMirror(db, { spec });
  if (table === null) return null;
  const keyColumns = table.primaryKey.filter((name) => name !== 'sync_source');
  const parts = partsOf(key, keyColumns.length);
  if (parts === null) return null;
  const names = [...table.columns.keys()].filter((name) => !name.startsWith('sync_'));
  const type = (name: string): string => unbounded(table.columns.get(name)?.type ?? 'text');
  const same = keyColumns.map((name, i) => `m.${quoteIdent(name)} = $${i + 1}::${type(name)}`);
  const own = spec.mirror.shared ? [`m.sync_source = $${keyColumns.length + 1}`] : [];
  const stamps = table.columns.has('sync_fields') ? 'm.sync_fields' : 'NULL::jsonb';
  const { rows } = await db
    .query<Found>(
      `SELECT ARRAY[${names.map((name) => `m.${quoteIdent(name)}::text`).join(', ')}]::text[] AS texts,
              m.sync_xid::text AS xid, m.sync_deleted_at AS "deletedAt", m.sync_modified_at AS "modifiedAt",
              m.sync_modified_by AS "modifiedBy", m.sync_origin AS origin, ${stamps} AS stored,
              (SELECT incarnation FROM syncline.store_identity) AS incarnation
         FROM ${quoteTable(spec.mirror)} AS m WHERE ${[...same, ...own].join(' AND ')}`,
      spec.mirror.shared ? [...parts, spec.source] : parts,
    )
    .catch((error: unknown) => {
      if (isRowError(error)) return { rows: [] };
      throw error;
    });
  const [found] = rows;
  return found === undefined ? null : rowOf(found, { names, keyColumns });
}

function rowOf(
  { texts, xid, stored, incarnation, ...rest }: Found,
  { names, keyColumns }: { readonly names: readonly string[]; readonly keyColumns: readonly string[] },
): MirrorRow {
  const values = Object.fromEntries(names.map((name, i) => [name, texts[i] ?? null]));
  return {
    ...rest,
    values,
    keyColumns,
    version: `${incarnation}.${xid}`,
    stamps: readStamps(stored, xid),
  };
}

function partsOf(key: string, arity: number): string[] | null {
  try {
    return decodeKey(key, arity);
  } catch {
    return null;
  }
}
