/** Rows as they are in the database, and how they differ from what mutations expect. */
import type pg from 'pg';
import { canonicalKeyPart, encodeKey } from '../../domain/keys.ts';
import { refused } from '../write-back/outcomes.ts';
import type { Texts } from '../write-contract.ts';
import { type Lock, type Statement, selectRows } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import type { WriteColumn } from './write-back-values.ts';

export type Found = {
  readonly row: Texts;
  /** Columns in which the row is not as the base says. */
  readonly differing: readonly string[];
};

export type Wanted = {
  readonly key: readonly string[];
  readonly base: Texts | null;
  readonly compared: readonly WriteColumn[];
};

/** By their places in `wanted`; those that are not there, or locked under SKIP LOCKED, are left out. */
export async function fetchRows(
  client: pg.PoolClient,
  table: WriteTable,
  { wanted, lock }: { readonly wanted: readonly Wanted[]; readonly lock: Lock | null },
): Promise<Map<number, Found>> {
  const columns = [...new Set(wanted.flatMap(({ compared }) => compared))];
  const shown = [...table.rowColumns, ...columns.filter((column) => !table.rowColumns.includes(column))];
  const rows = await queryArrays(
    client,
    selectRows(table, {
      keys: wanted.map(({ key }) => key),
      shown,
      compared: columns.length === 0 ? null : { columns, bases: wanted.map(({ base }) => base ?? {}) },
      lock,
    }),
  );
  const found = new Map<number, Found>();
  for (const [n, ...texts] of rows) {
    const at = Number(n);
    if (found.has(at)) throw refused('KEY_NOT_UNIQUE', 'The key matches several rows');
    const order = Object.keys(wanted[at]?.base ?? {});
    found.set(at, {
      row: Object.fromEntries(shown.map(({ name }, i) => [name, texts[i] ?? null])),
      // In the order of its own base: several mutations are compared together, each names columns in an order of its own.
      differing: columns
        .filter((_, i) => texts[shown.length + i] !== 't')
        .map(({ name }) => name)
        .sort((one, other) => order.indexOf(one) - order.indexOf(other)),
    });
  }
  return found;
}

export async function fetchRow(
  client: pg.PoolClient,
  table: WriteTable,
  key: readonly string[],
): Promise<Texts | null> {
  const rows = await fetchRows(client, table, { wanted: [{ key, base: null, compared: [] }], lock: null });
  return rows.get(0)?.row ?? null;
}

/** Values by position: columns may have any name. */
export async function queryArrays(
  client: pg.PoolClient,
  { text, values }: Statement,
): Promise<(string | null)[][]> {
  const { rows } = await client.query<(string | null)[]>({
    text,
    values: values as unknown[],
    rowMode: 'array',
  });
  return rows;
}

/** The key of a row that the database has written. */
export function keyOf(table: WriteTable, texts: readonly (string | null | undefined)[]): string {
  return encodeKey(
    table.key.map(({ name, kind }, i) => {
      const text = texts[i] ?? null;
      if (text === null) {
        throw refused('NO_KEY', `Neither a sequence nor the table or procedure gave ${name}`);
      }
      return canonicalKeyPart(text, kind);
    }),
  );
}
