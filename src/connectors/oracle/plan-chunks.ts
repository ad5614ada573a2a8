/** Boundaries of a full run's chunks, from one walk over the keys or the places of the rows. */
import type { EntityPlan } from '../../domain/entity.ts';
import { encodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import type { ChunkLimits, ChunkPlan } from '../contract.ts';
import { createBinds } from './binds.ts';
import { chunksByRowid } from './chunking.ts';
import { hasIndexOn, readIndexes, readTable } from './dictionary.ts';
import { estimate } from './estimate.ts';
import { compare, keyColumns, keyOrder, type OrderPart, orderBy } from './keys-sql.ts';
import { fromClause, whereClause } from './relation.ts';
import { rowFormat } from './row-format.ts';
import { ROWID_PREFIX } from './rowid-ranges.ts';
import { inSession, type OracleSource, type Row, type Session } from './session.ts';

type Walk = {
  readonly session: Session;
  readonly plan: EntityPlan;
  readonly parts: readonly OrderPart[];
  readonly chunkRows: number;
};

/** Fewer rows are not worth a chunk of their own for another lane. */
const MIN_SHARE_ROWS = 50_000;
/** An estimate a little too low would leave a chunk of a few rows over. */
const ESTIMATE_ERROR = 1.02;

/** @returns ranges that meet without gap or overlap, the first and the last unbounded (C5). */
export async function planChunks(
  source: OracleSource,
  plan: EntityPlan,
  options: ChunkLimits & { signal: AbortSignal },
): Promise<ChunkPlan> {
  return inSession(source, { signal: options.signal }, async (session) => {
    const table = await readTable(session, plan.spec.read);
    const indexes = table === null ? null : await readIndexes(session, table);
    const chunkRows = rowsOfChunk(options, await estimate(session, plan.spec, table));
    const keys = keyColumns(plan);
    const walk = { session, plan, parts: keyOrder(plan), chunkRows };
    if (chunksByRowid({ table, indexes, keys })) return { ranges: toRanges(await walkRowids(walk)) };
    // An index in key order lets the walk leap; without one each leap would sort everything.
    const names = keys.map(({ name }) => name);
    const isOrdered = indexes !== null && hasIndexOn(indexes, names);
    return { ranges: toRanges(await (isOrdered ? leap(walk) : count(walk))) };
  });
}

/** Each chunk begins with a wait for its first rows: few and large ones are best, as long as every lane has one. */
function rowsOfChunk(limits: ChunkLimits, table: { rows: number; rowBytes: number }): number {
  const share = Math.max(MIN_SHARE_ROWS, Math.ceil((table.rows / limits.lanes) * ESTIMATE_ERROR));
  const most = Math.min(limits.chunkRows, Math.floor(limits.chunkBytes / table.rowBytes));
  return Math.max(1, Math.min(most, share));
}

/** From boundary to boundary along an index. */
async function leap(walk: Walk): Promise<string[]> {
  const { session, plan, parts, chunkRows } = walk;
  const boundaries: string[] = [];
  let after: string[] | null = null;
  for (;;) {
    const binds = createBinds();
    const behind: string[] = after === null ? [] : [compare(parts, '>', { values: after, binds })];
    const rows: Row[] = await session.query(
      `SELECT ${keyList(parts)} ${fromClause(plan.spec.read)}
        ${whereClause(plan.spec, [...readable(parts), ...behind])}
        ${orderBy(parts)} OFFSET ${chunkRows - 1} ROWS FETCH NEXT 2 ROWS ONLY`,
      binds.values,
    );
    // A boundary at the very last row would only make an empty chunk behind it.
    if (rows.length < 2) return boundaries;
    after = keyTexts(walk, rows[0] as Row);
    boundaries.push(encodeKey(after));
  }
}

/** For rows that no index has in order: one pass over all of them. */
async function count(walk: Walk): Promise<string[]> {
  const { session, plan, parts, chunkRows } = walk;
  const order = orderBy(parts);
  const rows = await session.query(
    `SELECT * FROM (
       SELECT ${keyList(parts)}, ROW_NUMBER() OVER (${order}) AS n, LEAD(1) OVER (${order}) AS more
       ${fromClause(plan.spec.read)} ${whereClause(plan.spec, readable(parts))}) walk
      WHERE MOD(n, ${chunkRows}) = 0 AND more = 1 ORDER BY n`,
  );
  return rows.map((row) => encodeKey(keyTexts(walk, row)));
}

async function walkRowids({ session, plan, chunkRows }: Walk): Promise<string[]> {
  const rows = await session.query<{ PLACE: string }>(
    `SELECT ROWIDTOCHAR(place) AS place FROM (
       SELECT ROWID AS place, ROW_NUMBER() OVER (ORDER BY ROWID) AS n, LEAD(1) OVER (ORDER BY ROWID) AS more
       ${fromClause(plan.spec.read)} ${whereClause(plan.spec)}) walk
      WHERE MOD(n, ${chunkRows}) = 0 AND more = 1 ORDER BY n`,
  );
  return rows.map(({ PLACE }) => ROWID_PREFIX + PLACE);
}

function keyList(parts: readonly OrderPart[]): string {
  return parts.map((part, i) => `${part.selected} AS k${i}`).join(', ');
}

function readable(parts: readonly OrderPart[]): string[] {
  return parts.filter((part) => part.nullable).map((part) => `${part.expression} IS NOT NULL`);
}

/** As rows of the entity would have them. */
function keyTexts({ plan, parts }: Walk, row: Row): string[] {
  const keys = keyColumns(plan);
  const format = rowFormat({ ...plan, readColumns: keys }, { keys });
  const values: unknown[] = parts.map((_, i) => row[`K${i}`]);
  format.toText(values);
  return values as string[];
}

/** A key that fills more than a chunk gives equal boundaries: one is enough. */
function toRanges(boundaries: readonly string[]): KeyRange[] {
  const distinct = boundaries.filter((key, i) => i === 0 || key !== boundaries[i - 1]);
  return [...distinct, null].map((upper, i) => ({
    lower: i === 0 ? null : (distinct[i - 1] as string),
    upper,
  }));
}
