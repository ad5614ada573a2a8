import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import {
  AT_TRAILER,
  COPY_HEADER,
  COPY_SIGNATURE,
  COPY_TRAILER,
  headerEnd,
  INCOMPLETE,
  openTuples,
  scanTuple,
  tupleEnd,
} from '../../src/domain/pg-binary.ts';
import { decoderOf, wireTypeOf } from '../../src/domain/pg-binary-decode.ts';
import { encoderOf, writeInt16, writeNull } from '../../src/domain/pg-binary-encode.ts';
import type { Value } from '../../src/domain/row.ts';

const wellFormed = fc
  .string({ unit: 'grapheme', maxLength: 120 })
  .filter((text) => /^\P{Surrogate}*$/u.test(text));

const VALUES: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  text: wellFormed,
  'character varying(200)': wellFormed,
  boolean: fc.boolean(),
  smallint: fc.integer({ min: -32_768, max: 32_767 }),
  integer: fc.integer(),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  'double precision': fc.double(),
};
const TYPES = Object.keys(VALUES);
const row = fc.tuple(...TYPES.map((type) => fc.option(VALUES[type] as fc.Arbitrary<Value>)));

function encode(rows: readonly (readonly Value[])[]): Buffer {
  const sink = createSink(0);
  for (const values of rows) {
    writeInt16(sink, values.length);
    for (const [i, value] of values.entries()) {
      if (value === null) writeNull(sink);
      else encoderOf(TYPES[i] as string)?.(sink, value);
    }
  }
  return sunkBytes(sink);
}

test('values that are encoded are seen again as they were', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 4 }),
      fc.constantFrom('all' as const, 'fields' as const),
      (rows, use) => {
        const bytes = encode(rows);
        const tuples = openTuples(bytes, TYPES.length, use);
        let at = 0;
        for (const values of rows) {
          at = scanTuple(tuples, at);
          const seen = TYPES.map((type, i) => {
            const [start, end] = [tuples.starts[i] as number, tuples.ends[i] as number];
            return end < 0 ? null : decoderOf(type)?.seen(tuples, start, end);
          });
          expect(seen).toEqual(values);
        }
        expect(at).toBe(bytes.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('a tuple ends where the next begins, and every shorter part of it is incomplete', () => {
  fc.assert(
    fc.property(row, row, (first, second) => {
      const [one, two] = [encode([first]), encode([second])];
      const both = Buffer.concat([one, two, COPY_TRAILER]);
      expect(tupleEnd(both, 0)).toBe(one.length);
      expect(tupleEnd(both, one.length)).toBe(one.length + two.length);
      expect(tupleEnd(both, one.length + two.length)).toBe(AT_TRAILER);
      for (let length = 0; length < one.length; length++) {
        expect(tupleEnd(one.subarray(0, length), 0)).toBe(INCOMPLETE);
      }
    }),
    { numRuns: 100 },
  );
});

test('a header may come in parts and have an extension', () => {
  const extended = Buffer.concat([COPY_HEADER, Buffer.from('more'), Buffer.from([0, 0])]);
  extended.writeInt32BE(4, COPY_HEADER.length - 4);
  for (let length = 0; length < COPY_HEADER.length + 4; length++) {
    expect(headerEnd(extended.subarray(0, length))).toBe(INCOMPLETE);
  }
  expect(headerEnd(extended)).toBe(COPY_HEADER.length + 4);
  expect(headerEnd(COPY_HEADER)).toBe(COPY_HEADER.length);
});

test('what is no COPY data is refused', () => {
  const withOids = Buffer.from(COPY_HEADER);
  withOids[12] = 1;
  const text = Buffer.from(`PGCOPX${'x'.repeat(30)}`);
  for (const bytes of [withOids, text, Buffer.from('x')]) {
    expect(() => headerEnd(bytes)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  }
  const badLength = Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xfe]);
  const badCount = Buffer.from([0xff, 0xfe]);
  for (const bytes of [badLength, badCount]) {
    expect(() => tupleEnd(bytes, 0)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(() => scanTuple(openTuples(bytes, 1, 'fields'), 0)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  }
  expect(COPY_SIGNATURE.toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
});

test('types are known by all their spellings, and nothing else is', () => {
  expect(['varchar(3)', 'character varying(3)', 'name', 'TEXT'].map(wireTypeOf)).toEqual(
    Array(4).fill('text'),
  );
  expect(['timestamp(3) without time zone', 'timestamp', 'timestamp(6)'].map(wireTypeOf)).toEqual(
    Array(3).fill('timestamp'),
  );
  expect(['timestamptz', 'timestamp(0) with time zone'].map(wireTypeOf)).toEqual(
    Array(2).fill('timestamptz'),
  );
  expect(['interval', 'interval(3)', 'interval day to second(3)'].map(wireTypeOf)).toEqual(
    Array(3).fill('interval'),
  );
  const unknown = [
    'text[]',
    'numeric(3,1)[]',
    'interval[]',
    '"char"',
    'hr.text',
    'inet',
    'xml',
    'constructor',
    '__proto__',
    '',
  ];
  expect(unknown.map(wireTypeOf)).toEqual(unknown.map(() => null));
});
