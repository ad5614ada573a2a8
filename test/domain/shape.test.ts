import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ShapedPiece } from '../../src/domain/entity.ts';
import { parseTextRows } from '../../src/domain/pg-text.ts';
import type { Row, Value } from '../../src/domain/row.ts';
import { compileShape, pieceKeys } from '../../src/domain/shape.ts';
import { binaryPiece, from, type PlanOf, planOf, type Rows, readTuples, textPiece } from './shape-kit.ts';

const SOURCE = { ID: 'bigint', NAME: 'text', QTY: 'integer', RATIO: 'double precision', OPEN: 'boolean' };
const ROWS: Rows = [
  { ID: '1', NAME: 'ann', QTY: 1, RATIO: 0.5, OPEN: true },
  { ID: '2', NAME: null, QTY: -7, RATIO: null, OPEN: false },
  { ID: '9007199254740993', NAME: 'ünï😀', QTY: null, RATIO: -1e300, OPEN: null },
];
const TEXTS = [
  ['1', 'ann', '1', '0.5', 'true'],
  ['2', null, '-7', null, 'false'],
  ['9007199254740993', 'ünï😀', null, '-1e+300', null],
];

type Shaped = { texts: (string | null)[][]; shaped: ShapedPiece };

/** Shapes the rows in the given format and reads the result back. */
async function shapeAs(
  format: 'pg-binary' | 'rows',
  of: PlanOf & { layout?: 'mirror' | 'staging' },
  rows: Rows,
): Promise<Shaped> {
  const { layout = 'mirror', ...rest } = of;
  const plan = planOf(rest);
  expect(plan.format).toBe('pg-binary');
  const piece = format === 'rows' ? textPiece(plan, rows) : binaryPiece(plan, rows);
  const shaped = await compileShape(plan, layout)(piece);
  const types = [...plan.loadColumns, ...(layout === 'staging' ? plan.stagingExtras : [])].map(
    ({ type }) => type,
  );
  const read =
    shaped.format === 'text'
      ? parseTextRows(shaped.data).map((row) => asCast(row, types))
      : readTuples(shaped.data, types);
  expect(shaped.rowsInData).toBe(read.length);
  expect(shaped.rowsFetched).toBe(rows.length);
  return { texts: read, shaped };
}

/** COPY's text of a value as decoders give it. */
function asCast(row: (string | null)[], types: readonly string[]): (string | null)[] {
  return row.map((text, i) => {
    if (text === null) return null;
    if (types[i] === 'boolean') return text === 't' ? 'true' : text === 'f' ? 'false' : text;
    return types[i] === 'double precision' ? text.replace('1e300', '1e+300') : text;
  });
}

describe.each(['pg-binary', 'rows'] as const)('%s', (format) => {
  test('rows go through as they are', async () => {
    const { texts, shaped } = await shapeAs(format, { source: SOURCE }, ROWS);
    expect(texts).toEqual(TEXTS);
    expect(shaped.rejects).toEqual([]);
  });

  test('columns are chosen, renamed and ordered', async () => {
    const columns = [from('open', 'OPEN'), from('name', 'NAME'), from('id', 'ID')];
    const { texts } = await shapeAs(format, { source: SOURCE, columns }, ROWS);
    expect(texts).toEqual(TEXTS.map((row) => [row[0], row[4], row[1]]));
  });

  test('staging carries changedAt and the soft delete column behind the columns', async () => {
    const source = { ID: 'bigint', AT: 'date', GONE: 'boolean', NAME: 'text' };
    const { readColumns, stagingExtras, loadColumns } = planOf({
      source,
      columns: [from('id', 'ID'), from('name', 'NAME')],
      changedAt: { columns: ['AT'], setBy: 'database', overlapMs: 0 },
      softDelete: { column: 'GONE', values: ['true'] },
    });
    expect(readColumns.map(({ name }) => name)).toEqual(['ID', 'NAME', 'AT', 'GONE']);
    expect([...loadColumns, ...stagingExtras].map(({ name }) => name)).toEqual([
      'id',
      'name',
      '_changed_1',
      '_soft_delete',
    ]);
    const { texts } = await shapeAs(
      format,
      {
        source: { ID: 'bigint', NAME: 'text', GONE: 'boolean' },
        columns: [from('id', 'ID'), from('gone', 'GONE'), from('name', 'NAME')],
        softDelete: { column: 'GONE', values: ['true'] },
        layout: 'staging',
      },
      [{ ID: '5', NAME: 'x', GONE: true }],
    );
    expect(texts).toEqual([['5', 'true', 'x', 'true']]);
  });

  test('compute sees source columns, validate sees mirror columns', async () => {
    const seen: unknown[] = [];
    const validate = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => {
          seen.push(value);
          return { value };
        },
      },
    };
    const sources: Row[] = [];
    const columns = [
      from('id', 'ID'),
      {
        role: 'compute' as const,
        name: 'label',
        type: 'text',
        compute: (row: Row): Value => {
          sources.push(row);
          return row.NAME === null ? null : `${row.NAME}!`;
        },
      },
      from('qty', 'QTY'),
      {
        role: 'compute' as const,
        name: 'twice',
        type: 'integer',
        compute: (row: Row): Value => (row.QTY === null ? null : Number(row.QTY) * 2),
      },
    ];
    const { texts } = await shapeAs(format, { source: SOURCE, columns, validate }, ROWS);
    expect(texts).toEqual([
      ['1', 'ann!', '1', '2'],
      ['2', null, '-7', '-14'],
      ['9007199254740993', 'ünï😀!', null, null],
    ]);
    expect(sources).toEqual(ROWS);
    expect(Object.getPrototypeOf(sources[0])).toBe(Object.prototype);
    expect(seen).toEqual([
      { id: '1', label: 'ann!', qty: 1, twice: 2 },
      { id: '2', label: null, qty: -7, twice: -14 },
      { id: '9007199254740993', label: 'ünï😀!', qty: null, twice: null },
    ]);
  });

  test('each kind of compute result is stored exactly', async () => {
    const results: Record<string, [string, Value, string]> = {
      a: ['smallint', -32_768, '-32768'],
      b: ['integer', 2_147_483_647, '2147483647'],
      c: ['bigint', '-9223372036854775808', '-9223372036854775808'],
      d: ['bigint', 9_007_199_254_740_991, '9007199254740991'],
      e: ['double precision', 0.1, '0.1'],
      f: ['double precision', -0, '-0'],
      g: ['double precision', Number.POSITIVE_INFINITY, 'Infinity'],
      h: ['boolean', true, 'true'],
      i: ['boolean', false, 'false'],
      j: ['text', `${'long ünï '.repeat(20)}\t\\\n`, `${'long ünï '.repeat(20)}\t\\\n`],
      k: ['character varying', '', ''],
      l: ['integer', '+12', '12'],
    };
    const columns = Object.entries(results).map(([name, [type, value]]) => ({
      role: 'compute' as const,
      name,
      type,
      compute: () => value,
    }));
    const { texts, shaped } = await shapeAs(
      format,
      { source: SOURCE, columns: [from('id', 'ID'), ...columns] },
      [ROWS[0] as Rows[0]],
    );
    expect(shaped.rejects).toEqual([]);
    expect(texts).toEqual([['1', ...Object.values(results).map(([, , text]) => text)]]);
  });

  test.each<[string, string, () => unknown, RegExp]>([
    ['a string', 'integer', () => 'many', /gave a string that is no integer/],
    ['a fraction', 'integer', () => 1.5, /round it/],
    ['too large a number', 'smallint', () => 32_768, /outside the range of smallint/],
    ['an inexact number', 'bigint', () => 2 ** 53, /as a string/],
    ['too many digits', 'bigint', () => '9223372036854775808', /outside the range of bigint/],
    ['a number for text', 'text', () => 4711, /gave a number for text; give a string/],
    ['a string for a boolean', 'boolean', () => 'true', /give true or false/],
    ['undefined', 'text', () => undefined, /gave undefined for text; give null/],
    ['a Date', 'text', () => new Date(0), /gave a Date for text; give ISO 8601 text/],
    ['a promise', 'text', () => Promise.resolve('x'), /may not be asynchronous/],
    ['an object', 'text', () => ({}), /gave an object for text/],
    ['an exception', 'text', () => (null as unknown as Row).x, /threw TypeError/],
    [
      'a thrown value',
      'text',
      () => {
        throw new Error('bad name ann, "ann" of 4711');
      },
      /threw Error: bad name …, … of 4711$/,
    ],
  ])('compute that gives %s for %s sets the row aside', async (...[, type, compute, detail]) => {
    const bad = { role: 'compute' as const, name: 'bad', type, compute: compute as () => Value };
    const columns = [from('id', 'ID'), bad];
    const { texts, shaped } = await shapeAs(format, { source: SOURCE, columns }, [ROWS[0] as Rows[0]]);
    expect(texts).toEqual([]);
    expect(shaped.rejects).toMatchObject([{ key: '1', reason: 'COMPUTE_FAILED', severity: 'error' }]);
    expect(shaped.rejects[0]?.detail).toMatch(detail);
    expect(shaped.rejects[0]?.detail).toMatch(/^bad: compute /);
  });

  test('rows that zod refuses are set aside with their source row, the others stay', async () => {
    const validate = z.object({ id: z.string(), qty: z.number().min(0, 'no negative quantity').nullable() });
    const rows = [
      ...ROWS,
      { ID: '4', NAME: 'x', QTY: -1, RATIO: 1, OPEN: true },
      { ID: '5', NAME: 'y', QTY: 2, RATIO: 1, OPEN: true },
    ];
    const { texts, shaped } = await shapeAs(format, { source: SOURCE, validate }, rows);
    expect(texts.map(([id]) => id)).toEqual(['1', '9007199254740993', '5']);
    expect(shaped.rejects.map(({ payload, ...reject }) => ({ ...reject, name: payload.NAME }))).toEqual([
      { key: '2', reason: 'VALIDATION', severity: 'error', detail: 'qty: no negative quantity', name: null },
      { key: '4', reason: 'VALIDATION', severity: 'error', detail: 'qty: no negative quantity', name: 'x' },
    ]);
    expect(Object.keys(shaped.rejects[0]?.payload ?? {})).toEqual(Object.keys(SOURCE));
  });

  test('rejects at both ends and next to each other leave the rest whole', async () => {
    const validate = z.object({ qty: z.number().positive() });
    const rows = [-1, -2, 3, 4, -5, 6, -7].map((QTY, i) => ({
      ID: String(i),
      NAME: 'n',
      QTY,
      RATIO: 0,
      OPEN: true,
    }));
    const { texts } = await shapeAs(format, { source: SOURCE, validate }, rows);
    expect(texts.map((row) => row[2])).toEqual(['3', '4', '6']);
  });

  test('an asynchronous validator is awaited row by row', async () => {
    let running = 0;
    const check = async (value: unknown): Promise<StandardSchemaV1.Result<unknown>> => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return (value as { id: string }).id === '2'
        ? { issues: [{ message: 'unknown', path: ['id'] }] }
        : { value };
    };
    const validate = { '~standard': { version: 1 as const, vendor: 'test', validate: check } };
    const { texts, shaped } = await shapeAs(format, { source: SOURCE, validate }, ROWS);
    expect(texts.map(([id]) => id)).toEqual(['1', '9007199254740993']);
    expect(shaped.rejects).toMatchObject([
      { key: '2', detail: 'id: unknown', payload: { ID: '2', QTY: '-7' } },
    ]);
  });

  test('a validator that throws sets the row aside', async () => {
    const validate = z
      .object({ name: z.string().nullable() })
      .refine((row) => (row.name as string).length > 0);
    const { shaped } = await shapeAs(format, { source: SOURCE, validate }, [ROWS[1] as Rows[0]]);
    expect(shaped.rejects).toMatchObject([
      { reason: 'VALIDATION', detail: expect.stringMatching(/^validate threw TypeError/) },
    ]);
  });

  test('strict, loose and piped objects and other libraries see every column', async () => {
    const all = {
      id: z.string(),
      name: z.unknown(),
      qty: z.unknown(),
      ratio: z.unknown(),
      open: z.unknown(),
    };
    const sees = (row: Record<string, unknown>): boolean => Object.keys(row).length === 5;
    const validators = [
      z.strictObject(all),
      z.looseObject({ id: z.string() }).refine(sees),
      z.object({ id: z.string() }).catchall(z.unknown()).refine(sees),
      z.record(z.string(), z.unknown()).refine(sees),
      v.pipe(
        v.looseObject({ id: v.string() }),
        v.check((row) => sees(row)),
      ),
    ];
    for (const validate of validators) {
      const { shaped } = await shapeAs(format, { source: SOURCE, validate }, ROWS);
      expect(shaped.rejects).toEqual([]);
    }
  });

  test('severity comes from the issue; the worst one counts', async () => {
    const mild = z.object({
      id: z.string().refine(() => false, { error: 'odd', params: { severity: 'warning' } }),
    });
    const both = mild.extend({ qty: z.null() });
    const worse = mild.extend({ qty: z.any().refine(() => false, { params: { severity: 'critical' } }) });
    for (const [validate, severity] of [
      [mild, 'warning'],
      [both, 'error'],
      [worse, 'critical'],
    ] as const) {
      const { shaped } = await shapeAs(format, { source: SOURCE, validate }, [ROWS[0] as Rows[0]]);
      expect(shaped.rejects).toMatchObject([{ severity }]);
    }
  });

  test('details never hold values', async () => {
    const secret = 'Ann-Sophie Müller';
    const rows = [{ ID: '1', NAME: secret, QTY: 4711, RATIO: 0.25, OPEN: true }];
    const say = (input: unknown): string => `not allowed: ${input} (${JSON.stringify(input)})`;
    const validators = [
      z.object({ name: z.literal('b'), qty: z.number().max(5), ratio: z.number().int() }),
      z.object({ name: z.string().refine(() => false, { error: (issue) => say(issue.input) }) }),
      z.object({ qty: z.number().max(5, { error: (issue) => say(issue.input) }) }),
      v.object({ name: v.pipe(v.string(), v.email()), qty: v.string() }),
      z.object({
        name: z.string().transform((name): never => {
          throw new Error(say(name));
        }),
      }),
    ];
    for (const validate of validators) {
      const { shaped } = await shapeAs(format, { source: SOURCE, validate }, rows);
      const detail = shaped.rejects[0]?.detail ?? '';
      expect(detail).not.toBe('');
      expect(detail).not.toMatch(/Ann|Sophie|Müller|4711|0\.25/);
      expect(shaped.rejects[0]?.payload.NAME).toBe(secret);
    }
    const { shaped } = await shapeAs(format, { source: SOURCE, validate: validators[0] }, rows);
    expect(shaped.rejects[0]?.detail).toBe(
      'name: Invalid input: expected "b"; qty: Too big: expected number to be <=5; ratio: Invalid input: expected int, received number',
    );
  });

  test('a key with a NULL part cannot be read', async () => {
    const rows = [
      { ID: null, NAME: 'x', QTY: 1 },
      { ID: '7', NAME: null, QTY: 1 },
      { ID: '7', NAME: 'a|b', QTY: 1 },
    ];
    const of = { source: { ID: 'bigint', NAME: 'text', QTY: 'integer' }, key: ['ID', 'NAME'] };
    const { texts, shaped } = await shapeAs(format, of, rows);
    expect(texts).toEqual([['7', 'a|b', '1']]);
    expect(shaped.rejects).toMatchObject([
      { key: null, reason: 'UNREADABLE_KEY', severity: 'critical', payload: { ID: null, NAME: 'x' } },
      { key: null, reason: 'UNREADABLE_KEY', severity: 'critical', payload: { ID: '7', NAME: null } },
    ]);
    const plan = planOf(of);
    expect(pieceKeys(plan, format === 'rows' ? textPiece(plan, rows) : binaryPiece(plan, rows))).toEqual([
      '7|a\\|b',
    ]);
  });

  test('values above the limit are set aside, in bytes, results of compute too', async () => {
    const rows = ['x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(512), 'é'.repeat(513)].map((NAME, i) => ({
      ID: String(i),
      NAME,
    }));
    const source = { ID: 'bigint', NAME: 'text' };
    const { texts, shaped } = await shapeAs(format, { source }, rows);
    expect(texts.map(([id]) => id)).toEqual(['0', '2']);
    expect(shaped.rejects).toMatchObject([
      { key: '1', reason: 'OVERSIZED' },
      { key: '3', reason: 'OVERSIZED' },
    ]);
    const columns = [
      from('id', 'ID'),
      { role: 'compute' as const, name: 'long', type: 'text', compute: (row: Row) => `${row.NAME}!` },
    ];
    const computed = await shapeAs(format, { source, columns }, [rows[0] as Rows[0]]);
    expect(computed.shaped.rejects).toMatchObject([{ key: '0', reason: 'OVERSIZED' }]);
  });

  test('a row that the source deleted need not be valid', async () => {
    const of = {
      source: { ID: 'bigint', QTY: 'integer', GONE: 'boolean' },
      softDelete: { column: 'GONE', values: ['t', null] },
      validate: z.object({ qty: z.number().positive() }),
      layout: 'staging' as const,
    };
    const rows = [true, false, null].map((GONE, i) => ({ ID: String(i), QTY: -1, GONE }));
    const { shaped } = await shapeAs(format, of, rows);
    expect(shaped.rejects.map(({ key }) => key)).toEqual(['1']);
  });

  test('a column called __proto__ is a column', async () => {
    const source = { ID: 'bigint', ['__proto__']: 'text', constructor: 'text' };
    const seen: unknown[] = [];
    const columns = [
      from('id', 'ID'),
      from('__proto__'),
      from('constructor'),
      {
        role: 'compute' as const,
        name: 'copy',
        type: 'text',
        compute: (row: Row): Value => {
          seen.push(row);
          return Object.getOwnPropertyDescriptor(row, '__proto__')?.value;
        },
      },
    ];
    const rows = [
      Object.fromEntries([
        ['ID', '1'],
        ['__proto__', 'p'],
        ['constructor', 'c'],
      ]),
    ] as Rows;
    const { texts, shaped } = await shapeAs(format, { source, columns }, rows);
    expect(texts).toEqual([['1', 'p', 'c', 'p']]);
    expect(Object.entries(seen[0] as object)).toEqual([
      ['ID', '1'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype);
    expect(shaped.rejects).toEqual([]);
    const refused = await shapeAs(format, { source, columns, validate: z.strictObject({}) }, rows);
    expect(Object.entries(refused.shaped.rejects[0]?.payload ?? {})).toContainEqual(['__proto__', 'p']);
  });

  test('pieces may be shaped at the same time', async () => {
    const wait = z.object({
      id: z
        .string()
        .refine((id) => new Promise<boolean>((resolve) => setImmediate(() => resolve(id !== '3')))),
    });
    const plan = planOf({ source: SOURCE, validate: wait });
    const shape = compileShape(plan, 'mirror');
    const make = format === 'rows' ? textPiece : binaryPiece;
    const piecesOf = [1, 2].map((first) =>
      [0, 1, 2].map((i) => ({ ID: String(first + i), NAME: `n${first + i}`, QTY: 1, RATIO: 1, OPEN: true })),
    );
    const shaped = await Promise.all(piecesOf.map((rows) => shape(make(plan, rows))));
    expect(shaped.map(({ rejects }) => rejects.map(({ key, payload }) => [key, payload.NAME]))).toEqual([
      [['3', 'n3']],
      [['3', 'n3']],
    ]);
    expect(shaped.map(({ rowsInData }) => rowsInData)).toEqual([2, 2]);
  });

  test('a rest in the middle of two pieces changes neither', async () => {
    const plan = planOf({
      source: SOURCE,
      columns: [
        from('id', 'ID'),
        { role: 'compute', name: 'sign', type: 'text', compute: ({ NAME }) => `${NAME}!` },
      ],
      validate: z.object({ id: z.string().refine((id) => !id.endsWith('7')) }),
    });
    const make = format === 'rows' ? textPiece : binaryPiece;
    const pieces = [0, 100_000].map((first) =>
      make(
        plan,
        Array.from({ length: 2_000 }, (_, i) => ({
          ID: String(first + i),
          NAME: `n${first + i}`,
          QTY: 1,
          RATIO: 1,
          OPEN: true,
        })),
      ),
    );
    let rests = 0;
    const shape = compileShape(plan, 'mirror', () => {
      rests++;
      return rests % 2 === 0 ? null : new Promise((resolve) => setImmediate(resolve));
    });
    const resting = await Promise.all(pieces.map((piece) => shape(piece)));
    expect(rests).toBeGreaterThan(10);
    const atOnce = compileShape(plan, 'mirror');
    for (const [i, piece] of pieces.entries()) expect(resting[i]).toEqual(await atOnce(piece));
    expect(resting.map(({ rejects }) => rejects.length)).toEqual([200, 200]);
  });
});

describe('rows for the mirror', () => {
  const source = { ID: 'bigint', AMOUNT: 'numeric', AT: 'timestamp without time zone', NAME: 'text' };
  const row = (ID: string, AMOUNT: string, NAME = 'a') => ({ ID, AMOUNT, AT: '2026-01-02 03:04:05', NAME });

  test('become tuples, those for staging lines of text', async () => {
    const rows = [row('1', '1.50'), row('2', '-0.001', 'é\t\n')];
    const tuples = await shapeAs('rows', { source }, rows);
    expect(tuples.shaped.format).toBe('pg-binary');
    const lines = await shapeAs('rows', { source, layout: 'staging' }, rows);
    expect(lines.shaped.format).toBe('text');
    expect(tuples.texts).toEqual(lines.texts);
  });

  test('stay text where only PostgreSQL can say what one of them means', async () => {
    const rows = [row('1', '1.50'), row('2', '1e3'), { ...row('3', '2'), ID: null }, row('4', '5', 'a\0b')];
    for (const validate of [null, z.looseObject({})]) {
      const { shaped, texts } = await shapeAs('rows', { source, validate }, rows);
      expect(shaped.format).toBe('text');
      expect(texts.map(([, amount]) => amount)).toEqual(['1.50', '1e3']);
      expect(shaped.rejects.map(({ reason }) => reason)).toEqual(['UNREADABLE_KEY', 'INVALID_VALUE']);
    }
  });

  test('stay text where a type has no binary form here', async () => {
    const piece = { ID: '1', SPAN: '1 day' };
    const { shaped } = await shapeAs('rows', { source: { ID: 'bigint', SPAN: 'interval' } }, [piece]);
    expect(shaped.format).toBe('text');
    expect(parseTextRows(shaped.data)).toEqual([['1', '1 day']]);
  });

  test('are judged like any others: keys, sizes, and columns that are read only', async () => {
    const of: PlanOf = { source, columns: [from('id', 'ID'), from('name', 'NAME')], maxValueBytes: 30 };
    const only: PlanOf = { ...of, changedAt: { columns: ['AT'], setBy: 'database', overlapMs: 0 } };
    const rows = [
      row('1', '1'),
      row('2', '1', 'é'.repeat(15)),
      row('3', '1', 'é'.repeat(16)),
      { ...row('4', '1'), AT: '\ud800' },
      { ...row('5', '1'), ID: null },
    ];
    const { shaped, texts } = await shapeAs('rows', only, rows);
    expect(shaped.format).toBe('pg-binary');
    expect(texts).toEqual([
      ['1', 'a'],
      ['2', 'é'.repeat(15)],
    ]);
    expect(shaped.rejects.map(({ reason }) => reason)).toEqual([
      'OVERSIZED',
      'INVALID_VALUE',
      'UNREADABLE_KEY',
    ]);
  });
});

test('a binary piece without change is handed on, not copied', async () => {
  const plan = planOf({ source: SOURCE, validate: z.object({ id: z.string() }) });
  const piece = binaryPiece(plan, ROWS);
  const { data } = await compileShape(plan, 'mirror')(piece);
  if (piece.format !== 'pg-binary') throw new Error('binary expected');
  expect([data.buffer, data.byteOffset, data.byteLength]).toEqual([
    piece.data.buffer,
    piece.data.byteOffset,
    piece.data.byteLength,
  ]);
});

test('texts that PostgreSQL cannot hold are set aside, with a payload and a key that it can', async () => {
  const plan = planOf({ source: { ID: 'text', NAME: 'text' } });
  const bad = ['a\0b', 'a\ud800b', '\udce9'];
  const piece = textPiece(plan, [
    ...bad.map((NAME, i) => ({ ID: String(i), NAME })),
    { ID: 'x\0', NAME: 'fine' },
    { ID: 'ok', NAME: '😀' },
  ]);
  const { rejects, data } = await compileShape(plan, 'staging')(piece);
  expect(parseTextRows(data)).toEqual([['ok', '😀']]);
  expect(rejects.map(({ key, reason, payload }) => [key, reason, payload.NAME])).toEqual([
    ['0', 'INVALID_VALUE', 'a␀b'],
    ['1', 'INVALID_VALUE', 'a\ufffdb'],
    ['2', 'INVALID_VALUE', '\ufffd'],
    [null, 'UNREADABLE_KEY', 'fine'],
  ]);
  expect(pieceKeys(plan, piece)).toEqual(['0', '1', '2', 'ok']);
});

test.each([
  ['another number of rows', (data: Buffer) => ({ data, rows: 2 })],
  ['a tuple that is cut short', (data: Buffer) => ({ data: data.subarray(0, -1), rows: 3 })],
  [
    'bytes of another table',
    (data: Buffer) => ({ data: Buffer.concat([Buffer.from([0, 9]), data]), rows: 3 }),
  ],
])('a piece with %s is not loaded', async (_, damage) => {
  const plan = planOf({ source: SOURCE });
  const piece = binaryPiece(plan, ROWS);
  if (piece.format !== 'pg-binary') throw new Error('binary expected');
  const damaged = { ...piece, ...damage(Buffer.from(piece.data)) };
  await expect(compileShape(plan, 'mirror')(damaged)).rejects.toMatchObject({ code: 'INTERNAL' });
});
