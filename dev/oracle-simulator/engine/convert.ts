/** Values that come back in binds of another type than theirs: converted as Oracle does without being asked. */

import { OraError } from '../ora-error.ts';
import type { ValueKind } from '../sql/functions.ts';
import { kindOfType } from '../sql/render/kinds.ts';
import type { BindType, Cell, Column } from '../types.ts';
import { cellReader, type LobShelf } from './cells.ts';
import type { Answer, Command } from './pipeline.ts';

/** PostgreSQL's type of values of a kind. */
const types: Readonly<Record<ValueKind, string>> = {
  text: 'text',
  number: 'numeric',
  double: 'double precision',
  date: 'oracle.date',
  timestamp: 'oracle.timestamp9',
  zoned: 'timestamptz',
  interval: 'interval',
  raw: 'oracle.raw',
  clob: 'oracle.clob',
  blob: 'oracle.blob',
  rowid: 'oracle.rowid',
};

/** What makes `$1`, cast to its own type, the other one; kinds that are not listed do not go together. */
const conversions: Readonly<Partial<Record<ValueKind, Readonly<Partial<Record<ValueKind, string>>>>>> = {
  text: {
    number: 'oracle.to_char',
    double: 'oracle.to_char',
    date: 'oracle.to_char',
    timestamp: 'oracle.to_char',
    zoned: 'oracle.to_char',
    interval: 'oracle.to_char',
    raw: 'oracle.to_char',
    rowid: '',
    clob: '',
  },
  number: { text: 'oracle.to_number', double: 'oracle.to_number' },
  double: { text: 'oracle.to_number', number: '' },
  date: { text: 'oracle.to_date', timestamp: '', zoned: '' },
  timestamp: { text: 'oracle.to_timestamp', date: '', zoned: '' },
  zoned: { text: 'oracle.to_timestamp_tz', date: '', timestamp: '' },
  interval: {},
  raw: { text: 'oracle.hextoraw', blob: '' },
  clob: { text: '' },
  blob: { raw: '' },
  rowid: { text: '' },
};

export type Runner = (commands: readonly Command[]) => Promise<readonly Answer[]>;

type Text = string | null;

/**
 * Reads values of some columns as the binds that they go into.
 * @throws OraError 6502 for types that do not go together
 */
export async function boundCells(
  values: { readonly columns: readonly Column[]; readonly rows: readonly (readonly Text[])[] },
  into: readonly BindType[],
  context: { readonly run: Runner; readonly lobs: LobShelf },
): Promise<(readonly Cell[])[]> {
  const converted = await convertTexts(values, into, context.run);
  const readers = into.map((bind, index) => {
    const column = values.columns[index];
    const isSame = column !== undefined && kindOfType(column.type) === kindOfType(bind.type);
    return cellReader(isSame ? column : bind, context.lobs);
  });
  return converted.map((row) =>
    readers.map((reader, index) => {
      const text = row[index] ?? null;
      return text === null || reader === null ? text : reader(text);
    }),
  );
}

async function convertTexts(
  { columns, rows }: { readonly columns: readonly Column[]; readonly rows: readonly (readonly Text[])[] },
  into: readonly BindType[],
  run: Runner,
): Promise<readonly (readonly Text[])[]> {
  const casts = into.map((bind, index) => conversionOf(columns[index], bind));
  if (casts.every((cast) => cast === null)) return rows;
  const items = casts.map((cast, index) => (cast === null ? `$${index + 1}::text` : cast(`$${index + 1}`)));
  const text = `SELECT ${items.join(', ')}`;
  const answers = await run(
    rows.map((row) => ({ text, values: into.map((_, index) => row[index] ?? null) })),
  );
  return answers.map((answer) => answer.rows[0] ?? []);
}

function conversionOf(column: Column | undefined, bind: BindType): ((place: string) => string) | null {
  if (column === undefined) return null;
  const [from, to] = [kindOfType(column.type), kindOfType(bind.type)];
  if (from === to) return null;
  const name = conversions[to]?.[from];
  if (name === undefined) {
    throw new OraError(6502, `PL/SQL: numeric or value error: a ${column.type.name} is no ${bind.type.name}`);
  }
  return (place) => `(${name}(${place}::${types[from]}))::${types[to]}::text`;
}
