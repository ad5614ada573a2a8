/** The types of `defineSync`: checked by the compiler, so a case that it should refuse says so with @ts-expect-error. */
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  defineSync,
  type EntityInput,
  env,
  type Row,
  type SourceChange,
  type SyncConfigInput,
  type Value,
} from '../../src/index.ts';
import { parsed, refusal } from './configs.ts';

const store = { url: env('DATABASE_URL') };

test('a whole configuration has its types from the schema', () => {
  const config = defineSync({
    store,
    sources: { erp: { kind: 'postgres', url: env('ERP_URL'), slackMs: 5_000 } },
    pipelines: {
      hr: {
        source: 'erp',
        schedule: {
          incremental: { every: '1 minute' },
          full: { cron: '0 0 * * *', timeZone: 'Europe/Berlin' },
        },
        entities: {
          employees: {
            read: { table: 'hr.employees' },
            key: ['ID'],
            changedAt: { columns: 'CHANGED', overlap: '30 s' },
            mirror: { table: 'hr.employees', shared: true },
            columns: {
              full_name: {
                compute: (row) => {
                  expectTypeOf(row).toEqualTypeOf<Row>();
                  return `${row.FIRST} ${row.LAST}`;
                },
                type: 'text',
              },
              status: {
                local: true,
                default: 'NEW',
                onSource: (change) => {
                  expectTypeOf(change).toEqualTypeOf<SourceChange>();
                  expectTypeOf(change.value).toEqualTypeOf<Value>();
                  return change.value;
                },
              },
            },
            validate: z.object({ full_name: z.string() }),
            massDeleteGuard: '20 %',
            maxValueBytes: '64 MB',
          },
        },
      },
    },
  });
  expect(Object.keys(parsed(config).pipelines)).toEqual(['hr']);
});

type PipelineInput = SyncConfigInput['pipelines'][string];

test('the compiler refuses what loading refuses', () => {
  const entity: EntityInput = { read: { table: 'a.b' }, key: 'ID', mirror: 'a.b' };
  const base: SyncConfigInput = {
    store,
    sources: { a: { kind: 'postgres', url: env('ERP_URL') } },
    pipelines: {},
  };
  const withPipeline = (pipeline: Partial<PipelineInput>): SyncConfigInput => ({
    ...base,
    pipelines: { p: { source: 'a', entities: { e: entity }, ...pipeline } },
  });
  // @ts-expect-error an option that does not exist
  const extra: EntityInput = { ...entity, colums: {} };
  // @ts-expect-error a key that is missing
  const noKey: EntityInput = { read: { table: 'a.b' }, mirror: 'a.b' };
  // @ts-expect-error a choice that is none
  const choice: EntityInput = { ...entity, schemaChanges: 'aply' };
  // @ts-expect-error a duration that is none
  const schedule: PipelineInput['schedule'] = { full: { every: '5 minuts' } };
  // @ts-expect-error a secret that is written out
  const source: SyncConfigInput['sources'][string] = { kind: 'postgres', password: 'hunter22' };

  expect(Object.keys(parsed(withPipeline({})).pipelines)).toEqual(['p']);
  for (const e of [extra, noKey, choice])
    expect(refusal(withPipeline({ entities: { e } }))).toContain('entities.e');
  expect(refusal(withPipeline({ schedule }))).toContain('is not a duration');
  expect(refusal({ ...base, sources: { a: source } })).toContain('is a secret');
});
