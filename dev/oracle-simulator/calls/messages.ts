/** The messages that a reply is made of, ends and descriptions excepted. */

import type { TtcWriter } from '../wire/writer.ts';

export const ROW_DATA = 7;

const ROW_HEADER = 6;
const RETURN_PARAMETERS = 8;
const IO_VECTOR = 11;
const PARAMETERS = 6;

export const DIRECTION = { in: 32, out: 16, both: 48 } as const;

/** In front of the rows of a query. */
export function writeRowHeader(
  writer: TtcWriter,
  counts: { readonly columns: number; readonly rows: number },
): void {
  writer.uint8(ROW_HEADER);
  writer.uint8(0); // flags
  writer.ub(counts.columns);
  writer.ub(0); // iteration
  writer.ub(counts.rows);
  writer.ub(0); // length of a buffer
  writer.ub(0); // columns that are as in the row before: none
  writer.ub(0); // rowid
}

/** Which binds come back. */
export function writeIoVector(
  writer: TtcWriter,
  directions: readonly number[],
  counts: { readonly iterations: number },
): void {
  writer.uint8(IO_VECTOR);
  writer.uint8(0); // flags
  writer.ub(directions.length % 256);
  writer.ub(Math.floor(directions.length / 256));
  writer.ub(counts.iterations);
  writer.ub(0); // length of a buffer
  writer.ub(0); // bits
  writer.ub(0); // rowid
  for (const direction of directions) writer.uint8(direction);
}

/** What precedes the end of each execution. `rowCounts`: for clients that asked for them. */
export function writeReturnParameters(
  writer: TtcWriter,
  values: { readonly cursorId: number; readonly rowCounts: readonly number[] | null },
): void {
  writer.uint8(RETURN_PARAMETERS);
  writer.ub(PARAMETERS);
  writer.ub(1); // SCN, low part
  writer.ub(0); // SCN, high part
  writer.ub(values.cursorId);
  for (let field = 3; field < PARAMETERS; field++) writer.ub(0);
  writer.ub(0); // transaction
  writer.ub(0); // keys and values
  writer.ub(0); // registration
  if (values.rowCounts === null) return;
  writer.ub(values.rowCounts.length);
  for (const count of values.rowCounts) writer.ub(count);
}
