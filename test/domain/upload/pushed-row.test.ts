import { describe, expect, test } from 'vitest';
import { type PushedEntity, readPushedRow } from '../../../src/domain/upload/pushed-row.ts';
import { readMutation } from '../../../src/domain/upload/wire.ts';

const ENTITY: PushedEntity = {
  entity: 'orders',
  types: new Map([
    ['id', 'bigint'],
    ['title', 'text'],
    ['amount', 'numeric'],
    ['qty', 'integer'],
    ['data', 'jsonb'],
    ['total', 'numeric'],
    ['_own', 'text'],
    ['secret', 'text'],
  ]),
  keyColumns: ['id'],
  writable: new Set(['title', 'amount', 'qty', 'data', '_own']),
  hidden: new Set(['secret']),
  givesKeys: false,
};

const SERVER = {
  id: '7',
  rev: '1.20',
  _deleted: false,
  title: 'a',
  amount: '1.50',
  qty: 2,
  data: { a: 1 },
  total: '3',
};

function mutationOf(newDocumentState: object, assumedMasterState?: object, more: object = {}) {
  const { mutation, why } = readPushedRow({ newDocumentState, assumedMasterState, ...more }, ENTITY);
  expect(why).toBeNull();
  expect(readMutation(mutation).kind).toBe('read');
  return mutation;
}

describe('a row with the state that the device assumes', () => {
  const base = {
    version: '1.20',
    values: { title: 'a', amount: '1.50', qty: '2', data: '{"a":1}', total: '3' },
  };

  test('is an update of the fields that differ', () => {
    expect(mutationOf({ ...SERVER, title: 'b', data: { b: 'x' } }, SERVER)).toEqual({
      ...{ entity: 'orders', row: '7', operation: 'update', base },
      values: { title: 'b', data: '{"b":"x"}' },
    });
  });

  test('says of a JSON text that it is JSON', () => {
    expect(mutationOf({ ...SERVER, data: 'x' }, SERVER)).toMatchObject({ values: { data: '"x"' } });
  });

  test('sets a field that was removed to null, if the device may write it', () => {
    const { title: _, total: __, ...rest } = SERVER;
    expect(mutationOf(rest, SERVER)).toMatchObject({ values: { title: null } });
  });

  test('confirms the row when nothing differs', () => {
    expect(mutationOf(SERVER, SERVER)).toMatchObject({ operation: 'update', values: { title: 'a' } });
  });

  test('says what may not be written, so that it is refused', () => {
    expect(mutationOf({ ...SERVER, total: null, secret: 'x' }, SERVER)).toMatchObject({
      values: { total: null, secret: 'x' },
    });
  });

  test('leaves out what the client keeps for itself, and what it did by operations', () => {
    const changes = { qty: [{ add: 1 }] };
    expect(mutationOf({ ...SERVER, qty: 3, _rev: 'x', _own: 'y' }, SERVER, { changes })).toMatchObject({
      changes,
      values: { _own: 'y' },
    });
  });

  test('tells nothing of a JSON column by null', () => {
    const { base: told } = mutationOf({ ...SERVER, title: 'b' }, { ...SERVER, data: null }) as {
      base: object;
    };
    expect(told).toMatchObject({ values: expect.not.objectContaining({ data: expect.anything() }) });
  });

  test('is a delete when it is deleted', () => {
    expect(mutationOf({ ...SERVER, _deleted: true }, SERVER)).toEqual({
      ...{ entity: 'orders', row: '7', operation: 'delete', base },
    });
  });

  test('is made again when it was deleted', () => {
    const tombstone = { id: '7', rev: '1.30', _deleted: true };
    expect(mutationOf({ id: '7', title: 'again' }, tombstone)).toMatchObject({
      operation: 'insert',
      base: { version: '1.30' },
      values: { id: '7', title: 'again' },
    });
    const nothing = { id: '7', rev: '1.0', _deleted: true };
    expect(mutationOf({ id: '7', title: 'again' }, nothing)).not.toHaveProperty('base');
  });
});

describe('a row that the device made', () => {
  test('has the values that it was given; its id is its key where that can be one', () => {
    expect(mutationOf({ id: 'new', rev: '', title: 'x', total: null, amount: null })).toEqual({
      ...{ entity: 'orders', row: 'new', operation: 'insert' },
      values: { title: 'x', amount: null },
    });
    expect(mutationOf({ id: '12', title: 'x' })).toMatchObject({ values: { id: '12' } });
  });

  test('passes on what the device says of the change', () => {
    const more = { mutation: 'm', hlc: '0000000000010000-d', policy: 'clientWins', priority: 3, group: 'g' };
    expect(mutationOf({ id: 'new', title: 'x' }, undefined, more)).toMatchObject(more);
  });
});

test('what cannot be read says which change and group it was', () => {
  const names = { mutation: 'm', group: 'g' };
  expect(readPushedRow({ newDocumentState: { id: '7' }, odd: 1, ...names }, ENTITY)).toMatchObject({
    id: '7',
    names,
  });
});

test.each([
  [null, 'expected'],
  [{ newDocumentState: { title: 'x' } }, 'no id'],
  [{ newDocumentState: { id: 'nul \u0000' } }, 'no id'],
  [{ newDocumentState: { id: '7' }, assumedMasterState: { id: '8' } }, 'another id'],
  [{ newDocumentState: [] }, 'newDocumentState'],
  [{ newDocumentState: { id: '7' }, 'odd \u0000': 1 }, '\uFFFD'],
])('a row that cannot be read: %j', (input, why) => {
  const row = readPushedRow(input, ENTITY);
  expect(row.mutation).toBeNull();
  expect(row.why?.toLowerCase()).toContain(why.toLowerCase());
  expect(row.why).not.toContain('\u0000');
});
