import { describe, expect, test } from 'vitest';
import {
  canBeKey,
  canHold,
  canRound,
  isTimeType,
  normaliseType,
  sameOrder,
  seesAs,
} from '../../src/domain/types.ts';

test.each([
  ['INT', 'integer'],
  ['int2', 'smallint'],
  ['bigserial', 'bigint'],
  ['bool', 'boolean'],
  ['float', 'double precision'],
  ['float(24)', 'real'],
  ['float(53)', 'double precision'],
  ['varchar( 20 )', 'character varying(20)'],
  ['character  varying', 'character varying'],
  ['char(3)', 'character(3)'],
  ['char', 'character(1)'],
  ['bpchar', 'bpchar'],
  ['bit', 'bit(1)'],
  ['varbit(8)', 'bit varying(8)'],
  ['decimal', 'numeric'],
  ['NUMERIC(10)', 'numeric(10,0)'],
  ['numeric( 10 , 2 )', 'numeric(10,2)'],
  ['numeric(3,-2)', 'numeric(3,-2)'],
  ['timestamptz', 'timestamp with time zone'],
  ['timestamptz(3)', 'timestamp(3) with time zone'],
  ['timestamp(0)', 'timestamp(0) without time zone'],
  ['timestamp(3) with time zone', 'timestamp(3) with time zone'],
  ['timestamp without time zone', 'timestamp without time zone'],
  ['time(3)', 'time(3) without time zone'],
  ['timetz', 'time with time zone'],
  ['int4[]', 'integer[]'],
  ['varchar(5)[]', 'character varying(5)[]'],
  ['text[][]', 'text[]'],
  ['pg_catalog.text', 'text'],
  ['hr.Mood', 'hr.Mood'],
  ['"Mood"', '"Mood"'],
  ['interval day to second', 'interval day to second'],
  ['double precision', 'double precision'],
])('%s is %s', (written, expected) => {
  expect(normaliseType(written)).toBe(expected);
  expect(normaliseType(expected)).toBe(expected);
});

const WIDENINGS: readonly (readonly [narrow: string, wide: string])[] = [
  ['smallint', 'integer'],
  ['integer', 'bigint'],
  ['smallint', 'bigint'],
  ['bigint', 'numeric'],
  ['bigint', 'numeric(19,0)'],
  ['integer', 'numeric(12,2)'],
  ['real', 'double precision'],
  ['varchar(20)', 'varchar(40)'],
  ['varchar(20)', 'text'],
  ['name', 'text'],
  ['numeric(10,2)', 'numeric(12,2)'],
  ['numeric(10,2)', 'numeric(12,4)'],
  ['numeric(10,2)', 'numeric'],
  ['timestamp(3)', 'timestamp'],
  ['timestamptz(0)', 'timestamptz(3)'],
  ['time(0)', 'time'],
  ['bit(4)', 'bit varying(8)'],
  ['bit varying(8)', 'bit varying'],
  ['integer[]', 'bigint[]'],
  ['numeric(10,2)[]', 'numeric[]'],
];

describe('canHold', () => {
  test.each(WIDENINGS)(
    '%s → %s: the wide one holds the narrow one, which can be widened to it',
    (narrow, wide) => {
      expect(canHold(wide, narrow)).toBe('yes');
      expect(canHold(narrow, wide)).toBe('widen');
    },
  );

  test.each([
    // Each way loses something.
    ['numeric(10,2)', 'numeric(10,4)'],
    ['numeric(8,2)', 'bigint'],
    ['integer', 'real'],
    ['bigint', 'double precision'],
    ['numeric', 'double precision'],
    ['timestamp', 'timestamptz'],
    ['timestamp(9)', 'timestamp(6) with time zone'],
    ['date', 'timestamp'],
    ['json', 'jsonb'],
    ['uuid', 'bytea'],
    ['integer', 'boolean'],
    ['integer[]', 'integer'],
    ['character(5)', 'character(8)'],
    ['bit(4)', 'bit(8)'],
  ])('%s and %s do not fit each other', (a, b) => {
    expect(canHold(a, b)).toBe('no');
    expect(canHold(b, a)).toBe('no');
  });

  test.each(['hr.mood', 'jsonb', 'interval', 'integer[]', 'int4range', 'integer', 'character(5)'])(
    'text holds %s, but a column does not become text by itself',
    (type) => {
      expect(canHold('text', type)).toBe('yes');
      expect(canHold('varchar', type)).toBe('yes');
      expect(canHold(type, 'text')).toBe('no');
    },
  );

  test.each(['text', 'numeric', 'hr.mood', 'varchar(3)', 'timestamp(3) with time zone'])(
    '%s holds itself',
    (type) => {
      expect(canHold(type, normaliseType(type))).toBe('yes');
    },
  );

  test('seconds have six digits, whatever other sources have', () => {
    expect(canHold('timestamp', 'TIMESTAMP(6)')).toBe('yes');
    expect(canHold('timestamp', 'TIMESTAMP(9)')).not.toBe('yes');
    expect(canHold('timestamptz', 'TIMESTAMP(7) WITH TIME ZONE')).not.toBe('yes');
  });

  test('varchar without a length and text hold each other', () => {
    expect(canHold('varchar', 'text')).toBe('yes');
    expect(canHold('text', 'varchar')).toBe('yes');
  });
});

test.each([
  ['numeric(10,2)', 'numeric', true],
  ['integer', 'numeric', true],
  ['timestamp(0)', 'timestamp', true],
  ['date', 'timestamp', true],
  ['integer', 'text', true],
  ['timestamptz', 'timestamp', false],
  ['uuid', 'integer', false],
  ['integer[]', 'numeric[]', false],
])('%s may round %s: %s', (type, source, expected) => {
  expect(canRound(type, source)).toBe(expected);
});

test.each([
  ['smallint', 'number'],
  ['int4', 'number'],
  ['real', 'number'],
  ['float8', 'number'],
  ['bool', 'boolean'],
  ['bigint', 'text'],
  ['numeric(4,1)', 'text'],
  ['timestamptz', 'text'],
  ['integer[]', 'text'],
] as const)('functions see %s as %s', (type, expected) => {
  expect(seesAs(type)).toBe(expected);
});

test('keys are of types whose equal values have one text', () => {
  const all = ['bigint', 'numeric(10,0)', 'text', 'varchar(5)', 'uuid', 'date', 'timestamptz(3)', 'bytea'];
  expect(all.filter((type) => !canBeKey(type))).toEqual([]);
  const none = ['real', 'float8', 'boolean', 'json', 'jsonb', 'text[]', 'interval', 'point', 'hr.mood'];
  expect(none.filter(canBeKey)).toEqual([]);
});

test('time types and order', () => {
  expect(['date', 'timestamp(3)', 'timestamptz'].every(isTimeType)).toBe(true);
  expect(['time', 'text', 'bigint', 'date[]'].some(isTimeType)).toBe(false);
  expect(sameOrder('integer', 'numeric(10,2)')).toBe(true);
  expect(sameOrder('varchar(4)', 'text')).toBe(true);
  expect(sameOrder('integer', 'text')).toBe(false);
});
