/**
 * Digests that tell whether two databases hold the same rows. A row's canonical text is its values as casts to text
 * give them, joined by `|`; `\` and `|` in a value are escaped by `\`, and NULL is `\N`, which no value is. The
 * digest is the sum, modulo 2^64, of the first 8 bytes of each text's md5: the order of rows does not matter, and
 * equal rows do not cancel each other out as XOR would have it.
 *
 * The SQL needs standard_conforming_strings, TimeZone UTC, DateStyle ISO, IntervalStyle postgres, extra_float_digits
 * 1 or more and bytea_output hex on both sides.
 */
import { createHash } from 'node:crypto';
import { wireTypeOf } from './pg-binary-decode.ts';

const TWO_64 = 2n ** 64n;

/** SQL text expression of a row's canonical text. Expressions are SQL; their types are PostgreSQL's. */
export function canonicalRowSql(
  columns: readonly { readonly expression: string; readonly type: string }[],
): string {
  if (columns.length === 0) return `''`;
  return columns.map(({ expression, type }) => canonicalValueSql(expression, type)).join(` || '|' || `);
}

function canonicalValueSql(expression: string, type: string): string {
  const text = `(${expression})::text`;
  const escaped = isPlain(type) ? text : `replace(replace(${text}, '\\', '\\\\'), '|', '\\|')`;
  return `coalesce(${escaped}, '\\N')`;
}

const FREE_TEXT = new Set(['text', 'bpchar', 'json', 'jsonb', 'bytea']);

/** Types whose texts never hold a backslash or a bar: escaping takes half of the time that a digest takes. */
function isPlain(type: string): boolean {
  const wire = wireTypeOf(type);
  return wire !== null && !FREE_TEXT.has(wire);
}

/**
 * SQL aggregate over rows: the digest as decimal text, '0' of no rows.
 * @param rowSql a canonical text, whatever the encoding of the database.
 */
export function digestSql(rowSql: string): string {
  const hash = `('x' || left(md5(convert_to(${rowSql}, 'UTF8')), 16))::bit(64)::bigint`;
  // The hashes are signed here and unsigned elsewhere, which is the same modulo 2^64.
  return `mod(mod(coalesce(sum(${hash}), 0), ${TWO_64}) + ${TWO_64}, ${TWO_64})::text`;
}

/** @param values as casts to text give them: `true`, not COPY's `t`. */
export function canonicalRowText(values: readonly (string | null)[]): string {
  return values.map((value) => (value === null ? '\\N' : value.replace(/[\\|]/g, '\\$&'))).join('|');
}

/** What `digestSql` gives for rows of these canonical texts. */
export function digestOf(rowTexts: Iterable<string>): string {
  let sum = 0n;
  for (const text of rowTexts) sum += createHash('md5').update(text, 'utf8').digest().readBigUInt64BE();
  return String(sum % TWO_64);
}
