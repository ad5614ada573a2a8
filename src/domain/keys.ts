/**
 * The one text form of a key, and of any position made of several values. A single value stands as it is; the parts
 * of a composite key are joined by `|`, with `\` and `|` in a part escaped by `\`. `keySql` builds the same text in
 * PostgreSQL: both sides must agree on every key, which test/domain/keys.pg.test.ts checks.
 */

export function encodeKey(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] as string;
  return parts.map((part) => part.replace(/[\\|]/g, '\\$&')).join('|');
}

/** @throws RangeError when the text does not hold `arity` parts. */
export function decodeKey(key: string, arity: number): string[] {
  if (arity === 1) return [key];
  const parts = [''];
  for (let i = 0; i < key.length; i++) {
    const char = key[i] as string;
    if (char === '|') parts.push('');
    else parts[parts.length - 1] += char === '\\' ? (key[++i] ?? '') : char;
  }
  if (parts.length !== arity)
    throw new RangeError(`A key of ${arity} parts cannot be read from ${parts.length}`);
  return parts;
}

/** The SQL text expression of the same encoding over key expressions of the given types. */
export function keySql(parts: readonly { readonly expression: string; readonly type: string }[]): string {
  const texts = parts.map(({ expression, type }) => keyPartSql(expression, type));
  if (texts.length === 1) return texts[0] as string;
  return texts.map((text) => `replace(replace(${text}, '\\', '\\\\'), '|', '\\|')`).join(` || '|' || `);
}

/** Numeric keys that compare equal have one text: 1.0 and 1.00 are the key `1`. */
function keyPartSql(expression: string, type: string): string {
  return type.startsWith('numeric') ? `trim_scale(${expression})::text` : `(${expression})::text`;
}

/** The text of one key value as `keyPartSql` would give it. */
export function canonicalKeyPart(value: string, type: string): string {
  if (!type.startsWith('numeric') || !value.includes('.')) return value;
  return value.replace(/\.?0+$/, '');
}
