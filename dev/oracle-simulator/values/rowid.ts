/** ROWIDs as clients read them in rows: four numbers, which clients print in 18 digits to the base 64. */

import { OraError } from '../ora-error.ts';
import type { TtcReader } from '../wire/reader.ts';
import type { TtcWriter } from '../wire/writer.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** What Oracle calls the length of a rowid; clients look only whether it is 0. */
const ROWID_LENGTH = 14;
const PHYSICAL = 1;

type Rowid = { readonly object: number; readonly file: number; readonly block: number; readonly row: number };

/** @throws OraError 1410 */
export function parseRowid(text: string): Rowid {
  if (text.length !== 18) throw invalidRowid();
  const rowid = {
    object: digits(text, 0, 6),
    file: digits(text, 6, 9),
    block: digits(text, 9, 15),
    row: digits(text, 15, 18),
  };
  const fits =
    rowid.object <= 0xffffffff && rowid.file <= 0xffff && rowid.block <= 0xffffffff && rowid.row <= 0xffff;
  if (!fits) throw invalidRowid();
  return rowid;
}

/** The value of a column of type ROWID. */
export function writeRowid(writer: TtcWriter, text: string): void {
  const { object, file, block, row } = parseRowid(text);
  writer.uint8(ROWID_LENGTH);
  writer.ub(object);
  writer.ub(file);
  writer.uint8(0);
  writer.ub(block);
  writer.ub(row);
}

/** A bind value of type ROWID: JDBC sends the four numbers as it got them, behind that length, which is not one of bytes. */
export function readRowid(reader: TtcReader): string | null {
  if (reader.uint8() === 0) return null;
  const object = reader.count();
  const file = reader.count();
  reader.uint8();
  const block = reader.count();
  const row = reader.count();
  return print(object, 6) + print(file, 3) + print(block, 6) + print(row, 3);
}

/** The value of a column of type UROWID, which is a physical one here. */
export function writeUrowid(writer: TtcWriter, text: string): void {
  const { object, file, block, row } = parseRowid(text);
  const bytes = Buffer.alloc(13);
  bytes[0] = PHYSICAL;
  bytes.writeUInt32BE(object, 1);
  bytes.writeUInt16BE(file, 5);
  bytes.writeUInt32BE(block, 7);
  bytes.writeUInt16BE(row, 11);
  writer.bytes(Buffer.of(bytes.length));
  writer.bytes(bytes);
}

function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = DIGITS.indexOf(text[at] as string);
    if (digit < 0) throw invalidRowid();
    value = value * 64 + digit;
  }
  return value;
}

function print(value: number, width: number): string {
  let text = '';
  for (let rest = value; text.length < width; rest = Math.floor(rest / 64)) text = DIGITS[rest % 64] + text;
  return text;
}

function invalidRowid(): OraError {
  return new OraError(1410, 'invalid ROWID');
}
