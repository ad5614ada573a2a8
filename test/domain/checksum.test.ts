import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalRowSql, canonicalRowText, digestOf } from '../../src/domain/checksum.ts';

const value = fc.option(fc.string({ unit: fc.constantFrom('\\', '|', 'N', 'a'), maxLength: 4 }));
const row = fc.array(value, { minLength: 3, maxLength: 3 });

test('different rows have different texts', () => {
  fc.assert(
    fc.property(row, row, (a, b) => {
      expect(canonicalRowText(a) === canonicalRowText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: 5000 },
  );
  expect(canonicalRowText([null, '\\N', 'a|b', ''])).toBe('\\N|\\\\N|a\\|b|');
});

test('the order of rows does not matter, how often they come does', () => {
  const rows = ['a', 'b', 'c'];
  expect(digestOf(rows)).toBe(digestOf(rows.toReversed()));
  expect(digestOf(['a', 'a'])).not.toBe(digestOf(['b', 'b']));
  expect(digestOf(['a', 'b', 'b'])).not.toBe(digestOf(['a']));
  expect(digestOf([])).toBe('0');
});

test('a digest fits into 64 bits, unsigned', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (texts) => {
      const digest = BigInt(digestOf(texts));
      expect(digest >= 0n && digest < 2n ** 64n).toBe(true);
    }),
  );
});

test('only texts that can hold separators are escaped', () => {
  expect(canonicalRowSql([{ expression: 'a', type: 'bigint' }])).toBe(`coalesce((a)::text, '\\N')`);
  for (const type of ['text', 'character varying(9)', 'jsonb', 'bytea', 'text[]', 'hr.mood', 'inet']) {
    expect(canonicalRowSql([{ expression: 'a', type }])).toContain('replace');
  }
  expect(canonicalRowSql([])).toBe(`''`);
});
