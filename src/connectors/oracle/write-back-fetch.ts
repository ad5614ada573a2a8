/** Rows as they are in the database, and how they differ from what a mutation expects. */
import oracledb from 'oracledb';
import { refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts } from '../write-contract.ts';
import { asText } from './session.ts';
import { sameValue } from './write-back-compare.ts';
import { readText } from './write-back-read.ts';
import type { Statement } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { InvalidValue, type WriteColumn } from './write-back-values.ts';

/** null: there is none. @throws Refused when there are several */
export async function fetchRow(
  connection: oracledb.Connection,
  table: WriteTable,
  { sql, binds }: Statement,
): Promise<Texts | null> {
  const rows = await fetchRows(connection, table, { sql, binds });
  if (rows.length > 1) throw refused('KEY_NOT_UNIQUE', 'The key matches several rows');
  return rows[0] ?? null;
}

export async function fetchRows(
  connection: oracledb.Connection,
  table: WriteTable,
  { sql, binds }: Statement,
): Promise<Texts[]> {
  const { rows = [] } = await connection.execute<unknown[]>(sql, binds, {
    outFormat: oracledb.OUT_FORMAT_ARRAY,
    fetchTypeHandler: asText,
  });
  return rows.map((values) =>
    Object.fromEntries(table.rowColumns.map((column, i) => [column.name, readText(column, values[i])])),
  );
}

/** The table with all columns that the bases speak of, shown or not. @throws InvalidValue */
export function withBase(table: WriteTable, { base }: Pick<Mutation, 'base'>): WriteTable {
  const more = columnsOf(table, base ?? {}).filter((column) => !table.rowColumns.includes(column));
  return more.length === 0 ? table : { ...table, rowColumns: [...table.rowColumns, ...more] };
}

/** Columns of `expected` in which the row differs. */
export function differing(table: WriteTable, expected: Texts, row: Texts): string[] {
  return columnsOf(table, expected)
    .filter((column) => !sameValue(column, expected[column.name] ?? null, row[column.name] ?? null))
    .map(({ name }) => name);
}

/** @throws InvalidValue, Refused */
function columnsOf(table: WriteTable, texts: Texts): WriteColumn[] {
  return Object.keys(texts).map((name) => {
    const column = table.columns.get(name);
    if (column === undefined) throw refused('UNKNOWN_COLUMN', `${name} is no column of the table`);
    if (column.kind === null)
      throw new InvalidValue(name, `stands in the base, but is ${column.type}, which cannot be compared`);
    return column;
  });
}
