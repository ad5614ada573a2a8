/** Rows of a mirror as changes meet them: their values as texts, with versions and clocks. */
import type pg from 'pg';
import type { EntityPlan } from '../domain/entity.ts';
import type { CurrentRow, RowNow } from '../domain/upload/decision.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { readStamps } from './field-stamps.ts';
import { bindings, encodedKey, keyList, mirrorTable, sameKey, unbounded } from './mirror-target.ts';
import { wellFormed } from './tombstones.ts';

type Found = {
  key: string;
  values: (string | null)[];
  xid: string;
  deleted: boolean;
  hlc: string | null;
  stamps: Parameters<typeof readStamps>[0];
  incarnation: number;
};

/**
 * What the mirror has under these keys. Keys that cannot be keys of it are 'unknown', as those that it never had.
 * @param lock 'row': against other writers, until the transaction ends.
 */
export async function readRows(
  db: Db | pg.PoolClient,
  plan: EntityPlan,
  request: { readonly keys: readonly string[]; readonly lock: 'row' | 'none' },
): Promise<ReadonlyMap<string, RowNow>> {
  const asked = new Map<string, RowNow>(request.keys.map((key) => [key, { state: 'unknown' }]));
  const sound = await wellFormed(db, plan, [...asked.keys()]);
  if (sound.length === 0) return asked;
  const { values, bind } = bindings();
  const texts = plan.mirrorColumns.map(({ name }) => `m.${quoteIdent(name)}::text`);
  const { rows } = await db.query<Found>(
    `SELECT ${encodedKey(plan, 'm')} AS key, ARRAY[${texts.join(', ')}]::text[] AS values, m.sync_xid::text AS xid,
            m.sync_deleted_at IS NOT NULL AS deleted, m.sync_hlc AS hlc, m.sync_fields AS stamps,
            (SELECT incarnation FROM syncline.store_identity) AS incarnation
       FROM ${mirrorTable(plan)} AS m
       JOIN ${keyList(plan, { alias: 's', keys: sound }, bind)} ON ${sameKey(plan, 'm', 's')}
      ORDER BY 1${request.lock === 'row' ? ' FOR UPDATE OF m' : ''}`,
    values,
  );
  for (const row of rows) asked.set(row.key, rowNow(plan, row));
  return asked;
}

function rowNow(plan: EntityPlan, found: Found): RowNow {
  const { values, xid, deleted, hlc, stamps, incarnation } = found;
  const version = { incarnation, xid };
  const texts = Object.fromEntries(plan.mirrorColumns.map(({ name }, i) => [name, values[i] ?? null]));
  if (deleted) return { state: 'tombstone', version, hlc, values: texts };
  const row: CurrentRow = {
    values: texts,
    version,
    stamps: readStamps(stamps, xid),
    hlc,
  };
  return { state: 'row', row };
}

export type Canonical = { readonly text: string | null } | { readonly problem: string };

/**
 * Texts of a device as PostgreSQL prints them, so that equal values are equal texts. A value that the type cannot hold
 * exactly is a problem: nothing is rounded or cut.
 */
export async function canonicalTexts(
  db: Db,
  plan: EntityPlan,
  entries: readonly { readonly field: string; readonly text: string | null }[],
): Promise<Canonical[]> {
  const result: Canonical[] = entries.map(({ text }) => ({ text }));
  const fields = [...new Set(entries.map(({ field }) => field))];
  const { values, bind } = bindings();
  const parts = fields.flatMap((field) => {
    const type = plan.mirrorColumns.find(({ name }) => name === field)?.type;
    if (type === undefined) return [];
    const places = entries.flatMap((entry, i) => (entry.field === field && entry.text !== null ? [i] : []));
    if (places.length === 0) return [];
    const texts = bind(places.map((i) => entries[i]?.text));
    const list = `unnest(${bind(places)}::int[], ${texts}::text[]) AS given (place, text)`;
    const wide = unbounded(type);
    const exact = wide === type ? 'true' : `text::${wide} IS NOT DISTINCT FROM text::${type}::${wide}`;
    // CASE, since the cast of a text that is none would fail.
    return [
      `SELECT place, CASE WHEN pg_input_is_valid(text, ${bind(type)}) THEN CASE WHEN ${exact} THEN text::${type}::text END END AS text
         FROM ${list}`,
    ];
  });
  for (const [i, entry] of entries.entries()) {
    if (!plan.mirrorColumns.some(({ name }) => name === entry.field)) {
      result[i] = { problem: `${entry.field} is no field of ${plan.spec.entity}` };
    }
  }
  if (parts.length === 0) return result;
  const { rows } = await db.query<{ place: number; text: string | null }>(parts.join(' UNION ALL '), values);
  for (const { place, text } of rows) {
    const field = entries[place]?.field as string;
    const type = plan.mirrorColumns.find(({ name }) => name === field)?.type;
    result[place] = text === null ? { problem: `${field} is no ${type}` } : { text };
  }
  return result;
}
