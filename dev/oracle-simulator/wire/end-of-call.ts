/** The message that ends a reply: a status, or an error (number 0: none) with what became of the call. */

import type { OraError } from '../ora-error.ts';
import { FIELD_VERSION } from './capabilities.ts';
import { TtcWriter } from './writer.ts';

const ERROR_MESSAGE = 4;
const STATUS_MESSAGE = 9;
const TRANSACTION_OPEN = 0x02;
const MAX_UB2 = 0xffff;
const MAX_SB2 = 0x7fff;
const MAX_UB4 = 0xffffffff;
/** Bytes that go behind one length byte. */
const SHORT_MAX = 252;
const CHUNKED = 0xfe;
const ROWID_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A failed iteration of an array DML. */
export type BatchError = {
  /** Of the iteration, from 0. */
  readonly offset: number;
  readonly error: OraError;
};

export type EndOfCall = {
  readonly error: OraError | null;
  /** The sequence byte of the request that is answered. */
  readonly callNumber: number;
  readonly cursorId: number;
  /** Rows affected, or rows fetched from the cursor until now. */
  readonly rowCount: number;
  readonly batchErrors: readonly BatchError[];
  /** Of an array DML that stopped at a failed one: JDBC gives so many update counts with its error. */
  readonly goodIterations?: number;
  readonly inTransaction: boolean;
  readonly fieldVersion: number;
  /** 18 characters: the last row that was written. */
  readonly rowid?: string | null;
};

/** What calls end with that have nothing more to tell. */
export function writeStatus(writer: TtcWriter, status: { readonly inTransaction: boolean }): void {
  writer.uint8(STATUS_MESSAGE);
  writer.ub(callStatus(status.inTransaction));
  writer.ub(0); // end to end sequence
}

/** What statements, and all calls that failed, end with. */
export function writeError(writer: TtcWriter, end: EndOfCall): void {
  const number = end.error?.number ?? 0;
  writer.uint8(ERROR_MESSAGE);
  writer.ub(callStatus(end.inTransaction));
  writer.ub(0); // end to end sequence
  writer.ub(Math.min(end.rowCount, MAX_UB4));
  writer.ub(number > MAX_UB2 ? 0 : number);
  writer.ub(0); // array element: error
  writer.ub(0); // array element: position
  writer.ub(end.cursorId);
  writer.sb(Math.min(end.error?.offset ?? 0, MAX_SB2));
  writer.raw(new Uint8Array(6)); // SQL type, fatal, flags, cursor options, UPI parameter, warning
  writeRowid(writer, end.rowid ?? null);
  writer.ub(0); // operating system error
  writer.uint8(0); // statement number
  writer.uint8(end.callNumber);
  writer.ub(0); // padding
  writer.ub(end.goodIterations ?? 0);
  writer.ub(0); // logical rowid
  writeBatchErrors(writer, end.batchErrors);
  writer.ub(number);
  writer.ub(end.rowCount);
  if (end.fieldVersion >= FIELD_VERSION.v20) {
    writer.ub(0); // SQL type
    writer.ub(0); // checksum
  }
  if (end.error !== null) writer.text(`${end.error.message}\n`);
}

function callStatus(inTransaction: boolean): number {
  return inTransaction ? TRANSACTION_OPEN : 0;
}

function writeRowid(writer: TtcWriter, rowid: string | null): void {
  const digits = rowid?.length === 18 ? rowid : 'A'.repeat(18);
  writer.ub(fromDigits(digits.slice(0, 6))); // object
  writer.ub(fromDigits(digits.slice(6, 9))); // file
  writer.uint8(0);
  writer.ub(fromDigits(digits.slice(9, 15))); // block
  writer.ub(fromDigits(digits.slice(15, 18))); // row
}

function fromDigits(digits: string): number {
  let value = 0;
  for (const digit of digits) value = value * 64 + Math.max(0, ROWID_DIGITS.indexOf(digit));
  return value;
}

/** Three lists side by side: numbers, offsets, texts. The wire counts at most 65,535 of them. */
function writeBatchErrors(writer: TtcWriter, all: readonly BatchError[]): void {
  const errors = all.slice(0, MAX_UB2);
  writeList(
    writer,
    errors.map(({ error }) => error.number),
  );
  writeList(
    writer,
    errors.map(({ offset }) => offset),
  );
  writer.ub(errors.length);
  if (errors.length === 0) return;
  writer.uint8(0); // packed size
  for (const { error } of errors) {
    writer.countedText(error.message);
    writer.ub(0); // length of a binary value
    writer.ub(0); // key
  }
}

/**
 * How many, then their bytes behind the length of all of them, or each in a chunk of its own: JDBC reads the bytes
 * first and the numbers from them, other drivers number by number, without a look at the length.
 */
function writeList(writer: TtcWriter, values: readonly number[]): void {
  writer.ub(values.length);
  if (values.length === 0) return;
  const part = new TtcWriter();
  const parts = values.map((value) => {
    part.ub(value);
    return part.take();
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const chunked = length > SHORT_MAX;
  writer.uint8(chunked ? CHUNKED : length);
  for (const part of parts) {
    if (chunked) writer.ub(part.length);
    writer.raw(part);
  }
  if (chunked) writer.uint8(0);
}
