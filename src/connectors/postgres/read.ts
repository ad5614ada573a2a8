/** Reads of rows by key: chunks in key order, look-ups, samples. */
import pg from 'pg';
import type { EntityPlan, Piece } from '../../domain/entity.ts';
import { decodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import { quoteIdent } from '../../pg/identifiers.ts';
import type { PieceStream, ReadOptions } from '../contract.ts';
import { keyOrder, orderBy, rangeConditions } from './keys-sql.ts';
import { pieceStream } from './piece-stream.ts';
import { fromClause, whereClause } from './relation.ts';
import { binaryFormat, textFormat } from './row-format.ts';
import type { PgSource } from './session.ts';

const ONE_PIECE_BYTES = Number.MAX_SAFE_INTEGER;

export function selectList(plan: EntityPlan): string {
  return plan.readColumns.map((column) => quoteIdent(column.name)).join(', ');
}

export function readChunk(
  source: PgSource,
  plan: EntityPlan,
  { range, options }: { range: KeyRange; options: ReadOptions },
): PieceStream {
  const parts = keyOrder(plan);
  const select = [
    `SELECT ${selectList(plan)} ${fromClause(plan.spec.read)}`,
    whereClause(plan.spec, rangeConditions(parts, range)),
    orderBy(parts),
    limitClause(options.maxRows),
  ].join(' ');
  const format = options.format === 'pg-binary' ? binaryFormat(plan) : textFormat(plan);
  return pieceStream(source, { select, format }, options);
}

/** With ties, because rows of one key stay together. */
export function limitClause(maxRows: number | undefined): string {
  return maxRows === undefined ? '' : `FETCH FIRST ${Math.max(1, Math.trunc(maxRows))} ROWS WITH TIES`;
}

export function lookUpKeys(
  source: PgSource,
  plan: EntityPlan,
  { keys, options }: { keys: readonly string[]; options: ReadOptions },
): PieceStream {
  const parts = keyOrder(plan);
  const select = [
    `SELECT ${selectList(plan)} ${fromClause(plan.spec.read)}`,
    whereClause(plan.spec, [isOneOf(plan, keys)]),
    orderBy(parts),
  ].join(' ');
  return pieceStream(source, { select, format: textFormat(plan) }, options);
}

/** The keys as one array per key column: the planner knows their number, and the statement stays short. */
function isOneOf(plan: EntityPlan, keys: readonly string[]): string {
  const parts = keyOrder(plan);
  const values = keys.map((key) => decodeKey(key, parts.length));
  const arrays = parts.map((part, i) => {
    const texts = values.map((value) => value[i] as string);
    return `${pg.escapeLiteral(arrayLiteral(texts))}::${part.type}[]`;
  });
  const columns = parts.map((part) => equalsExpression(part.expression));
  return `(${columns.join(', ')}) IN (SELECT * FROM unnest(${arrays.join(', ')}))`;
}

/** Equality needs no collation, and an index of the column's own can serve it. */
function equalsExpression(expression: string): string {
  return expression.replace(/ COLLATE "C"$/, '');
}

function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

export async function readOne(
  source: PgSource,
  plan: EntityPlan,
  { key, signal }: { key: string; signal: AbortSignal },
): Promise<Piece | null> {
  return onlyPiece(
    lookUpKeys(source, plan, {
      keys: [key],
      options: { format: 'rows', pieceBytes: ONE_PIECE_BYTES, signal },
    }),
  );
}

export async function sample(
  source: PgSource,
  plan: EntityPlan,
  { rows, signal }: { rows: number; signal: AbortSignal },
): Promise<Piece> {
  const select = [
    `SELECT ${selectList(plan)} ${fromClause(plan.spec.read)}`,
    whereClause(plan.spec),
    `LIMIT ${Math.max(0, Math.trunc(rows))}`,
  ].join(' ');
  const read = { select, format: textFormat(plan) };
  const piece = await onlyPiece(pieceStream(source, read, { pieceBytes: ONE_PIECE_BYTES, signal }));
  return piece ?? { format: 'rows', values: [], rows: 0, position: null, last: true };
}

async function onlyPiece(stream: PieceStream): Promise<Piece | null> {
  for await (const piece of stream) return piece;
  return null;
}
