import { describe, expect, test } from 'vitest';
import type { PushedEntity } from '../../../src/domain/upload/pushed-row.ts';
import {
  readWatermelonChange,
  type ServerRecord,
  type WatermelonChange,
} from '../../../src/domain/upload/watermelon-row.ts';

const ENTITY: PushedEntity = {
  entity: 'orders',
  types: new Map([
    ['title', 'text'],
    ['qty', 'integer'],
    ['data', 'jsonb'],
    ['due', 'timestamp with time zone'],
    ['total', 'numeric'],
  ]),
  keyColumns: ['no'],
  writable: new Set(['title', 'qty', 'data', 'due']),
  hidden: new Set(),
  givesKeys: true,
};

const DOCUMENT = { id: '7', title: 'a', qty: 1, data: { a: 1 }, due: null, total: '3' };
const RECORD = { id: '7', title: 'a', qty: 1, data: '{"a": 1}', due: null, total: '3', _status: 'updated' };

function read(change: WatermelonChange, server: Partial<ServerRecord> | null) {
  const known = server === null ? null : { document: DOCUMENT, isDeleted: false, isNewer: false, ...server };
  return readWatermelonChange(change, { entity: ENTITY, baseVersion: '1.99', server: known });
}

describe('updated', () => {
  const change = { kind: 'updated', input: { ...RECORD, _changed: 'title,total', title: 'b' } } as const;

  test('sends the columns that the record names', () => {
    expect(read(change, {})).toEqual({
      isStale: false,
      row: {
        ...{ id: '7', why: null, names: {} },
        mutation: {
          ...{ entity: 'orders', row: '7', operation: 'update', base: { version: '1.99' } },
          values: { title: 'b', total: '3' },
        },
      },
    });
  });

  test('without names, those that differ from the server’s row; times may be numbers', () => {
    const input = { ...RECORD, due: 1_700_000_000_000, data: '{"a":1}' };
    const { row } = read({ kind: 'updated', input }, {});
    expect(row.mutation).toMatchObject({ values: { due: '2023-11-14T22:13:20.000Z' } });
  });

  test('says by its rev, where it has one, which version was changed', () => {
    const input = { ...change.input, rev: '1.40' };
    const seen = read({ kind: 'updated', input }, { isNewer: true, document: { ...DOCUMENT, rev: '1.40' } });
    expect(seen).toMatchObject({ isStale: false, row: { mutation: { base: { version: '1.40' } } } });
    expect(read({ kind: 'updated', input }, { document: { ...DOCUMENT, rev: '1.41' } }).isStale).toBe(true);
  });

  test('is stale when others changed the row, unless it is as this device would have it', () => {
    expect(read(change, { isNewer: true }).isStale).toBe(true);
    expect(read(change, { isNewer: true, document: { ...DOCUMENT, title: 'b' } }).isStale).toBe(false);
    expect(read(change, { isNewer: true, isDeleted: true }).isStale).toBe(true);
    expect(read(change, null).isStale).toBe(false);
  });
});

test('created: what the device may write; of a row that is there, an update', () => {
  const input = { ...RECORD, _status: 'created', _changed: '' };
  expect(read({ kind: 'created', input }, null).row.mutation).toEqual({
    ...{ entity: 'orders', row: '7', operation: 'insert' },
    values: { title: 'a', qty: '1', data: '{"a": 1}' },
  });
  expect(read({ kind: 'created', input: { ...input, qty: 5 } }, {}).row.mutation).toMatchObject({
    operation: 'update',
    values: { qty: '5' },
  });
});

test('deleted: stale when others changed the row since', () => {
  const change = { kind: 'deleted', input: '7' } as const;
  expect(read(change, {}).row.mutation).toMatchObject({ operation: 'delete', base: { version: '1.99' } });
  expect(read(change, { isNewer: true }).isStale).toBe(true);
  expect(read(change, { isNewer: true, isDeleted: true }).isStale).toBe(false);
});

test('what has no id', () => {
  for (const input of [null, {}, { id: 7 }, { id: 'nul \u0000' }]) {
    expect(read({ kind: 'created', input }, null).row).toMatchObject({ id: null, mutation: null });
  }
});
