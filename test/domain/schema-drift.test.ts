import { expect, test } from 'vitest';
import type { EntitySpec, SourceColumn } from '../../src/domain/entity.ts';
import { compareColumns } from '../../src/domain/schema-drift.ts';
import { entitySpec, sourceColumn } from './specs.ts';

const ID = sourceColumn('ID', 'bigint');
const listed: Partial<EntitySpec> = {
  columns: [
    { role: 'from', name: 'id', from: 'id' },
    { role: 'from', name: 'salary', from: 'salary' },
    { role: 'from', name: 'rate', from: 'RATE', type: 'numeric(20,6)' },
  ],
  changedAt: { columns: ['changed'], setBy: 'database', overlapMs: 0 },
  softDelete: { column: 'GONE' },
};
const computing: Partial<EntitySpec> = {
  columns: [
    { role: 'from', name: 'id', from: 'ID' },
    { role: 'compute', name: 'x', type: 'text', compute: () => null },
  ],
};

const numeric = (name: string, declared: string): SourceColumn =>
  sourceColumn(name, 'numeric', { sourceType: declared });
const integer = sourceColumn('SALARY', 'integer');
const bigint = sourceColumn('SALARY', 'bigint');
const text = sourceColumn('SALARY', 'text');
const geometry = sourceColumn('SALARY', 'geometry', { mirrorType: null, problem: 'an extension’s type' });
const extra = sourceColumn('EXTRA', 'text');

type Case = [string, Partial<EntitySpec>, SourceColumn[], SourceColumn[], string[]];

/** 'kind column compatible|stop [full]' */
test.each<Case>([
  ['nothing', {}, [ID, integer], [ID, integer], []],
  ['another order is no change', {}, [ID, integer], [integer, ID], []],
  ['nullable or not is no change of the mirror', {}, [ID], [{ ...ID, nullable: false }], []],
  ['added, all columns mirrored', {}, [ID], [ID, extra], ['added EXTRA compatible full']],
  ['added without a type', {}, [ID], [ID, geometry], ['added SALARY stop']],
  ['added, not listed', listed, [ID], [ID, extra], []],
  ['added, seen by compute', computing, [ID], [ID, extra], ['added EXTRA compatible full']],
  ['dropped, all columns mirrored', {}, [ID, extra], [ID], ['dropped EXTRA stop']],
  ['dropped, listed in another case', listed, [ID, integer], [ID], ['dropped SALARY stop']],
  ['dropped, not listed', listed, [ID, extra], [ID], []],
  ['dropped changedAt', listed, [ID, sourceColumn('CHANGED', 'date')], [ID], ['dropped CHANGED stop']],
  ['dropped softDelete', listed, [ID, sourceColumn('GONE', 'boolean')], [ID], ['dropped GONE stop']],
  ['dropped, seen by compute', computing, [ID, extra], [ID], ['dropped EXTRA stop']],
  ['widened', {}, [ID, integer], [ID, bigint], ['widened SALARY compatible']],
  ['narrowed', {}, [ID, bigint], [ID, integer], ['narrowed SALARY compatible']],
  ['another type', {}, [ID, integer], [ID, text], ['type-changed SALARY stop']],
  ['no type any more', {}, [ID, integer], [ID, geometry], ['type-changed SALARY stop']],
  [
    'digits that the mirror has room for',
    {},
    [ID, numeric('SALARY', 'numeric(10,2)')],
    [ID, numeric('SALARY', 'numeric(12,2)')],
    ['widened SALARY compatible'],
  ],
  ['changed, not listed', listed, [ID, sourceColumn('EXTRA', 'integer')], [ID, extra], []],
  [
    'widened beyond the type that it was given',
    listed,
    [ID, sourceColumn('RATE', 'integer')],
    [ID, sourceColumn('RATE', 'bigint')],
    ['widened RATE stop'],
  ],
  [
    'narrowed under the type that it was given',
    listed,
    [ID, sourceColumn('RATE', 'bigint')],
    [ID, sourceColumn('RATE', 'integer')],
    ['narrowed RATE compatible'],
  ],
])('C21: %s', (...[, changes, stored, described, expected]) => {
  const drift = compareColumns({ spec: entitySpec(changes), stored, described });
  expect(
    drift.map(
      ({ kind, column, compatible, needsFull }) =>
        `${kind} ${column} ${compatible ? 'compatible' : 'stop'}${needsFull ? ' full' : ''}`,
    ),
  ).toEqual(expected);
  for (const { description, remedy } of drift) {
    expect(description).not.toBe('');
    expect(remedy).toMatch(/\.$/);
  }
});

test('C21: a dropped column that the mirror has lost too is settled', () => {
  const input = { spec: entitySpec(), stored: [ID, extra], described: [ID] };
  expect(compareColumns({ ...input, mirrorColumns: new Set(['id', 'extra']) })).toHaveLength(1);
  expect(compareColumns({ ...input, mirrorColumns: new Set(['id']) })).toEqual([]);
});

test('C21: a column that the configuration names has to be at the source, whatever the mirror has', () => {
  const input = { spec: entitySpec(listed), stored: [ID, integer], described: [ID] };
  expect(compareColumns({ ...input, mirrorColumns: new Set(['id']) })).toHaveLength(1);
});
