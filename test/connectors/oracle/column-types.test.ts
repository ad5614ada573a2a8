/** Each of Oracle's types has a mirror type that holds every value of it, or a problem that says what to do. */
import { describe, expect, test } from 'vitest';
import { columnType, type DescribedColumn, mapColumn } from '../../../src/connectors/oracle/column-types.ts';
import { bindPlan } from '../../../src/domain/bind-plan.ts';
import type { ColumnSpec } from '../../../src/domain/entity.ts';
import { specOf } from '../kit.ts';

const column = (typeName: string, more: Partial<DescribedColumn> = {}): DescribedColumn => ({
  name: 'C',
  typeName,
  isObject: false,
  precision: null,
  scale: null,
  bytes: null,
  nullable: true,
  ...more,
});
const number = (precision: number | null, scale: number | null) => column('NUMBER', { precision, scale });

test.each([
  [number(0, -127), 'NUMBER', 'numeric'],
  [number(0, 0), 'NUMBER', 'numeric'],
  [number(1, 0), 'NUMBER(1)', 'integer'],
  [number(9, 0), 'NUMBER(9)', 'integer'],
  [number(10, 0), 'NUMBER(10)', 'bigint'],
  [number(18, 0), 'NUMBER(18)', 'bigint'],
  [number(19, 0), 'NUMBER(19)', 'numeric'],
  [number(38, 0), 'NUMBER(38)', 'numeric'],
  [number(10, 2), 'NUMBER(10,2)', 'numeric'],
  [number(5, -2), 'NUMBER(5,-2)', 'numeric'],
  [number(126, -127), 'FLOAT(126)', 'numeric'],
  [number(63, -127), 'FLOAT(63)', 'numeric'],
  [column('BINARY_FLOAT'), 'BINARY_FLOAT', 'real'],
  [column('BINARY_DOUBLE'), 'BINARY_DOUBLE', 'double precision'],
  [column('VARCHAR2', { bytes: 20 }), 'VARCHAR2(20)', 'text'],
  [column('NVARCHAR2', { bytes: 40 }), 'NVARCHAR2', 'text'],
  [column('CHAR', { bytes: 3 }), 'CHAR(3)', 'text'],
  [column('NCHAR', { bytes: 6 }), 'NCHAR', 'text'],
  [column('CLOB'), 'CLOB', 'text'],
  [column('NCLOB'), 'NCLOB', 'text'],
  [column('BLOB'), 'BLOB', 'bytea'],
  [column('RAW', { bytes: 16 }), 'RAW(16)', 'bytea'],
  [column('DATE'), 'DATE', 'timestamp without time zone'],
  [column('TIMESTAMP', { precision: 0 }), 'TIMESTAMP(0)', 'timestamp without time zone'],
  [column('TIMESTAMP', { precision: 6 }), 'TIMESTAMP(6)', 'timestamp without time zone'],
  [
    column('TIMESTAMP WITH TIME ZONE', { precision: 6 }),
    'TIMESTAMP(6) WITH TIME ZONE',
    'timestamp with time zone',
  ],
  [
    column('TIMESTAMP WITH LOCAL TIME ZONE', { precision: 3 }),
    'TIMESTAMP(3) WITH LOCAL TIME ZONE',
    'timestamp with time zone',
  ],
  [column('INTERVAL YEAR TO MONTH'), 'INTERVAL YEAR TO MONTH', 'interval'],
  [column('INTERVAL DAY TO SECOND'), 'INTERVAL DAY TO SECOND', 'interval'],
  [column('INTERVAL DAY TO SECOND', { precision: 6 }), 'INTERVAL DAY TO SECOND(6)', 'interval'],
  [column('ROWID'), 'ROWID', 'text'],
  [column('UROWID'), 'UROWID', 'text'],
  [column('BOOLEAN'), 'BOOLEAN', 'boolean'],
  [column('JSON'), 'JSON', 'json'],
  [column('XMLTYPE'), 'XMLTYPE', 'text'],
] as const)('%o is %s and mirrored as %s', (described, sourceType, mirrorType) => {
  const mapped = mapColumn(described);
  expect(mapped).toMatchObject({ sourceType, mirrorType, binaryAsIs: false });
  expect(mapped).not.toHaveProperty('problem');
});

test.each([
  [column('LONG'), 'make it a CLOB'],
  [column('LONG RAW'), 'make it a BLOB'],
  [column('BFILE'), 'convert it by `read.sql`'],
  [column('VECTOR'), 'convert it by `read.sql`'],
  [column('HR.ADDRESS', { isObject: true }), 'SELECT t.C.attribute'],
  [column('TIMESTAMP', { precision: 9 }), "type: 'timestamp', rounding: true"],
  [column('TIMESTAMP WITH TIME ZONE', { precision: 7 }), "type: 'timestamptz', rounding: true"],
  [column('INTERVAL DAY TO SECOND', { precision: 9 }), "type: 'text'"],
] as const)('%o is refused, and says what to do', (described, remedy) => {
  const mapped = mapColumn(described);
  expect(mapped.mirrorType).toBeNull();
  expect(mapped.problem).toContain(remedy);
  expect(() => bind([mapped])).toThrow(`C (${mapped.sourceType}: `);
});

function bind(columns: ReturnType<typeof mapColumn>[], specs: ColumnSpec[] | null = null) {
  const id = mapColumn({ ...number(9, 0), name: 'ID', nullable: false });
  const key = { role: 'from', name: 'id', from: 'ID' } as const;
  const spec = specOf({ read: { kind: 'table', table: 'T' }, columns: specs && [key, ...specs] });
  return bindPlan(spec, { columns: [id, ...columns] });
}

describe('nanoseconds', () => {
  const at = mapColumn(column('TIMESTAMP', { precision: 9 }));
  const from = (more: object) => [{ role: 'from', name: 'c', from: 'C', ...more } as ColumnSpec];

  test('are rounded, or kept as text, where the configuration says so', () => {
    expect(bind([at], from({ type: 'timestamp', rounding: true })).loadColumns[1]?.type).toBe(
      'timestamp without time zone',
    );
    expect(bind([at], from({ type: 'text' })).loadColumns[1]?.type).toBe('text');
  });

  test('are refused otherwise', () => {
    expect(() => bind([at], from({ type: 'timestamp' }))).toThrow('cannot hold every TIMESTAMP(9)');
    expect(() => bind([at], from({}))).toThrow('more than six digits of seconds');
  });
});

test('what a source type says is read back from it', () => {
  expect(columnType('NUMBER(10,2)')).toMatchObject({ kind: 'number', precision: 10, scale: 2 });
  expect(columnType('NUMBER(5,-2)')).toMatchObject({ precision: 5, scale: -2 });
  expect(columnType('NUMBER(9)')).toMatchObject({ precision: 9, scale: 0 });
  expect(columnType('NUMBER')).toMatchObject({ precision: null, scale: null });
  expect(columnType('FLOAT(126)')).toMatchObject({ kind: 'number', precision: null });
  expect(columnType('TIMESTAMP(9) WITH LOCAL TIME ZONE')).toMatchObject({ kind: 'localZoned', scale: 9 });
  expect(columnType('NVARCHAR2')).toMatchObject({ kind: 'text', national: true });
  expect(columnType('VARCHAR2(20)')).toMatchObject({ kind: 'text', national: false });
  expect(columnType('LONG').kind).toBeNull();
  expect(columnType('constructor').kind).toBeNull();
});
