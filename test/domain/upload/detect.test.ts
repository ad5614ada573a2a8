import { describe, expect, test } from 'vitest';
import type { Change, RowNow } from '../../../src/domain/upload/decision.ts';
import { type Detection, detect } from '../../../src/domain/upload/detect.ts';
import { COLUMNS, change, ROW, row, seen, tombstone, UNKNOWN } from './kit.ts';

const GROUPS = [{ fields: ['amount', 'currency'] }];

function detected(parts: Partial<Change>, now: RowNow): Detection {
  const merge = { visits: { kind: 'counter' as const } };
  const addsUp = (field: string): boolean => field === 'visits';
  return detect({ change: change(parts), now, columns: COLUMNS, groups: GROUPS, merge, addsUp });
}

/** What each side changed, and what clashes; or the kind of another detection. */
function summary(detection: Detection): unknown {
  if (detection.kind === 'whole') return detection.operation;
  if (detection.kind === 'nothing') return 'nothing';
  if (detection.kind === 'existence') return detection.clash;
  const changed = (side: 'byClient' | 'byServer'): string[] =>
    detection.units.flatMap(({ fields }) => fields.filter((facts) => facts[side]).map(({ field }) => field));
  return { client: changed('byClient'), server: changed('byServer'), clash: detection.clash?.fields ?? [] };
}

type Case = { name: string; change: Partial<Change>; now: RowNow; expected: unknown };

describe('by image', () => {
  test.each<Case>([
    {
      name: 'only the client changed',
      change: { baseImage: ROW, values: { name: 'Eva' } },
      now: row(),
      expected: { client: ['name'], server: [], clash: [] },
    },
    {
      name: 'a whole document with one change',
      change: { baseImage: ROW, values: { ...ROW, name: 'Eva' } },
      now: row(),
      expected: { client: ['name'], server: [], clash: [] },
    },
    {
      name: 'both changed, other fields',
      change: { baseImage: ROW, values: { ...ROW, name: 'Eva' } },
      now: row({ phone: '2' }),
      expected: { client: ['name'], server: ['phone'], clash: [] },
    },
    {
      name: 'both changed one field',
      change: { baseImage: ROW, values: { name: 'Eva' } },
      now: row({ name: 'Ida' }),
      expected: { client: ['name'], server: ['name'], clash: ['name'] },
    },
    {
      name: 'both set a field to the same value',
      change: { baseImage: ROW, values: { name: 'Ida' } },
      now: row({ name: 'Ida' }),
      expected: 'nothing',
    },
    {
      name: 'both set a field to the same number, written otherwise',
      change: { baseImage: ROW, values: { salary: '1100' } },
      now: row({ salary: '1100.00' }),
      expected: 'nothing',
    },
    {
      name: 'both added to a sum, the same',
      change: { baseImage: ROW, values: { visits: '4' } },
      now: row({ visits: '4' }),
      expected: { client: ['visits'], server: ['visits'], clash: ['visits'] },
    },
    {
      name: 'both changed to instants a microsecond apart',
      change: { baseImage: ROW, values: { seen_at: '2026-02-01 10:00:00.000001+00' } },
      now: row({ seen_at: '2026-02-01 10:00:00.000002+00' }),
      expected: { client: ['seen_at'], server: ['seen_at'], clash: ['seen_at'] },
    },
    {
      name: 'the image in another time zone and scale is the row',
      change: {
        baseImage: { ...ROW, seen_at: '2026-01-01 11:00:00+01', salary: '1000' },
        values: { name: 'Eva' },
      },
      now: row(),
      expected: { client: ['name'], server: [], clash: [] },
    },
    { name: 'nothing sent', change: { baseImage: ROW }, now: row({ phone: '2' }), expected: 'nothing' },
    {
      name: 'sent what it saw',
      change: { baseImage: ROW, values: ROW },
      now: row({ phone: '2' }),
      expected: 'nothing',
    },
    {
      name: 'NULL is a value',
      change: { baseImage: ROW, values: { phone: null } },
      now: row({ phone: '2' }),
      expected: { client: ['phone'], server: ['phone'], clash: ['phone'] },
    },
  ])('$name', ({ change, now, expected }) => {
    expect(summary(detected(change, now))).toEqual(expected);
  });
});

describe('by version', () => {
  test.each<Case>([
    {
      name: 'no field changed since',
      change: { baseVersion: seen(10), values: { name: 'Eva' } },
      now: row({}, { name: [10, 1], phone: [9, 1] }),
      expected: { client: ['name'], server: [], clash: [] },
    },
    {
      name: 'the field changed since',
      change: { baseVersion: seen(9), values: { name: 'Eva' } },
      now: row({}, { name: [10, 1] }),
      expected: { client: ['name'], server: ['name'], clash: ['name'] },
    },
    {
      name: 'xids compare as numbers',
      change: { baseVersion: seen(9), values: { name: 'Eva' } },
      now: row({}, { phone: [10, 1] }),
      expected: { client: ['name'], server: ['phone'], clash: [] },
    },
    {
      name: 'unlisted fields changed with *',
      change: { baseVersion: seen(9), values: { name: 'Eva' } },
      now: row({}, { name: [8, 1], '*': [10, 1] }),
      expected: {
        client: ['name'],
        server: Object.keys(COLUMNS).filter((field) => field !== 'name'),
        clash: [],
      },
    },
    {
      name: 'another incarnation: everything changed',
      change: { baseVersion: seen(20, 2), values: { name: 'Eva', phone: '1' } },
      now: row(),
      expected: { client: ['name', 'phone'], server: Object.keys(COLUMNS), clash: ['name'] },
    },
    {
      name: 'both: the image decides where it has the field',
      change: {
        baseVersion: seen(9),
        baseImage: { name: 'Ada' },
        values: { name: 'Eva', phone: '3' },
      },
      now: row({}, { name: [10, 1], phone: [10, 1] }),
      expected: { client: ['name', 'phone'], server: ['phone'], clash: ['phone'] },
    },
    {
      name: 'no base: fields without a stamp are as everybody has seen them',
      change: { values: { name: 'Eva', phone: '3' } },
      now: row({}, { phone: [10, 1] }),
      expected: { client: ['name', 'phone'], server: ['phone'], clash: ['phone'] },
    },
  ])('$name', ({ change, now, expected }) => {
    const found = summary(detected(change, now)) as { client: string[]; server: string[] };
    const sorted = { ...found, client: [...found.client].sort(), server: [...found.server].sort() };
    const { client, server, clash } = expected as { client: string[]; server: string[]; clash: string[] };
    expect(sorted).toEqual({ client: [...client].sort(), server: [...server].sort(), clash });
  });
});

describe('groups are one', () => {
  test.each<Case>([
    {
      name: 'client one field, server the other',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: row({ currency: 'USD' }),
      expected: { client: ['amount'], server: ['currency'], clash: ['amount', 'currency'] },
    },
    {
      name: 'only the client',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: row({ phone: '2' }),
      expected: { client: ['amount'], server: ['phone'], clash: [] },
    },
    {
      name: 'both the same',
      change: { baseImage: ROW, values: { amount: '6', currency: 'USD' } },
      now: row({ amount: '6.0', currency: 'USD' }),
      expected: 'nothing',
    },
    {
      name: 'one the same, the other only here',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: row({ amount: '6', currency: 'USD' }),
      expected: { client: ['amount'], server: ['amount', 'currency'], clash: ['amount', 'currency'] },
    },
  ])('$name', ({ change, now, expected }) => {
    expect(summary(detected(change, now))).toEqual(expected);
  });
});

describe('rows that come and go', () => {
  const update = { values: { name: 'Eva' } };
  const gone = { kind: 'updateDelete', fields: ['name'] };
  test.each<Case>([
    { name: 'insert', change: { operation: 'insert', ...update }, now: UNKNOWN, expected: 'insert' },
    { name: 'insert over a delete', change: { operation: 'insert' }, now: tombstone(), expected: 'revive' },
    {
      name: 'insert by a device that knows of the delete',
      change: { operation: 'insert', baseVersion: seen(20), ...update },
      now: tombstone(),
      expected: 'revive',
    },
    {
      name: 'C14: insert with an older base over a delete',
      change: { operation: 'insert', baseVersion: seen(19), ...update },
      now: tombstone(),
      expected: gone,
    },
    {
      name: 'C14: a base for a key that nobody knows',
      change: { operation: 'insert', baseImage: ROW, ...update },
      now: UNKNOWN,
      expected: gone,
    },
    {
      name: 'update of a deleted row',
      change: { baseImage: ROW, ...update },
      now: tombstone(),
      expected: gone,
    },
    { name: 'update without base of nothing', change: update, now: UNKNOWN, expected: gone },
    {
      name: 'delete of what is as it was seen',
      change: { operation: 'delete', baseImage: ROW },
      now: row(),
      expected: 'delete',
    },
    {
      name: 'delete of what changed since, by image',
      change: { operation: 'delete', baseImage: ROW },
      now: row({ phone: '2' }),
      expected: { kind: 'deleteUpdate', fields: ['phone'] },
    },
    {
      name: 'delete of what changed since, by version',
      change: { operation: 'delete', baseVersion: seen(9) },
      now: row({}, { name: [10, 1], phone: [9, 1] }),
      expected: { kind: 'deleteUpdate', fields: ['name'] },
    },
    {
      name: 'delete of a deleted row',
      change: { operation: 'delete' },
      now: tombstone(),
      expected: 'nothing',
    },
    { name: 'delete of nothing', change: { operation: 'delete' }, now: UNKNOWN, expected: 'nothing' },
    {
      name: 'create and create with the same content',
      change: { operation: 'insert', values: { ...ROW, amount: '5.0' } },
      now: row(),
      expected: 'nothing',
    },
    {
      name: 'create and create',
      change: { operation: 'insert', values: { id: '7', name: 'Eva', phone: '1' } },
      now: row(),
      expected: { client: ['id', 'name', 'phone'], server: ['id', 'name', 'phone'], clash: ['name'] },
    },
  ])('$name', ({ change, now, expected }) => {
    expect(summary(detected(change, now))).toEqual(expected);
  });

  test('create and create is a clash of its own kind', () => {
    const found = detected({ operation: 'insert', values: { name: 'Eva' } }, row());
    expect(found).toMatchObject({ clash: { kind: 'createCreate' } });
  });
});

test('a value that the server has had all along is confirmed, where its device did not say that it saw it', () => {
  const confirmed = (parts: Partial<Change>): readonly string[] => {
    const detection = detected({ baseVersion: null, values: { name: ROW.name ?? null }, ...parts }, row());
    return detection.kind === 'nothing' ? detection.confirmed.map(({ field }) => field) : ['something'];
  };
  expect(confirmed({ baseImage: { phone: ROW.phone ?? null } })).toEqual(['name']);
  expect(confirmed({ baseImage: null })).toEqual(['name']);
  expect(confirmed({ baseImage: ROW })).toEqual([]);
});
