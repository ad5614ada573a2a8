/** LOBs of rows that the session holds locked: what is written to them goes to their rows. */

import { OraError } from '../ora-error.ts';
import type { Cell } from '../types.ts';
import type { Row } from './cells.ts';
import type { Core } from './core.ts';
import type { LobRow, SessionLobs, WrittenLob } from './lobs.ts';
import type { Answer, Command, Value } from './pipeline.ts';

/** The rendered statement's columns `tableoid` and `ctid` stand behind those of `cells`. */
export function settleLobs(
  lobs: SessionLobs,
  cells: readonly Cell[],
  { row, fields }: { readonly row: Row; readonly fields: Answer['fields'] },
): void {
  const place = row[cells.length + 1] ?? null;
  const tableOid = row[cells.length] ?? null;
  if (tableOid === null || place === null) return;
  const home: LobRow = { tableOid, place };
  for (const [index, cell] of cells.entries()) {
    const field = fields[index];
    if (typeof cell !== 'object' || cell === null || !('lob' in cell) || field === undefined) continue;
    if (String(field.tableID) === tableOid) lobs.settle(cell, { row: home, columnId: field.columnID });
  }
}

/** Puts what was written to LOBs into their rows. @throws OraError */
export async function flushLobs(core: Core): Promise<void> {
  const byRow = new Map<LobRow, WrittenLob[]>();
  for (const lob of core.lobs.takeWritten()) {
    byRow.set(lob.home.row, [...(byRow.get(lob.home.row) ?? []), lob]);
  }
  for (const [row, written] of byRow) await writeRow(core, row, written);
}

async function writeRow({ transaction }: Core, row: LobRow, written: readonly WrittenLob[]): Promise<void> {
  const [names] = await transaction.statement([columnNames(row, written)], 'reads');
  const table = names?.rows[0]?.[0];
  if (table == null) throw new OraError(22922, 'nonexistent LOB value');
  const set = written.map((_, index) => `${names?.rows[index]?.[1]} = $${index + 2}`).join(', ');
  const values: Value[] = [row.place, ...written.map(({ value }) => (value.length === 0 ? '' : value))];
  // The row may have moved since: its chain of versions is followed.
  const text = `UPDATE ${table} SET ${set} WHERE ctid = currtid2('${table.replaceAll("'", "''")}', $1::tid) RETURNING ctid`;
  const [answer] = await transaction.statement([{ text, values }], 'mayWrite');
  const place = answer?.rows[0]?.[0];
  if (place == null) throw new OraError(22922, 'nonexistent LOB value');
  row.place = place;
}

function columnNames({ tableOid }: LobRow, written: readonly WrittenLob[]): Command {
  return {
    text: `SELECT format('%I.%I', n.nspname, c.relname), quote_ident(a.attname)
      FROM unnest($2::integer[]) WITH ORDINALITY AS wanted (number, place)
      JOIN pg_attribute AS a ON a.attrelid = $1::oid AND a.attnum = wanted.number
      JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      ORDER BY wanted.place`,
    values: [tableOid, `{${written.map(({ home }) => home.columnId).join(',')}}`],
  };
}
