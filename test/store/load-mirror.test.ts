/** The mirror tables: what is made, what is compared, what is changed, and what a person must decide. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityPlan } from '../../src/domain/entity.ts';
import { buildFeedIndex } from '../../src/store/feed-index.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror, planMirror } from '../../src/store/mirror-ddl.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  type PlanOptions,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
} from './load-kit.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore('load_mirror');
});
afterAll(() => test.drop());

const stop = (plan: EntityPlan) => ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
const apply = (plan: EntityPlan) => ensureMirror(test.store.pool, plan, { onDrift: 'apply' });
const kinds = async (plan: EntityPlan) =>
  (await planMirror(test.store.pool, plan)).map(({ kind, column }) =>
    column === null ? kind : `${kind} ${column}`,
  );
const sales = (entity: string, more: Partial<PlanOptions> = {}) =>
  planOf({ entity, columns: { id: 'integer', name: 'character varying(10)' }, ...more });
async function load(plan: EntityPlan, rows: TestRow[]) {
  const run = await startRun(test.store, plan);
  return loadPiece(test.store, await jobFor(test.store, plan, { run }), textPiece(rows));
}

describe('a new mirror', () => {
  it('has the key, the columns of the plan, the lean system columns, and says who owns what', async () => {
    const plan = planOf({
      entity: 'made',
      mirror: { schema: 'Odd schema', table: 'Made "so"', shared: true },
      columns: { b: 'text', a: 'integer', amount: 'numeric' },
      computed: { label: 'text' },
      key: ['b', 'a'],
      localColumns: [{ role: 'local', name: 'note', type: 'text', default: `it's`, onSource: () => null }],
    });
    expect(await kinds(plan)).toEqual(['create-table']);
    expect(await stop(plan)).toMatchObject({ created: true });
    expect(await stop(plan)).toEqual({ created: false, changes: [] });
    const columns = await all(
      test.store,
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, l.collname AS "collation",
              pg_get_expr(d.adbin, d.adrelid) AS "default", col_description(a.attrelid, a.attnum) AS comment
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE a.attrelid = '"Odd schema"."Made ""so"""'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
    );
    expect(columns).toMatchObject([
      { name: 'b', type: 'text', required: true, collation: 'C', comment: 'Source-owned (syncline): from B' },
      { name: 'a', type: 'integer', required: true },
      { name: 'amount', type: 'numeric', required: false, comment: 'Source-owned (syncline): from AMOUNT' },
      { name: 'label', type: 'text', comment: 'Source-owned (syncline): computed from the source’s row' },
      {
        name: 'note',
        type: 'text',
        default: `'it''s'::text`,
        comment: expect.stringMatching(/^Local \(syncline\).*onSource/),
      },
      { name: 'sync_source', type: 'text', required: true, collation: 'C' },
      { name: 'sync_xid', type: 'xid8', required: true, default: 'pg_current_xact_id()' },
      { name: 'sync_deleted_at', type: 'timestamp with time zone', required: false },
      { name: 'sync_hlc', type: 'text', collation: 'C' },
      { name: 'sync_origin', type: 'text' },
      { name: 'sync_modified_at', type: 'timestamp with time zone' },
      { name: 'sync_modified_by', type: 'text' },
    ]);
    const keys = await all(
      test.store,
      `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE contype = 'p' AND conrelid = '"Odd schema"."Made ""so"""'::regclass`,
    );
    expect(keys).toEqual([{ key: 'PRIMARY KEY (sync_source, b, a)' }]);
    expect(await load(plan, [['k', '1', '2', 'l']])).toMatchObject({ inserted: 1 });
  });

  it('is made once by entities that share it and start together', async () => {
    const plans = ['east', 'west', 'north', 'south'].map((source) =>
      planOf({
        entity: `${source}_shared`,
        source,
        columns: { id: 'integer' },
        mirror: { schema: 'together', table: 'shared', shared: true },
      }),
    );
    await Promise.all(plans.map((plan) => stop(plan)));
    for (const plan of plans) expect(await load(plan, [['1']])).toMatchObject({ inserted: 1 });
  });

  it('gets its feed index after the first load, once', async () => {
    const plan = sales('indexed');
    await stop(plan);
    expect(await load(plan, [['1', 'one']])).toMatchObject({ inserted: 1 });
    await buildFeedIndex(test.store.pool, plan);
    await buildFeedIndex(test.store.pool, plan);
    const indexes = await all<{ def: string }>(
      test.store,
      `SELECT indexdef AS def FROM pg_indexes WHERE tablename = 'indexed' ORDER BY length(indexdef)`,
    );
    expect(indexes.map(({ def }) => def.replace(/.*USING/, ''))).toEqual([
      ' btree (id)',
      ' btree (sync_xid, id)',
    ]);
    const statistics = `SELECT reltuples FROM pg_class WHERE relname = 'indexed'
                         AND EXISTS (SELECT FROM pg_stats WHERE tablename = relname AND attname = 'id')`;
    expect(await all(test.store, statistics)).toEqual([{ reltuples: 1 }]);
  });
});

describe('drift', () => {
  it('a column is added, and filled by the next load', async () => {
    await stop(sales('added'));
    await load(sales('added'), [['1', 'a']]);
    const wider = planOf({
      entity: 'added',
      columns: { id: 'integer', name: 'character varying(10)', town: 'text' },
    });
    expect(await kinds(wider)).toEqual(['add-column town']);
    await expect(stop(wider)).rejects.toMatchObject({
      code: 'SCHEMA_CHANGED',
      message: expect.stringContaining('add town text'),
    });
    expect(await apply(wider)).toMatchObject({ created: false, changes: [{ kind: 'add-column' }] });
    expect(await kinds(wider)).toEqual([]);
    expect(await load(wider, [['1', 'a', 'Bonn']])).toMatchObject({ updated: 1 });
  });

  it('a column is widened', async () => {
    await stop(sales('widened'));
    await load(sales('widened'), [['1', 'a']]);
    const wider = planOf({ entity: 'widened', columns: { id: 'bigint', name: 'character varying(20)' } });
    expect(await kinds(wider)).toEqual(['widen-column id', 'widen-column name']);
    await expect(stop(wider)).rejects.toMatchObject({ code: 'SCHEMA_CHANGED' });
    await apply(wider);
    expect(
      await load(wider, [
        ['1', 'a'],
        ['9999999999', 'longer than ten'],
      ]),
    ).toMatchObject({ unchanged: 1, inserted: 1 });
  });

  it('a mirror wider than the source is left as it is, and compares well', async () => {
    await stop(planOf({ entity: 'wider', columns: { id: 'integer', n: 'numeric', u: 'text' } }));
    const narrower = planOf({
      entity: 'wider',
      columns: { id: 'integer', n: 'integer', u: 'character varying(9)' },
    });
    expect(await kinds(narrower)).toEqual([]);
    expect(await load(narrower, [['1', '5', 'x']])).toMatchObject({ inserted: 1 });
    expect(await load(narrower, [['1', '5', 'x']])).toMatchObject({ unchanged: 1 });
    expect(await load(narrower, [['1', '6', 'x']])).toMatchObject({ updated: 1 });
    expect(await mirrorRows(test.store, narrower)).toMatchObject([{ n: '6' }]);
  });

  it('local columns come from the configuration, so they are added at once, and a new default is for new rows', async () => {
    const local = (value: string) =>
      sales('localised', { localColumns: [{ role: 'local', name: 'note', type: 'text', default: value }] });
    await stop(sales('localised'));
    await load(sales('localised'), [['1', 'a']]);
    await stop(local('first'));
    await load(local('first'), [['2', 'b']]);
    expect(await kinds(local('second'))).toEqual(['set-default note']);
    await stop(local('second'));
    await load(local('second'), [['3', 'c']]);
    expect((await mirrorRows(test.store, local('second'))).map((row) => row.note)).toEqual([
      'first',
      'first',
      'second',
    ]);
    expect(await kinds(local('second'))).toEqual([]);
  });

  it('the guard follows the columns', async () => {
    const local = { role: 'local', name: 'note', type: 'text', default: null } as const;
    await stop(sales('guarded', { localColumns: [local] }));
    const more = planOf({
      entity: 'guarded',
      columns: { id: 'integer', name: 'character varying(10)', town: 'text' },
      localColumns: [local],
    });
    await apply(more);
    await load(more, [['1', 'a', 'Bonn']]);
    await expect(test.store.pool.query(`UPDATE guarded SET town = 'x'`)).rejects.toMatchObject({
      code: 'SYN01',
    });
  });

  const conflicts: [string, string, Partial<PlanOptions>][] = [
    ['a column that the source lost', 'conflict name', { columns: { id: 'integer' } }],
    [
      'a narrower type',
      'conflict name',
      { columns: { id: 'integer', name: 'character varying(5)', extra: 'text' } },
    ],
    ['another type', 'conflict name', { columns: { id: 'integer', name: 'uuid' } }],
    ['another key', 'conflict', { key: ['name'] }],
    ['sharing', 'conflict', { mirror: { schema: 'public', table: 'conflict_5', shared: true } }],
    [
      'a column that becomes local',
      'conflict name',
      {
        columns: { id: 'integer' },
        localColumns: [{ role: 'local', name: 'name', type: 'character varying(10)', default: null }],
      },
    ],
  ];
  for (const [i, [what, expected, change]] of conflicts.entries()) {
    it(`${what} needs a person, who is told what to do`, async () => {
      const entity = `conflict_${i + 1}`;
      await stop(sales(entity));
      const changed = sales(entity, change);
      if (what === 'a narrower type')
        await test.store.pool.query(`ALTER TABLE ${entity} ALTER COLUMN name TYPE integer USING 1`);
      expect((await kinds(changed)).filter((kind) => kind.startsWith('conflict'))).toEqual([expected]);
      await expect(apply(changed)).rejects.toMatchObject({
        code: 'SCHEMA_CHANGED',
        remedy: expect.stringMatching(/\w{3,}/),
      });
    });
  }

  it('leaves alone what people add for themselves, unless it keeps rows out', async () => {
    await stop(sales('own_columns'));
    await test.store.pool.query('ALTER TABLE own_columns ADD mine text, ADD counted int NOT NULL DEFAULT 0');
    expect(await kinds(sales('own_columns'))).toEqual([]);
    await test.store.pool.query('ALTER TABLE own_columns ADD wanted int NOT NULL');
    expect(await kinds(sales('own_columns'))).toEqual(['conflict wanted']);
  });

  it('never touches a table that is no mirror', async () => {
    await test.store.pool.query('CREATE TABLE foreign_table (id integer PRIMARY KEY, name text)');
    await expect(apply(sales('foreign_table'))).rejects.toMatchObject({
      code: 'SCHEMA_CHANGED',
      message: expect.stringContaining('is no mirror'),
    });
    const columns = await all(
      test.store,
      `SELECT FROM pg_attribute WHERE attrelid = 'foreign_table'::regclass AND attnum > 0`,
    );
    expect(columns).toHaveLength(2);
  });
});
