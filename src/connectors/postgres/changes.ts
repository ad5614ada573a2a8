/** Rows changed since a mark, in the order of (time of change, key). Changes always travel as rows of text. */
import pg from 'pg';
import { changedAtColumns } from '../../domain/changed-at.ts';
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { decodeKey } from '../../domain/keys.ts';
import { lowestWallTime } from '../../domain/wall-time.ts';
import { quoteIdent } from '../../pg/identifiers.ts';
import type { ChangesRange, OddRows, PieceStream, ReadOptions } from '../contract.ts';
import { compare, keyOrder, type OrderPart, orderBy } from './keys-sql.ts';
import { pieceStream } from './piece-stream.ts';
import { limitClause, selectList } from './read.ts';
import { fromClause, whereClause } from './relation.ts';
import { textFormat } from './row-format.ts';
import { inSession, type PgSource } from './session.ts';

const TIMESTAMPTZ = 'timestamp with time zone';
const TIMESTAMP = 'timestamp without time zone';
const TIME_TYPES = [TIMESTAMPTZ, TIMESTAMP, 'date'];
const TIMES = {
  isTime: (column: SourceColumn) => TIME_TYPES.includes(column.mirrorType ?? ''),
  mustBe: 'timestamptz, timestamp or date',
};

export function readChanges(
  source: PgSource,
  plan: EntityPlan,
  { range, options }: { range: ChangesRange; options: ReadOptions },
): PieceStream {
  const { timeZone } = source.settings;
  const columns = changedAtColumns(plan, TIMES);
  const changed = changeTime(columns, timeZone);
  const order = [changed, ...keyOrder(plan)];
  const conditions = [changedSince(columns, range, timeZone)];
  if (range.after !== null) conditions.push(compare(order, '>', decodeKey(range.after, order.length)));
  const select = [
    `SELECT ${selectList(plan)}, ${changed.expression} ${fromClause(plan.spec.read)}`,
    whereClause(plan.spec, conditions),
    orderBy(order),
    limitClause(options.maxRows),
  ].join(' ');
  const format = textFormat(plan, [{ type: changed.type }]);
  return pieceStream(source, { select, format }, options);
}

/** C20: an OR of predicates, which is true where any column is, and which indexes can serve. */
function changedSince(columns: readonly SourceColumn[], range: ChangesRange, timeZone: string): string {
  const conditions = columns.map((column) => {
    const low = pg.escapeLiteral(lowOf(column, range, timeZone));
    return `${quoteIdent(column.name)} >= ${low}::${column.mirrorType}`;
  });
  return conditions.join(' OR ');
}

/** C3: a zone-less column is compared with the smallest wall time since the mark, so a doubled hour is read again. */
function lowOf(column: SourceColumn, range: ChangesRange, timeZone: string): string {
  if (column.mirrorType === TIMESTAMPTZ) return range.low;
  const wallTime = lowestWallTime(range.low, range.now, timeZone);
  return column.mirrorType === 'date' ? wallTime.slice(0, 'YYYY-MM-DD'.length) : wallTime;
}

/**
 * The latest time of change, for the order only. GREATEST ignores NULLs in PostgreSQL, and at least one column is not
 * NULL in a row that the predicate chose. Columns of different types meet as instants.
 */
function changeTime(columns: readonly SourceColumn[], timeZone: string): OrderPart {
  const [first] = columns as readonly [SourceColumn];
  const names = columns.map((column) => quoteIdent(column.name));
  if (columns.length === 1)
    return { expression: names[0] as string, type: first.mirrorType as string, nullable: false };
  const isUniform = columns.every((column) => column.mirrorType === first.mirrorType);
  const terms = isUniform ? names : columns.map((column) => asInstant(column, timeZone));
  return {
    expression: `GREATEST(${terms.join(', ')})`,
    type: isUniform ? (first.mirrorType as string) : TIMESTAMPTZ,
    nullable: false,
  };
}

function asInstant(column: SourceColumn, timeZone: string): string {
  const name = quoteIdent(column.name);
  if (column.mirrorType === TIMESTAMPTZ) return name;
  return `(${name}::timestamp AT TIME ZONE ${pg.escapeLiteral(timeZone)})`;
}

/** Rows that no increment reads (every changedAt NULL), and rows from the future, which each increment reads (C2). */
export async function countOddRows(
  source: PgSource,
  plan: EntityPlan,
  { now, signal }: { now: string; signal: AbortSignal },
): Promise<OddRows> {
  const columns = changedAtColumns(plan, TIMES);
  const zone = pg.escapeLiteral(source.settings.timeZone);
  const instant = `${pg.escapeLiteral(now)}::timestamptz`;
  const isNull = columns.map((column) => `${quoteIdent(column.name)} IS NULL`).join(' AND ');
  const isFuture = columns
    .map(({ name, mirrorType }) =>
      mirrorType === TIMESTAMPTZ
        ? `${quoteIdent(name)} > ${instant}`
        : `${quoteIdent(name)} > ${instant} AT TIME ZONE ${zone}`,
    )
    .join(' OR ');
  const text = [
    `SELECT count(*) FILTER (WHERE ${isNull}) AS nulls, count(*) FILTER (WHERE ${isFuture}) AS future`,
    fromClause(plan.spec.read),
    whereClause(plan.spec),
  ].join(' ');
  const rows = await inSession(source, { signal }, async (client) => (await client.query(text)).rows);
  return { nullChangedAt: Number(rows[0].nulls), futureChangedAt: Number(rows[0].future) };
}
