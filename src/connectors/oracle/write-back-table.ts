/** What the dictionary says of a table that is written: its columns' types, by which texts become values. */
import oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import type { WriteEntity } from '../write-contract.ts';
import { columnType } from './column-types.ts';
import { parseTable, quoteTable } from './relation.ts';
import { asText } from './session.ts';
import type { ValueKind, WriteColumn } from './write-back-values.ts';

export type WriteTable = {
  readonly spec: WriteEntity;
  /** As a statement names it. */
  readonly sqlName: string;
  readonly key: readonly WriteColumn[];
  /** Every column of the table, by its name. */
  readonly columns: ReadonlyMap<string, WriteColumn>;
  /** What verdicts show of a row: the key first. */
  readonly rowColumns: readonly WriteColumn[];
};

const COLUMNS = `
  SELECT column_name, data_type, data_precision, data_scale FROM all_tab_columns
   WHERE owner = NVL(:owner, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND table_name = :name
   ORDER BY column_id`;

type ColumnRow = [name: string, type: string, precision: string | null, scale: string | null];

/** @throws SyncError SOURCE_QUERY with scope 'entity' when the table or a column named by the entity is missing. */
export async function describeTable(connection: oracledb.Connection, spec: WriteEntity): Promise<WriteTable> {
  const at = parseTable(spec.table);
  const { rows = [] } = await connection.execute<ColumnRow>(
    COLUMNS,
    { owner: at.schema, name: at.table },
    { outFormat: oracledb.OUT_FORMAT_ARRAY, fetchTypeHandler: asText },
  );
  if (rows.length === 0) throw missing(spec, `table ${spec.table} is not there, or not granted`);
  const columns = new Map(
    rows.map(([name, type, precision, scale]) => [
      name,
      writeColumn([name, type, count(precision), count(scale)]),
    ]),
  );
  const key = spec.key.map((name) => named(spec, columns, name));
  if (spec.originColumn !== undefined) named(spec, columns, spec.originColumn);
  const shown = spec.rowColumns?.map((name) => named(spec, columns, name)) ?? [...columns.values()];
  return {
    spec,
    sqlName: quoteTable(at),
    key,
    columns,
    rowColumns: [...key, ...shown.filter((column) => column.kind !== null && !key.includes(column))],
  };
}

function named(spec: WriteEntity, columns: ReadonlyMap<string, WriteColumn>, name: string): WriteColumn {
  const column = columns.get(name);
  if (column === undefined) throw missing(spec, `table ${spec.table} has no column ${name}`);
  if (column.kind === null) throw missing(spec, `column ${name} is ${column.type}, which cannot be written`);
  return column;
}

function missing(spec: WriteEntity, problem: string): SyncError {
  return new SyncError('SOURCE_QUERY', {
    message: `Entity ${spec.entity}: ${problem}`,
    details: { scope: 'entity' },
    remedy:
      'Correct the entity’s `read.table`, `key` or `upload`, or grant the source’s user what docs/oracle.md lists.',
  });
}

function count(text: string | null): number | null {
  return text === null ? null : Number(text);
}

/** A row of ALL_TAB_COLUMNS. */
export function writeColumn([name, type, precision, scale]: [
  name: string,
  type: string,
  precision: number | null,
  scale: number | null,
]): WriteColumn {
  const isFloat = type === 'FLOAT';
  return {
    name,
    type,
    kind: writtenAs(type),
    // FLOAT counts binary digits.
    precision: isFloat && precision !== null ? Math.ceil(precision * DECIMALS_PER_BIT) : precision,
    scale: isFloat ? null : scale,
    national: columnType(type).national,
  };
}

const DECIMALS_PER_BIT = Math.log10(2);

/** null: without a text that Oracle would read back as it was, or compare. */
function writtenAs(type: string): ValueKind | null {
  const { kind } = columnType(type);
  switch (kind) {
    case 'boolean':
    case 'json':
    case 'xml':
      return null;
    case 'localZoned':
      return 'zoned';
    case 'rowid':
      // CHARTOROWID reads the places of heap rows only.
      return type === 'ROWID' ? kind : null;
    default:
      return kind;
  }
}
