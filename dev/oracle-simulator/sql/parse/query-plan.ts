import type { AsOf, Query, RowLock, Select, TableName, Wait } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import type { QueryPlan } from '../plan.ts';
import { containsAggregate, shapeOf } from '../walk.ts';
import {
  accept,
  acceptSymbol,
  commaList,
  expect,
  isWord,
  name,
  offsetOf,
  type Parser,
  peek,
  wholeNumber,
} from './parser.ts';
import { query } from './query.ts';

/** A query at the top of a statement, with FOR UPDATE. @throws OraError 439, 2014 */
export function queryPlan(p: Parser): QueryPlan {
  const offset = offsetOf(p);
  const plain = query(p);
  const forUpdate = rowLock(p);
  if (forUpdate !== null) checkLockable(plain, offset);
  const whole = { ...plain, forUpdate };
  return {
    kind: 'query',
    query: whole,
    locksRows: forUpdate !== null,
    wait: forUpdate?.wait ?? { kind: 'forever' },
    lockedTable: forUpdate === null ? null : onlyTable(p, whole),
    flashback: commonFlashback(p),
    asksScn: p.asksScn,
    columnNames: columnNames(whole),
  };
}

function rowLock(p: Parser): RowLock | null {
  if (!isWord(peek(p), 'FOR')) return null;
  accept(p, 'FOR');
  expect(p, 'UPDATE');
  const of = accept(p, 'OF') ? commaList(p, () => columnPath(p)) : [];
  return { of, wait: waiting(p) };
}

function columnPath(p: Parser): RowLock['of'][number] {
  const offset = offsetOf(p);
  const path = [name(p)];
  while (acceptSymbol(p, '.')) path.push(name(p));
  return { path, offset };
}

/** `[NOWAIT | WAIT n | SKIP LOCKED]`. */
export function waiting(p: Parser): Wait {
  if (accept(p, 'NOWAIT')) return { kind: 'nowait' };
  if (accept(p, 'SKIP', 'LOCKED')) return { kind: 'skipLocked' };
  return accept(p, 'WAIT') ? { kind: 'seconds', seconds: wholeNumber(p) } : { kind: 'forever' };
}

function checkLockable(whole: Query, offset: number): void {
  const select = onlySelect(whole);
  const grouped =
    select === null ||
    select.distinct ||
    select.groupBy.length > 0 ||
    select.having !== null ||
    select.items.some((item) => item.kind === 'value' && containsAggregate(item.value));
  if (grouped || whole.fetch !== null || whole.skip !== null) throw failure(2014, offset);
}

function onlySelect({ body }: Query): Select | null {
  return body.kind === 'select' ? body : null;
}

/** The table of a query that reads one stored table and nothing else. */
function onlyTable(p: Parser, whole: Query): TableName | null {
  const from = onlySelect(whole)?.from ?? [];
  const only = from.length === 1 ? from[0] : undefined;
  if (only?.kind !== 'table' || only.table.name === 'DUAL') return null;
  return only.table.schema === null && p.commonTables.has(only.table.name) ? null : only.table;
}

/** AS OF of the statement: of all its tables or of none. */
function commonFlashback(p: Parser): AsOf | null {
  const stored = p.tables.filter(
    ({ table }) => table.name !== 'DUAL' && !(table.schema === null && p.commonTables.has(table.name)),
  );
  const first = p.tables.find(({ asOf }) => asOf !== null);
  if (first?.asOf === undefined || first.asOf === null) return null;
  const same = shapeOf(first.asOf);
  const other = stored.find(({ asOf }) => shapeOf(asOf) !== same);
  if (other === undefined) return first.asOf;
  throw unsupported('tables of one query at different SCNs', other.table.offset);
}

/** @throws OraError 439: what writes cannot read the past. */
export function refuseFlashback(p: Parser): void {
  const past = p.tables.find(({ asOf }) => asOf !== null);
  if (past !== undefined) throw unsupported('AS OF in a statement that writes', past.table.offset);
}

function columnNames({ body }: Query): readonly string[] | null {
  let first = body;
  while (first.kind !== 'select') first = first.kind === 'set' ? first.left : first.query.body;
  const names: string[] = [];
  for (const item of first.items) {
    if (item.kind === 'star') return null;
    names.push(item.name);
  }
  return names;
}
