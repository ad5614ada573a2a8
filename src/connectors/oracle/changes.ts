/** Rows changed since a mark, in the order of (time of change, key). */
import { changedAtColumns } from '../../domain/changed-at.ts';
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { decodeKey } from '../../domain/keys.ts';
import { lowestWallTime, wallTime } from '../../domain/wall-time.ts';
import type { ChangesRange, OddRows, PieceStream, ReadOptions } from '../contract.ts';
import { type Binds, createBinds } from './binds.ts';
import { columnType, type Kind } from './column-types.ts';
import {
  compare,
  floorSeconds,
  keyColumns,
  keyOrder,
  type OrderPart,
  operand,
  orderBy,
  orderPart,
} from './keys-sql.ts';
import { limitClause } from './read.ts';
import { fromClause, quoteName, whereClause } from './relation.ts';
import { type ExtraColumn, rowFormat } from './row-format.ts';
import { rowStream } from './row-stream.ts';
import { inSession, type OracleSource } from './session.ts';
import { selectedAs, wallText, zonedText } from './values.ts';

const TIME_KINDS: readonly (Kind | null)[] = ['date', 'timestamp', 'zoned', 'localZoned'];
export const TIMES = {
  isTime: (column: SourceColumn) => TIME_KINDS.includes(columnType(column.sourceType).kind),
  mustBe: 'a DATE or a TIMESTAMP',
};
const MAX_SECOND_DIGITS = 9;
/** Earlier than every change that is looked for. */
const LONG_AGO = `TO_TIMESTAMP('0001-01-01', 'YYYY-MM-DD')`;

export function readChanges(
  source: OracleSource,
  plan: EntityPlan,
  { range, options }: { range: ChangesRange; options: ReadOptions },
): PieceStream {
  const { timeZone } = source.settings;
  const columns = changedAtColumns(plan, TIMES);
  const changed = changeTime(columns, timeZone);
  const order = [changed, ...keyOrder(plan)];
  const format = rowFormat(plan, { extra: [extraColumn(changed)], keys: keyColumns(plan) });
  const { spec } = plan;
  const select = (asOf: string, binds: Binds): string => {
    const conditions = [changedSince(columns, { range, timeZone, binds })];
    if (range.after !== null) {
      const values = decodeKey(range.after, order.length);
      conditions.push(compare(order, '>', { values, binds }));
    }
    return [
      `SELECT ${format.selectList} ${fromClause(spec.read, asOf)}`,
      whereClause(spec, conditions),
      orderBy(order),
      limitClause(options.maxRows),
    ].join(' ');
  };
  return rowStream(source, { read: spec.read, format, select }, options);
}

function extraColumn({ kind, selected }: OrderPart): ExtraColumn {
  const isZoned = kind === 'zoned' || kind === 'localZoned';
  return {
    selected,
    convert: (value) => (isZoned ? zonedText(value as string) : wallText(value as string)),
    type: isZoned ? 'timestamp with time zone' : 'timestamp without time zone',
  };
}

type Since = { readonly range: ChangesRange; readonly timeZone: string; readonly binds: Binds };

/** C20: an OR of predicates, which is true where any column is, and which indexes can serve. */
function changedSince(columns: readonly SourceColumn[], { range, timeZone, binds }: Since): string {
  const conditions = columns.map((column) => {
    const low = isInstant(column)
      ? range.low
      : // C3: the smallest wall time since the mark, so that a doubled hour is read again.
        lowestWallTime(range.low, range.now, timeZone);
    return `${quoteName(column.name)} >= ${bound(column, low, binds)}`;
  });
  return conditions.join(' OR ');
}

/** No value of the column lies between the instant and its floor in the column's own digits. */
function bound(column: SourceColumn, instant: string, binds: Binds): string {
  const part = orderPart(column);
  return operand(part, floorSeconds(plain(instant), part.scale ?? MAX_SECOND_DIGITS), binds);
}

function isInstant(column: SourceColumn): boolean {
  const { kind } = columnType(column.sourceType);
  return kind === 'zoned' || kind === 'localZoned';
}

/** `2026-01-02T03:04:05.600000Z` as PostgreSQL would print it. */
function plain(instant: string): string {
  return instant.replace('T', ' ').replace('Z', '+00');
}

/**
 * The latest time of change, for the order only. GREATEST is NULL when one of them is; at least one is not in a row that
 * the predicate chose. Columns of different kinds meet as wall times of the source: each instant has one, while some
 * wall times are no instants.
 */
export function changeTime(columns: readonly SourceColumn[], timeZone: string): OrderPart {
  const kinds = columns.map((column) => columnType(column.sourceType).kind as Kind);
  const names = columns.map(({ name }) => quoteName(name));
  const scale = Math.max(...columns.map(({ sourceType }) => columnType(sourceType).scale ?? 0));
  if (names.length === 1) return orderPart(columns[0] as SourceColumn);
  const areInstants = columns.every(isInstant);
  const zone = timeZone.replaceAll("'", "''");
  const terms = columns.map((column, i) => {
    if (areInstants) return `SYS_EXTRACT_UTC(${asZoned(names[i] as string, kinds[i] as Kind)})`;
    return isInstant(column)
      ? `CAST(${names[i]} AT TIME ZONE '${zone}' AS TIMESTAMP(9))`
      : `CAST(${names[i]} AS TIMESTAMP(9))`;
  });
  const latest = `GREATEST(${terms.map((term) => `NVL(${term}, ${LONG_AGO})`).join(', ')})`;
  return {
    expression: latest,
    kind: 'timestamp',
    national: false,
    scale: null,
    nullable: false,
    selected: selectedAs(latest, { kind: 'timestamp', scale }),
  };
}

function asZoned(name: string, kind: Kind): string {
  return kind === 'zoned' ? name : `CAST(${name} AS TIMESTAMP WITH TIME ZONE)`;
}

/** Rows that no increment reads (every changedAt NULL), and rows from the future, which each increment reads (C2). */
export async function countOddRows(
  source: OracleSource,
  plan: EntityPlan,
  { now, signal }: { now: string; signal: AbortSignal },
): Promise<OddRows> {
  const columns = changedAtColumns(plan, TIMES);
  const binds = createBinds();
  const isNull = columns.map(({ name }) => `${quoteName(name)} IS NULL`).join(' AND ');
  const isFuture = columns
    .map((column) => {
      const time = isInstant(column) ? now : wallTime(now, source.settings.timeZone);
      return `${quoteName(column.name)} > ${bound(column, time, binds)}`;
    })
    .join(' OR ');
  // Where each row has a time, indexes on the columns give those of the future; NULLs are in no index.
  const someHaveNone = columns.every(({ nullable }) => nullable);
  const text = [
    someHaveNone
      ? `SELECT COUNT(CASE WHEN ${isNull} THEN 1 END) AS nulls, COUNT(CASE WHEN ${isFuture} THEN 1 END) AS future`
      : 'SELECT 0 AS nulls, COUNT(*) AS future',
    fromClause(plan.spec.read),
    whereClause(plan.spec, someHaveNone ? [] : [isFuture]),
  ].join(' ');
  const [row] = await inSession(source, { signal }, (session) =>
    session.query<{ NULLS: string; FUTURE: string }>(text, binds.values),
  );
  return { nullChangedAt: Number(row?.NULLS), futureChangedAt: Number(row?.FUTURE) };
}
