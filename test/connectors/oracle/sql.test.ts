/** The statements of reads: names, snapshots, keys, positions, times of change. Pure. */
import { describe, expect, test } from 'vitest';
import { createBinds } from '../../../src/connectors/oracle/binds.ts';
import { changeTime, TIMES } from '../../../src/connectors/oracle/changes.ts';
import { mapColumn } from '../../../src/connectors/oracle/column-types.ts';
import {
  compare,
  floorSeconds,
  masked,
  operand,
  orderPart,
  rangeConditions,
} from '../../../src/connectors/oracle/keys-sql.ts';
import { isOneOf } from '../../../src/connectors/oracle/read.ts';
import { fromClause, parseTable, whereClause } from '../../../src/connectors/oracle/relation.ts';
import { isRowidRange, ROWID_PREFIX, rowidConditions } from '../../../src/connectors/oracle/rowid-ranges.ts';
import { bindPlan } from '../../../src/domain/bind-plan.ts';
import { changedAtColumns } from '../../../src/domain/changed-at.ts';
import type { SourceColumn } from '../../../src/domain/entity.ts';
import { changedAt, specOf } from '../kit.ts';

const column = (name: string, sourceType: string, nullable = false): SourceColumn => ({
  name,
  sourceType,
  mirrorType: 'text',
  nullable,
  binaryAsIs: false,
});
const valuesOf = ({ values }: ReturnType<typeof createBinds>) =>
  Object.values(values).map((bind) => (bind as { val: unknown }).val);

describe('names', () => {
  test.each([
    ['hr.employees', { schema: 'HR', table: 'EMPLOYEES' }],
    ['Employees', { schema: null, table: 'EMPLOYEES' }],
    ['"hr"."My Table"', { schema: 'hr', table: 'My Table' }],
    ['HR."x.y"', { schema: 'HR', table: 'x.y' }],
    ['sys$x.t#1', { schema: 'SYS$X', table: 'T#1' }],
  ])('%s', (text, expected) => {
    expect(parseTable(text)).toEqual(expected);
  });

  test.each(['', 'a.b.c', 'a b', 'emp@link', '"a'])('%o is none', (text) => {
    expect(() => parseTable(text)).toThrow('write SCHEMA.TABLE');
  });
});

test('a query ends as it likes: with a semicolon, or a comment', () => {
  expect(fromClause({ kind: 'sql', sql: 'SELECT 1 FROM dual; ' })).toBe('FROM (SELECT 1 FROM dual\n) entity');
  expect(fromClause({ kind: 'table', table: 'hr.t' }, ' AS OF SCN :b1')).toBe('FROM "HR"."T" AS OF SCN :b1');
  expect(whereClause({ read: { kind: 'table', table: 't', where: 'a = 1 -- one' } }, ['b = 2'])).toBe(
    'WHERE (a = 1 -- one\n) AND (b = 2)',
  );
});

test.each([
  ['NUMBER(9)', '12.50', 'TO_NUMBER(:b1)', '12.50'],
  ['DATE', '2024-01-02 03:04:05', `TO_DATE(:b1, 'YYYY-MM-DD HH24:MI:SS')`, '2024-01-02 03:04:05'],
  ['DATE', '0044-03-15 00:00:00 BC', `TO_DATE(:b1, 'SYYYY-MM-DD HH24:MI:SS')`, '-0044-03-15 00:00:00'],
  [
    'TIMESTAMP(6)',
    '2024-01-02 03:04:05.5',
    `CAST(TO_TIMESTAMP(:b1, 'YYYY-MM-DD HH24:MI:SS.FF9') AS TIMESTAMP(6))`,
    '2024-01-02 03:04:05.500000000',
  ],
  [
    'TIMESTAMP(0)',
    '2024-01-02 03:04:05.5',
    `TO_TIMESTAMP(:b1, 'YYYY-MM-DD HH24:MI:SS.FF9')`,
    '2024-01-02 03:04:05.500000000',
  ],
  [
    'TIMESTAMP(3) WITH LOCAL TIME ZONE',
    '2024-01-02 03:04:05.5+00',
    `CAST(TO_TIMESTAMP_TZ(:b1, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM') AS TIMESTAMP(3) WITH LOCAL TIME ZONE)`,
    '2024-01-02 03:04:05.500000000 +00:00',
  ],
  [
    'TIMESTAMP(6) WITH TIME ZONE',
    '2024-01-02 03:04:05+00',
    `TO_TIMESTAMP_TZ(:b1, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')`,
    '2024-01-02 03:04:05.000000000 +00:00',
  ],
  ['RAW(2)', '\\xbeef', 'HEXTORAW(:b1)', 'beef'],
  ['ROWID', 'AAAR3sAAEAAAACXAAA', 'CHARTOROWID(:b1)', 'AAAR3sAAEAAAACXAAA'],
  ['VARCHAR2(20)', `it's`, ':b1', `it's`],
])('a position in a %s, %s, is compared as %s', (...position) => {
  const [sourceType, text, sql, bound] = position;
  const binds = createBinds();
  expect(operand(orderPart(column('C', sourceType)), text, binds)).toBe(sql);
  expect(valuesOf(binds)).toEqual([bound]);
});

test.each([
  ['2024-01-02 03:04:05.987654', 3, '2024-01-02 03:04:05.987'],
  ['2024-01-02 03:04:05.987654+00', 0, '2024-01-02 03:04:05+00'],
  ['2024-01-02 03:04:05.9', 6, '2024-01-02 03:04:05.9'],
  ['0044-03-15 10:00:00.75 BC', 1, '0044-03-15 10:00:00.7 BC'],
  ['2024-01-02', 0, '2024-01-02'],
])('%s has a floor of %i digits', (text, digits, floor) => {
  expect(floorSeconds(text, digits)).toBe(floor);
});

test('a mask takes dates without a time', () => {
  expect(masked('2024-01-02', 0)).toBe('2024-01-02 00:00:00');
});

describe('keys', () => {
  const parts = [column('A', 'NUMBER(9)'), column('B', 'VARCHAR2(9)'), column('C', 'DATE')].map(orderPart);

  test('of several parts are compared part by part, the first once more for the index', () => {
    const binds = createBinds();
    expect(compare(parts, '>', { values: ['1', 'x', '2024-01-01 00:00:00'], binds })).toBe(
      `"A" >= TO_NUMBER(:b1) AND ("A" > TO_NUMBER(:b1) OR ("A" = TO_NUMBER(:b1) AND ("B" > :b2 OR ("B" = :b2 AND ("C" > TO_DATE(:b3, 'YYYY-MM-DD HH24:MI:SS'))))))`,
    );
    expect(compare(parts.slice(0, 1), '<=', { values: ['1'], binds })).toBe('"A" <= TO_NUMBER(:b4)');
  });

  test('that may be NULL belong to the last range', () => {
    const nullable = [orderPart(column('A', 'NUMBER', true))];
    const conditions = (lower: string | null, upper: string | null) =>
      rangeConditions(nullable, { lower, upper }, createBinds());
    expect(conditions(null, null)).toEqual([]);
    expect(conditions(null, '5')).toEqual(['"A" <= TO_NUMBER(:b1)', '"A" IS NOT NULL']);
    expect(conditions('5', null)).toEqual(['(("A" > TO_NUMBER(:b1))) OR "A" IS NULL']);
  });

  test('are looked up in lists of few different lengths', () => {
    const binds = createBinds();
    expect(isOneOf(parts.slice(0, 1), ['1', '2', '3'], binds)).toBe(
      '"A" IN (TO_NUMBER(:b1), TO_NUMBER(:b2), TO_NUMBER(:b3), TO_NUMBER(:b4))',
    );
    expect(valuesOf(binds)).toEqual(['1', '2', '3', '3']);
    expect(isOneOf(parts.slice(0, 2), ['1|x'], createBinds())).toBe('("A" = TO_NUMBER(:b1) AND "B" = :b2)');
    expect(isOneOf(parts.slice(0, 1), [], createBinds())).toBe('1 = 0');
    const many = isOneOf(parts.slice(0, 1), Array.from({ length: 1_500 }, String), createBinds());
    expect(many.match(/ IN \(/g)).toHaveLength(3);
  });
});

test('ranges of ROWIDs are told from those of keys', () => {
  const range = { lower: `${ROWID_PREFIX}AAA`, upper: null };
  expect(isRowidRange(range)).toBe(true);
  expect(isRowidRange({ lower: 'rowid:AAA', upper: null })).toBe(false);
  expect(isRowidRange({ lower: null, upper: null })).toBe(false);
  expect(rowidConditions(range, createBinds())).toEqual(['ROWID > CHARTOROWID(:b1)']);
});

describe('the time of change', () => {
  const date = column('D', 'DATE');
  const timestamp = column('T', 'TIMESTAMP(6)');
  const zoned = column('Z', 'TIMESTAMP(6) WITH TIME ZONE');
  const local = column('L', 'TIMESTAMP(6) WITH LOCAL TIME ZONE');
  const LONG_AGO = `TO_TIMESTAMP('0001-01-01', 'YYYY-MM-DD')`;

  test('of one column is the column', () => {
    expect(changeTime([date], 'UTC').expression).toBe('"D"');
    expect(changeTime([zoned], 'UTC').kind).toBe('zoned');
  });

  test('of several is the latest, where any may be NULL', () => {
    expect(changeTime([date, timestamp], 'UTC').expression).toBe(
      `GREATEST(NVL(CAST("D" AS TIMESTAMP(9)), ${LONG_AGO}), NVL(CAST("T" AS TIMESTAMP(9)), ${LONG_AGO}))`,
    );
  });

  test('of instants is one of UTC, of mixed columns one of the source’s wall', () => {
    expect(changeTime([zoned, local], 'UTC').expression).toContain(
      'SYS_EXTRACT_UTC(CAST("L" AS TIMESTAMP WITH TIME ZONE))',
    );
    expect(changeTime([zoned, date], 'Europe/Berlin').expression).toContain(
      `CAST("Z" AT TIME ZONE 'Europe/Berlin' AS TIMESTAMP(9))`,
    );
  });

  test('is a time', () => {
    const columns = ['ID', 'N', 'AT'].map((name) =>
      mapColumn({
        name,
        typeName: name === 'AT' ? 'DATE' : 'NUMBER',
        isObject: false,
        precision: 9,
        scale: 0,
        bytes: null,
        nullable: false,
      }),
    );
    const spec = (of: string) => specOf({ read: { kind: 'table', table: 'T' }, changedAt: changedAt(of) });
    expect(changedAtColumns(bindPlan(spec('at'), { columns }), TIMES).map(({ name }) => name)).toEqual([
      'AT',
    ]);
    expect(() =>
      changedAtColumns(
        { ...bindPlan(spec('at'), { columns }), spec: specOf({ read: spec('at').read }) },
        TIMES,
      ),
    ).toThrow('has no `changedAt`');
  });
});
