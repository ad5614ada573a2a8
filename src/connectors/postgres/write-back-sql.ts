/**
 * The statements by which rows are locked, written and read again. One or many rows make the same text: values come as
 * one array of texts per column, numbered by `n`, and are cast to the columns' types without their lengths, so that an
 * assignment refuses what does not fit.
 */
import pg from 'pg';
import { decodeKey } from '../../domain/keys.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';
import { refused } from '../write-back/outcomes.ts';
import type { Texts } from '../write-contract.ts';
import { parseTable } from './relation.ts';
import type { WriteTable } from './write-back-table.ts';
import { checkValue, sameSql, valueSql, type WriteColumn } from './write-back-values.ts';

export type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** One row to be written: texts of its key, and of the columns that are set. */
export type RowTexts = {
  /** null: the database gives it. */
  readonly key: readonly string[] | null;
  readonly values: readonly (string | null)[];
};

export type Lock = {
  /** A delete must also keep out those who are about to refer to the row. */
  readonly strength: 'NO KEY UPDATE' | 'UPDATE';
  readonly others: 'wait' | 'NOWAIT' | 'SKIP LOCKED';
};

export type Selection = {
  readonly keys: readonly (readonly string[])[];
  /** What is shown of each row. */
  readonly shown: readonly WriteColumn[];
  /** Columns that some bases speak of, and each row's base; null: none. */
  readonly compared: { readonly columns: readonly WriteColumn[]; readonly bases: readonly Texts[] } | null;
  readonly lock: Lock | null;
};

/** Rows of `n`, the shown columns, and for each compared one whether it is as the base says. In the order of `n`. */
export function selectRows(table: WriteTable, { keys, shown, compared, lock }: Selection): Statement {
  const given = new Given();
  keyArrays(table, keys, given);
  const list = [
    'v.n',
    ...shown.map(({ name }) => `t.${quoteIdent(name)}`),
    ...(compared === null ? [] : comparisons(compared.columns, compared.bases, given)),
  ];
  return {
    text: `SELECT ${list.join(', ')} FROM ${given.from()} JOIN ${table.sqlName} AS t ON ${keysMeet(table)}
      ORDER BY v.n${lock === null ? '' : ` FOR ${lock.strength} OF t${lock.others === 'wait' ? '' : ` ${lock.others}`}`}`,
    values: given.values,
  };
}

/** Bases go as JSON by the columns' places, as each row may speak of others. */
function comparisons(columns: readonly WriteColumn[], bases: readonly Texts[], given: Given): string[] {
  const documents = bases.map((base) =>
    JSON.stringify(
      Object.fromEntries(
        columns.flatMap(({ name }, i) => (Object.hasOwn(base, name) ? [[i, base[name]] as const] : [])),
      ),
    ),
  );
  given.add('base', documents, 'jsonb');
  return columns.map(
    (column, i) =>
      `CASE WHEN v.base ? '${i}' THEN ${sameSql(column, `t.${quoteIdent(column.name)}`, `v.base ->> '${i}'`)} ELSE true END`,
  );
}

/** Returns the `n` of rows that were written. */
export function updateRows(
  table: WriteTable,
  columns: readonly WriteColumn[],
  rows: readonly RowTexts[],
): Statement {
  const given = rowArrays(table, columns, rows);
  const set = columns.map((column, i) => `${quoteIdent(column.name)} = ${valueSql(column, `v.v${i}`)}`);
  return {
    text: `UPDATE ${table.sqlName} AS t SET ${set.join(', ')} FROM ${given.from()} WHERE ${keysMeet(table)} RETURNING v.n`,
    values: given.values,
  };
}

/** Returns the `n` of rows that were deleted. */
export function deleteRows(table: WriteTable, keys: readonly (readonly string[])[]): Statement {
  const given = new Given();
  keyArrays(table, keys, given);
  return {
    text: `DELETE FROM ${table.sqlName} AS t USING ${given.from()} WHERE ${keysMeet(table)} RETURNING v.n`,
    values: given.values,
  };
}

/**
 * Returns the keys, in the order of the rows: an INSERT takes its rows one after the other as they come, and gives each
 * back when it has it.
 */
export function insertRows(
  table: WriteTable,
  columns: readonly WriteColumn[],
  rows: readonly RowTexts[],
): Statement {
  const given = rowArrays(table, columns, rows);
  const hasKeys = rows[0]?.key !== null;
  const { keySequence } = table.spec;
  const targets = [
    ...(hasKeys
      ? table.key.map((column, i) => [column, valueSql(column, `v.k${i}`)] as const)
      : keySequence === undefined
        ? []
        : [[table.key[0] as WriteColumn, nextValue(keySequence)] as const]),
    ...columns.map((column, i) => [column, valueSql(column, `v.v${i}`)] as const),
  ];
  const returned = table.key.map(({ name }) => `t.${quoteIdent(name)}`).join(', ');
  if (targets.length === 0) {
    return { text: `INSERT INTO ${table.sqlName} AS t DEFAULT VALUES RETURNING ${returned}`, values: [] };
  }
  const names = targets.map(([{ name }]) => quoteIdent(name)).join(', ');
  const list = targets.map(([, sql]) => sql).join(', ');
  return {
    text: `INSERT INTO ${table.sqlName} AS t (${names}) SELECT ${list} FROM ${given.from()} ORDER BY v.n RETURNING ${returned}`,
    values: given.values,
  };
}

function nextValue(sequence: string): string {
  const { schema, table } = parseTable(sequence);
  const name = schema === null ? quoteIdent(table) : quoteTable({ schema, table });
  return `nextval(${pg.escapeLiteral(name)}::regclass)`;
}

/** Arrays of one statement, side by side. */
class Given {
  readonly values: unknown[] = [];
  readonly #names: string[] = [];
  readonly #arrays: string[] = [];

  add(name: string, values: readonly unknown[], type: 'text' | 'int4' | 'jsonb'): void {
    this.values.push(values);
    this.#names.push(name);
    this.#arrays.push(`$${this.values.length}::${type}[]`);
  }

  from(): string {
    return `unnest(${this.#arrays.join(', ')}) AS v (${this.#names.join(', ')})`;
  }
}

function keyArrays(table: WriteTable, keys: readonly (readonly string[])[], given: Given): void {
  given.add(
    'n',
    keys.map((_, n) => n),
    'int4',
  );
  for (const i of table.key.keys()) {
    given.add(
      `k${i}`,
      keys.map((key) => key[i]),
      'text',
    );
  }
}

function rowArrays(table: WriteTable, columns: readonly WriteColumn[], rows: readonly RowTexts[]): Given {
  const given = new Given();
  const keys = rows.map(({ key }) => key);
  if (keys[0] === null) {
    given.add(
      'n',
      rows.map((_, n) => n),
      'int4',
    );
  } else keyArrays(table, keys as (readonly string[])[], given);
  for (const i of columns.keys()) {
    given.add(
      `v${i}`,
      rows.map(({ values }) => values[i] ?? null),
      'text',
    );
  }
  return given;
}

function keysMeet(table: WriteTable): string {
  return table.key
    .map((column, i) => `t.${quoteIdent(column.name)} = ${valueSql(column, `v.k${i}`)}`)
    .join(' AND ');
}

/** Texts of a key's columns. @throws Refused INVALID_VALUE */
export function keyTexts(table: WriteTable, key: string): string[] {
  const texts = decodeOrRefuse(table, key);
  for (const [i, column] of table.key.entries()) checkValue(column, texts[i] as string);
  return texts;
}

function decodeOrRefuse(table: WriteTable, key: string): string[] {
  try {
    return decodeKey(key, table.key.length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const names = table.key.map(({ name }) => name).join(', ');
    throw refused('INVALID_VALUE', `The key’s text does not hold ${names}`);
  }
}
