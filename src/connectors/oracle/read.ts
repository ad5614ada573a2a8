/** Reads of rows by key: chunks in key order, look-ups, samples. Pieces are rows of text. */
import type { EntityPlan, Piece } from '../../domain/entity.ts';
import { decodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import type { PieceStream, ReadOptions } from '../contract.ts';
import type { Binds } from './binds.ts';
import { keyColumns, keyOrder, type OrderPart, operand, orderBy, rangeConditions } from './keys-sql.ts';
import { fromClause, whereClause } from './relation.ts';
import { rowFormat } from './row-format.ts';
import { rowStream } from './row-stream.ts';
import { isRowidRange, ROWID_PREFIX, rowidConditions } from './rowid-ranges.ts';
import type { OracleSource } from './session.ts';

const ONE_PIECE_BYTES = Number.MAX_SAFE_INTEGER;
/** Of an IN list. */
const MAX_LIST = 1_000;

export function readChunk(
  source: OracleSource,
  plan: EntityPlan,
  { range, options }: { range: KeyRange; options: ReadOptions },
): PieceStream {
  const { spec } = plan;
  const byRowid = isRowidRange(range);
  const format = byRowid
    ? rowFormat(plan, { extra: [ROWID_COLUMN], keys: [], prefix: ROWID_PREFIX })
    : rowFormat(plan, { keys: keyColumns(plan) });
  const parts = keyOrder(plan);
  const select = (asOf: string, binds: Binds): string => {
    const conditions = byRowid ? rowidConditions(range, binds) : rangeConditions(parts, range, binds);
    return [
      `SELECT ${format.selectList} ${fromClause(spec.read, asOf)}`,
      whereClause(spec, conditions),
      byRowid ? 'ORDER BY ROWID' : orderBy(parts),
      limitClause(options.maxRows),
    ].join(' ');
  };
  return rowStream(source, { read: spec.read, format, select }, options);
}

const ROWID_COLUMN = { selected: 'ROWIDTOCHAR(ROWID)', convert: null, type: 'text' } as const;

/** With ties, because rows of one key stay together. */
export function limitClause(maxRows: number | undefined): string {
  return maxRows === undefined ? '' : `FETCH FIRST ${Math.max(1, Math.trunc(maxRows))} ROWS WITH TIES`;
}

export function lookUpKeys(
  source: OracleSource,
  plan: EntityPlan,
  { keys, options }: { keys: readonly string[]; options: ReadOptions },
): PieceStream {
  const { spec } = plan;
  const parts = keyOrder(plan);
  const format = rowFormat(plan, { keys: keyColumns(plan) });
  const select = (asOf: string, binds: Binds): string =>
    [
      `SELECT ${format.selectList} ${fromClause(spec.read, asOf)}`,
      whereClause(spec, [isOneOf(parts, keys, binds)]),
      orderBy(parts),
    ].join(' ');
  return rowStream(source, { read: spec.read, format, select }, options);
}

/** Lists are filled up to a power of two with their last key, so that there are few different statements. */
export function isOneOf(parts: readonly OrderPart[], keys: readonly string[], binds: Binds): string {
  const wanted = keys.map((key) => decodeKey(key, parts.length));
  const last = wanted.at(-1);
  if (last === undefined) return '1 = 0';
  while (wanted.length < 2 ** Math.ceil(Math.log2(keys.length))) wanted.push(last);
  const operands = wanted.map((values) => parts.map((part, i) => operand(part, values[i] as string, binds)));
  const [first] = parts as [OrderPart];
  if (parts.length > 1) {
    const equal = (each: string[]) => parts.map((part, i) => `${part.expression} = ${each[i]}`).join(' AND ');
    return operands.map((each) => `(${equal(each)})`).join(' OR ');
  }
  const lists: string[] = [];
  for (let at = 0; at < operands.length; at += MAX_LIST) {
    lists.push(`${first.expression} IN (${operands.slice(at, at + MAX_LIST).join(', ')})`);
  }
  return lists.join(' OR ');
}

export async function readOne(
  source: OracleSource,
  plan: EntityPlan,
  { key, signal }: { key: string; signal: AbortSignal },
): Promise<Piece | null> {
  const options = { format: 'rows', pieceBytes: ONE_PIECE_BYTES, signal } as const;
  return onlyPiece(lookUpKeys(source, plan, { keys: [key], options }));
}

export async function sample(
  source: OracleSource,
  plan: EntityPlan,
  { rows, signal }: { rows: number; signal: AbortSignal },
): Promise<Piece> {
  const { spec } = plan;
  const format = rowFormat(plan, { keys: keyColumns(plan) });
  const select = (asOf: string): string =>
    [
      `SELECT ${format.selectList} ${fromClause(spec.read, asOf)}`,
      whereClause(spec),
      `FETCH FIRST ${Math.max(0, Math.trunc(rows))} ROWS ONLY`,
    ].join(' ');
  const options = { pieceBytes: ONE_PIECE_BYTES, signal };
  const piece = await onlyPiece(rowStream(source, { read: spec.read, format, select }, options));
  return piece ?? { format: 'rows', values: [], rows: 0, position: null, last: true };
}

async function onlyPiece(stream: PieceStream): Promise<Piece | null> {
  for await (const piece of stream) return piece;
  return null;
}
