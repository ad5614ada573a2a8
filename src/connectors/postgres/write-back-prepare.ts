/** What a mutation writes, and all that can be refused without asking the database. */
import { refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts } from '../write-contract.ts';
import { keyTexts, type RowTexts } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { checkValue, type WriteColumn } from './write-back-values.ts';

/** A mutation, ready for statements. */
export type Prepared = {
  readonly mutation: Mutation;
  readonly row: RowTexts;
  /** Columns that are set, in the order of `row.values`. Of an update, none: nothing is written. */
  readonly columns: readonly WriteColumn[];
  /** Columns that the base speaks of. */
  readonly compared: readonly WriteColumn[];
};

/** @throws Refused */
export function prepare(table: WriteTable, mutation: Mutation): Prepared {
  const { operation, key, origin, base } = mutation;
  if (key === null && operation !== 'insert') throw refused('INVALID_VALUE', `${operation} needs a key`);
  const keys = key === null ? null : keyTexts(table, key);
  const { originColumn, call } = table.spec;
  if (keys !== null && operation === 'insert' && call === undefined) checkWritable(table.key);
  const values = operation === 'delete' ? {} : withoutKey(table, mutation, keys);
  // With nothing but its origin to change, a row stays as it is.
  const isTagged =
    originColumn !== undefined && operation !== 'delete' && !(operation === 'update' && isEmpty(values));
  const tagged = isTagged ? { ...values, [originColumn]: origin } : values;
  const columns = columnsOf(table, tagged);
  if (call === undefined) checkWritable(columns);
  checkTexts(columns, tagged);
  const compared = operation === 'insert' ? [] : columnsOf(table, base ?? {});
  checkTexts(compared, base ?? {});
  return {
    mutation,
    row: { key: keys, values: columns.map(({ name }) => tagged[name] ?? null) },
    columns,
    compared,
  };
}

function isEmpty(texts: Texts): boolean {
  return Object.keys(texts).length === 0;
}

function columnsOf(table: WriteTable, texts: Texts): WriteColumn[] {
  return Object.keys(texts).map((name) => {
    const column = table.columns.get(name);
    if (column === undefined) throw refused('UNKNOWN_COLUMN', `${name} is no column of the table`);
    return column;
  });
}

function checkWritable(columns: readonly WriteColumn[]): void {
  const column = columns.find(({ readOnly }) => readOnly !== null);
  if (column !== undefined) {
    throw refused('READ_ONLY_COLUMN', `${column.name} is given by the database itself`);
  }
}

function checkTexts(columns: readonly WriteColumn[], texts: Texts): void {
  for (const column of columns) {
    const text = texts[column.name] ?? null;
    if (text !== null) checkValue(column, text);
  }
}

/** Key columns among the values must say what the key says: a row's key never changes. */
function withoutKey(table: WriteTable, { values }: Mutation, keys: readonly string[] | null): Texts {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const at = table.key.findIndex((column) => column.name === name);
      if (at === -1) return true;
      if (keys === null ? value === null : value === keys[at]) return false;
      throw refused('KEY_CHANGED', `${name} is part of the key, which cannot be changed`);
    }),
  );
}
