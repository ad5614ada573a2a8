import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import { createLineSplitter, isStorable, parseTextRows, writeTextRow } from '../../src/domain/pg-text.ts';
import { decodeUtf8 } from '../../src/domain/utf8.ts';

const awkward = fc.constantFrom(
  '\\',
  '\t',
  '\n',
  '\r',
  '\\N',
  '\b',
  '\v',
  '\f',
  'é',
  '€',
  '😀',
  '\u2028',
  'x',
  '\\.',
  '\ufeff',
  '\ufffd',
);
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.array(awkward, { maxLength: 90 }).map((parts) => parts.join('')),
);
const rows = fc.integer({ min: 1, max: 5 }).chain((width) => {
  const row = fc.array(fc.option(value.filter(isStorable)), { minLength: width, maxLength: width });
  return fc.array(row, { maxLength: 8 });
});

function write(values: readonly (readonly (string | null)[])[]): Buffer {
  const sink = createSink(0);
  for (const row of values) writeTextRow(sink, row);
  return sunkBytes(sink);
}

test('what is written is read again, whatever the chunks', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 40 }), (values, chunkBytes) => {
      const bytes = write(values);
      const splitter = createLineSplitter();
      const read: unknown[] = [];
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        read.push(...parseTextRows(splitter.push(bytes.subarray(at, at + chunkBytes))));
      }
      expect(read).toEqual(values);
      expect(splitter.tail()).toHaveLength(0);
    }),
    { numRuns: 500 },
  );
});

test('lines are as PostgreSQL writes them', () => {
  const line = ['a\\b', null, '', 'tab\tnew\nret\r', '\\N', 'ünï😀'];
  expect(write([line]).toString()).toBe('a\\\\b\t\\N\t\ttab\\tnew\\nret\\r\t\\\\N\tünï😀\n');
});

test('long values are escaped as short ones are', () => {
  const long = `${'é'.repeat(40)}\t${'x'.repeat(3000)}\\\n`;
  expect(parseTextRows(write([[long, null]]))).toEqual([[long, null]]);
});

test('escapes that other programs write are understood', () => {
  expect(parseTextRows(Buffer.from('\\b\\f\\v\\x41\\101\\q\t\\N\n'))).toEqual([['\b\f\vAAq', null]]);
});

test('a tail without a newline stays until its end comes', () => {
  const splitter = createLineSplitter();
  expect(splitter.push(Buffer.from('a\tb'))).toHaveLength(0);
  expect(splitter.push(Buffer.from('c'))).toHaveLength(0);
  expect(splitter.tail().toString()).toBe('a\tbc');
  expect(splitter.push(Buffer.from('\nd')).toString()).toBe('a\tbc\n');
  expect(splitter.tail().toString()).toBe('d');
});

test('bytes that are no UTF-8 cannot pass for text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const text = decodeUtf8(bytes);
      const isUtf8 = Buffer.from(Buffer.from(bytes).toString()).equals(Buffer.from(bytes));
      expect(isStorable(text.replaceAll('\0', ''))).toBe(isUtf8);
    }),
    { numRuns: 2000 },
  );
  const mixed = Buffer.concat([Buffer.from('aé'), Buffer.from([0xe9]), Buffer.from('z😀')]);
  expect(decodeUtf8(mixed)).toBe('aé\udce9z😀');
});
