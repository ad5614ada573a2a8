/** Do two texts of one column say the same? Narrower than equality in the database: what is not known to be equal differs. */
import { sameJson } from '../merge/json-values.ts';
import { booleanOf } from '../shape-view.ts';
import { parseType } from '../types.ts';
import { compareDecimals, parseDecimal, timestampMicros } from '../values.ts';
import { isJsonType, parseJsonText } from './json-text.ts';

type Same = (left: string, right: string) => boolean;

/** '1.50' is '1.5'; NaN and Infinity are texts. */
const sameNumber: Same = (left, right) => {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  return a !== null && b !== null && compareDecimals(a, b) === 0;
};

/** One instant has a text in each time zone; a microsecond makes two. */
const sameInstant: Same = (left, right) => {
  const [a, b] = [timestampMicros(left), timestampMicros(right)];
  return a !== null && a === b;
};

/** Padding of character(n) counts for nothing, as in PostgreSQL. */
const samePadded: Same = (left, right) => left.replace(/ +$/, '') === right.replace(/ +$/, '');

/** `t` where a row was copied, `true` where it was cast. */
const sameBoolean: Same = (left, right) => {
  const seen = booleanOf(left);
  return typeof seen === 'boolean' && seen === booleanOf(right);
};

const sameDocument: Same = (left, right) => {
  const [a, b] = [parseJsonText(left), parseJsonText(right)];
  return a !== undefined && b !== undefined && sameJson(a, b);
};

const BY_TYPE: Readonly<Record<string, Same>> = {
  smallint: sameNumber,
  integer: sameNumber,
  bigint: sameNumber,
  numeric: sameNumber,
  real: sameNumber,
  'double precision': sameNumber,
  'timestamp with time zone': sameInstant,
  character: samePadded,
  bpchar: samePadded,
  boolean: sameBoolean,
};

/** @param type as format_type() prints it */
export function sameValue(type: string, left: string | null, right: string | null): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  const { base, array } = parseType(type);
  if (array) return false;
  if (isJsonType(base)) return sameDocument(left, right);
  return Object.hasOwn(BY_TYPE, base) && (BY_TYPE[base] as Same)(left, right);
}
