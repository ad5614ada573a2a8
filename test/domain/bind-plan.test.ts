import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bindPlan } from '../../src/domain/bind-plan.ts';
import type { ColumnSpec, EntitySpec, SourceColumn } from '../../src/domain/entity.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { entitySpec, sourceColumn } from './specs.ts';

const COLUMNS = [
  sourceColumn('NAME', 'text', { sourceType: 'character varying(20)' }),
  sourceColumn('ID', 'bigint'),
  sourceColumn('SALARY', 'numeric', { sourceType: 'numeric(10,2)' }),
  sourceColumn('CHANGED', 'timestamp with time zone'),
  sourceColumn('GONE', 'boolean'),
];

const bind = (changes: Partial<EntitySpec> = {}, columns: readonly SourceColumn[] = COLUMNS) =>
  bindPlan(entitySpec(changes), { columns });

function failure(changes: Partial<EntitySpec>, columns: readonly SourceColumn[] = COLUMNS): SyncError {
  try {
    bind(changes, columns);
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
  throw new Error('the plan was bound');
}

const from = (name: string, source: string, more: Partial<ColumnSpec> = {}): ColumnSpec =>
  ({ role: 'from', name, from: source, ...more }) as ColumnSpec;
const local: ColumnSpec & { role: 'local' } = { role: 'local', name: 'note', type: 'text', default: null };
const fullName: ColumnSpec = {
  role: 'compute',
  name: 'full_name',
  type: 'text',
  compute: (row) => `${row.NAME}`,
};

describe('columns', () => {
  test('all of the source’s, under lower-case names, keys first, local ones last', () => {
    const plan = bind({ localColumns: [local] });
    expect(plan.mirrorColumns.map(({ name, role, keyPosition }) => `${name} ${role} ${keyPosition}`)).toEqual(
      [
        'id from 0',
        'name from null',
        'salary from null',
        'changed from null',
        'gone from null',
        'note local null',
      ],
    );
    expect(plan.loadColumns.map(({ name }) => name)).toEqual(['id', 'name', 'salary', 'changed', 'gone']);
    expect(plan.readColumns.map(({ name }) => name)).toEqual(['ID', 'NAME', 'SALARY', 'CHANGED', 'GONE']);
    expect(plan.keyColumns).toEqual(['id']);
    expect(plan.format).toBe('pg-binary');
  });

  test('listed ones in the order of the configuration, composite keys in key order', () => {
    const plan = bind({
      key: ['NAME', 'ID'],
      columns: [from('salary', 'SALARY'), from('nr', 'ID'), local, from('name', 'NAME')],
      localColumns: [local],
    });
    expect(plan.mirrorColumns.map(({ name, keyPosition }) => [name, keyPosition])).toEqual([
      ['name', 0],
      ['nr', 1],
      ['salary', null],
      ['note', null],
    ]);
    expect(plan.keyColumns).toEqual(['name', 'nr']);
    expect(plan.readColumns.map(({ name }) => name)).toEqual(['NAME', 'ID', 'SALARY']);
  });

  test('a key that is mirrored twice is the key once', () => {
    const plan = bind({ columns: [from('id', 'ID'), from('id_again', 'ID')] });
    expect(plan.mirrorColumns.map(({ name, keyPosition }) => [name, keyPosition])).toEqual([
      ['id', 0],
      ['id_again', null],
    ]);
    expect(plan.readColumns.map(({ name }) => name)).toEqual(['ID']);
  });

  test('columns that only decide are read and staged, not loaded', () => {
    const plan = bind({
      columns: [from('id', 'ID')],
      changedAt: { columns: ['CHANGED'], setBy: 'database', overlapMs: 0 },
      softDelete: { column: 'GONE', values: ['true'] },
    });
    expect(plan.readColumns.map(({ name }) => name)).toEqual(['ID', 'CHANGED', 'GONE']);
    expect(plan.loadColumns.map(({ name }) => name)).toEqual(['id']);
    expect(plan.stagingExtras).toEqual([
      { name: '_changed_1', type: 'timestamp with time zone', from: 'CHANGED' },
      { name: '_soft_delete', type: 'boolean', from: 'GONE' },
    ]);
  });

  test('compute may look at any column that has a type', () => {
    const odd = sourceColumn('SHAPE', 'geometry', { mirrorType: null, binaryAsIs: false });
    const plan = bind({ columns: [from('id', 'ID'), fullName] }, [...COLUMNS, odd]);
    expect(plan.readColumns.map(({ name }) => name)).toEqual(['ID', 'NAME', 'SALARY', 'CHANGED', 'GONE']);
  });

  test('a shared mirror knows its source', () => {
    expect(bind().syncSource).toBeNull();
    expect(bind({ mirror: { schema: 'hr', table: 'employees', shared: true } }).syncSource).toBe('erp');
  });
});

describe('names', () => {
  test('exactly first, then without regard to case, and the plan has the source’s spelling', () => {
    const columns = [...COLUMNS, sourceColumn('name', 'text')];
    const plan = bind(
      {
        key: ['id'],
        columns: [from('id', 'Id'), from('a', 'name'), from('b', 'NAME')],
        changedAt: { columns: ['changed'], setBy: 'database', overlapMs: 0 },
        softDelete: { column: 'gone' },
      },
      columns,
    );
    expect(plan.mirrorColumns.map((column) => column.from)).toEqual(['ID', 'name', 'NAME']);
    expect(plan.spec.key).toEqual(['ID']);
    expect(plan.spec.changedAt?.columns).toEqual(['CHANGED']);
    expect(plan.spec.softDelete?.column).toBe('GONE');
  });

  test('C21: every missing column is named, with the place and a guess', () => {
    const error = failure({ key: ['IDD'], columns: [from('salary', 'SALRY')] });
    expect(error.code).toBe('SCHEMA_CHANGED');
    expect(error.message).toBe(
      'Entity employees: the source has no column "SALRY" (columns.salary.from; did you mean "SALARY"?), nor "IDD" (key; did you mean "ID"?)',
    );
  });

  test('a name that fits two columns is asked for exactly', () => {
    const columns = [
      sourceColumn('ID', 'bigint'),
      sourceColumn('Name', 'text'),
      sourceColumn('NAME', 'text'),
    ];
    expect(failure({ columns: [from('id', 'ID'), from('x', 'name')] }, columns).message).toContain(
      'write one of Name, NAME',
    );
  });

  test.each([
    [[sourceColumn('A', 'text'), sourceColumn('a', 'text')], 'two source columns would be a'],
    [[sourceColumn('SYNC_XID', 'text')], 'names that begin with sync_ are Syncline’s own'],
    [[sourceColumn('ctid', 'text')], 'system column of PostgreSQL'],
    [[sourceColumn('_soft_delete', 'text')], 'staging tables'],
    [[sourceColumn('é'.repeat(32), 'text')], '64 bytes'],
    [[sourceColumn('NOTE', 'text')], 'the local column note has the name of a source column'],
  ])('with every column mirrored, names are checked: case %#', (more, message) => {
    const error = failure({ localColumns: [local] }, [...COLUMNS, ...more]);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(message);
    expect(error.remedy).toContain('List the columns');
  });
});

describe('types', () => {
  const typed = (type: string, rounding?: true): ColumnSpec =>
    from('salary', 'SALARY', { type, ...(rounding && { rounding }) } as Partial<ColumnSpec>);

  test('numeric is unconstrained, other types stay as the connector gives them', () => {
    const columns = [
      sourceColumn('ID', 'bigint'),
      sourceColumn('A', 'numeric(10,2)'),
      sourceColumn('B', 'numeric(4,1)[]'),
      sourceColumn('C', 'character(5)'),
    ];
    expect(bind({}, columns).mirrorColumns.map(({ type }) => type)).toEqual([
      'bigint',
      'numeric',
      'numeric[]',
      'character(5)',
    ]);
  });

  test.each(['numeric(10,2)', 'numeric(14,4)', 'text', 'numeric'])('%s holds every numeric(10,2)', (type) => {
    expect(bind({ columns: [from('id', 'ID'), typed(type)] }).mirrorColumns[1]?.type).toBe(type);
  });

  test.each(['numeric(10,1)', 'numeric(8,2)', 'integer', 'double precision'])(
    '%s is refused unless it may round',
    (type) => {
      const error = failure({ columns: [from('id', 'ID'), typed(type)] });
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toBe(
        `Entity employees: column salary: ${type} cannot hold every numeric(10,2) of SALARY`,
      );
      expect(error.remedy).toContain('rounding: true');
      const plan = bind({ columns: [from('id', 'ID'), typed(type, true)] });
      expect(plan.mirrorColumns[1]?.type).toBe(type);
      expect(plan.format).toBe('rows');
    },
  );

  test('no rounding makes a number of a uuid', () => {
    const error = failure({ columns: [from('id', 'ID'), typed('uuid', true)] });
    expect(error.remedy).toContain('compute');
  });

  test('a declared length counts, though the mirror’s type has none', () => {
    expect(
      bind({
        columns: [from('id', 'ID'), from('name', 'NAME', { type: 'varchar(20)' } as Partial<ColumnSpec>)],
      }).mirrorColumns[1]?.type,
    ).toBe('character varying(20)');
    expect(
      failure({
        columns: [from('id', 'ID'), from('name', 'NAME', { type: 'varchar(19)' } as Partial<ColumnSpec>)],
      }).message,
    ).toContain('character varying(20)');
    const oracle = [sourceColumn('ID', 'numeric', { sourceType: 'NUMBER(9)', binaryAsIs: false })];
    expect(
      bind({ columns: [from('id', 'ID', { type: 'numeric(9,0)' } as Partial<ColumnSpec>)] }, oracle)
        .mirrorColumns[0]?.type,
    ).toBe('numeric(9,0)');
  });

  test('columns without a type are all named, and a text type makes them readable', () => {
    const shape = sourceColumn('SHAPE', 'geometry', {
      mirrorType: null,
      binaryAsIs: false,
      problem: 'an extension’s type',
    });
    const error = failure({}, [...COLUMNS, shape]);
    expect(error.code).toBe('TYPE_UNSUPPORTED');
    expect(error.message).toContain('SHAPE (geometry: an extension’s type)');
    const plan = bind(
      { columns: [from('id', 'ID'), from('shape', 'SHAPE', { type: 'text' } as Partial<ColumnSpec>)] },
      [...COLUMNS, shape],
    );
    expect(plan.mirrorColumns[1]?.type).toBe('text');
    expect(plan.readColumns[1]).toMatchObject({ mirrorType: 'text', binaryAsIs: false });
    expect(plan.format).toBe('rows');
  });

  test.each(['TIMESTAMP(9)', 'TIMESTAMP(9) WITH TIME ZONE'])(
    '%s is rounded only where that is said',
    (sourceType) => {
      const columns = [
        sourceColumn('ID', 'bigint'),
        sourceColumn('AT', sourceType, { mirrorType: null, binaryAsIs: false }),
      ];
      const at = (more: object) => ({
        columns: [from('id', 'ID'), from('at', 'AT', more as Partial<ColumnSpec>)],
      });
      const type = sourceType.endsWith('ZONE') ? 'timestamptz' : 'timestamp';
      expect(failure({}, columns).code).toBe('TYPE_UNSUPPORTED');
      expect(failure(at({ type }), columns).remedy).toContain(
        "rounding: true beside the type if that loss is meant, or choose 'text'",
      );
      const rounded = bind(at({ type, rounding: true }), columns);
      expect(rounded.mirrorColumns[1]?.type).toMatch(/^timestamp with/);
      expect(rounded.readColumns[1]?.mirrorType).toBe(rounded.mirrorColumns[1]?.type);
      expect(bind(at({ type: 'text' }), columns).readColumns[1]?.mirrorType).toBe('text');
    },
  );
});

describe('keys, changedAt, deduplicate', () => {
  test('keys keep the order of the source and round nothing', () => {
    const wider = bind({ columns: [from('id', 'ID', { type: 'numeric' } as Partial<ColumnSpec>)] });
    expect(wider.mirrorColumns[0]?.type).toBe('numeric');
    expect(
      failure({ columns: [from('id', 'ID', { type: 'text' } as Partial<ColumnSpec>)] }).message,
    ).toContain('the source orders it as bigint');
    expect(
      failure({ columns: [from('id', 'ID', { type: 'integer', rounding: true } as Partial<ColumnSpec>)] })
        .remedy,
    ).toContain('would be one row');
  });

  test.each(['real', 'boolean', 'json', 'text[]'])('%s is no key', (type) => {
    expect(failure({}, [sourceColumn('ID', type)]).message).toContain(`id is ${type}, which cannot be a key`);
  });

  test('a key that the columns leave out is asked for', () => {
    expect(failure({ columns: [from('name', 'NAME')] }).remedy).toBe("Add it: id: { from: 'ID' }.");
  });

  test('changedAt is a time', () => {
    const error = failure({ changedAt: { columns: ['SALARY'], setBy: 'database', overlapMs: 0 } });
    expect(error.message).toBe('Entity employees: changedAt SALARY is numeric');
  });

  const dedupe = {
    by: ['name'],
    at: 'changed',
    withinMs: 1_000,
    scope: 'entity',
    retentionMs: 1_000,
  } as const;

  test('deduplicate names mirror columns that the source fills, and a time', () => {
    expect(bind({ deduplicate: dedupe }).spec.deduplicate).toEqual(dedupe);
    expect(failure({ deduplicate: { ...dedupe, by: ['NAME'] } }).message).toContain('deduplicate names NAME');
    expect(failure({ deduplicate: { ...dedupe, by: ['note'] }, localColumns: [local] }).message).toContain(
      'deduplicate names note',
    );
    expect(failure({ deduplicate: { ...dedupe, at: 'salary' } }).message).toContain(
      'deduplicate.at salary is numeric',
    );
  });
});

describe('format', () => {
  const interval = sourceColumn('LASTS', 'interval');
  const array = sourceColumn('TAGS', 'text[]');
  const foreign = sourceColumn('HIRED', 'date', { binaryAsIs: false });
  const validate = z.object({});

  test.each<[string, Partial<EntitySpec>, SourceColumn[], 'pg-binary' | 'rows']>([
    ['columns that nobody looks at need no decoder', {}, [array], 'pg-binary'],
    ['validate looks at what is copied', { validate }, [array], 'rows'],
    ['validate, with decoders', { validate }, [interval], 'pg-binary'],
    [
      'validate does not look at what is not copied',
      { validate, columns: [from('id', 'ID')] },
      [array],
      'pg-binary',
    ],
    ['compute looks at everything', { columns: [from('id', 'ID'), fullName] }, [array], 'rows'],
    ['compute, with decoders', { columns: [from('id', 'ID'), fullName] }, [], 'pg-binary'],
    [
      'a result that cannot be encoded',
      { columns: [from('id', 'ID'), { ...fullName, type: 'numeric' } as ColumnSpec] },
      [],
      'rows',
    ],
    ['other bytes than the mirror’s', {}, [foreign], 'rows'],
    ['other bytes in a column that is not read', { columns: [from('id', 'ID')] }, [foreign], 'pg-binary'],
    [
      'another type than the source’s',
      { columns: [from('id', 'ID'), from('name', 'NAME', { type: 'varchar(20)' } as Partial<ColumnSpec>)] },
      [],
      'rows',
    ],
  ])('%s', (...[, changes, more, expected]) => {
    expect(bind(changes, [...COLUMNS, ...more]).format).toBe(expected);
  });
});
