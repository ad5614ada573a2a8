/** C18: changes of which the mirror is the system of record, beside columns that the source owns. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createKit, driveEntity, type Kit, type KitOptions, open } from '../runs/run-kit.ts';
import { decide, hlcAt, upload } from './upload-kit.ts';

const TABLE = `
  CREATE SCHEMA crm;
  CREATE TABLE crm.deals (id bigint PRIMARY KEY, stage text, amount numeric, updated_at timestamptz NOT NULL DEFAULT now());
  CREATE FUNCTION crm.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON crm.deals FOR EACH ROW EXECUTE FUNCTION crm.touch();`;

const ENTITIES = {
  deals: {
    read: { table: 'crm.deals' },
    key: 'id',
    changedAt: 'updated_at',
    mirror: 'crm.deals',
    columns: {
      id: {},
      stage: {},
      amount: {},
      state: {
        local: true,
        default: 'NEW',
        onSource: ({ before, after, value }) =>
          after.stage === 'WON' && before?.stage !== 'WON' ? 'CLOSED' : value,
      },
      owner: { local: true },
      score: { local: true, type: 'integer' },
      twice: { local: true, type: 'integer' },
    },
    upload: {
      writeBack: 'mirror',
      operations: ['insert', 'update', 'delete'],
      fields: { owner: { policy: 'manual' } },
    },
  },
  // Rows of devices alone: the query gives the types of the columns, and no row.
  assessments: {
    read: { sql: 'SELECT NULL::uuid AS id WHERE false' },
    key: 'id',
    mirror: 'crm.assessments',
    columns: {
      id: {},
      deal: { local: true, type: 'bigint' },
      grade: { local: true, type: 'integer' },
    },
    upload: {
      writeBack: 'mirror',
      operations: ['insert', 'update', 'delete'],
      fields: { deal: { references: 'deals' } },
    },
  },
} satisfies KitOptions['entities'];

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createKit({ sql: TABLE, entities: ENTITIES });
  deps = kit.worker();
  await kit.source.query(`INSERT INTO crm.deals (id, stage, amount, updated_at)
    SELECT n, 'OPEN', n * 10, now() - interval '1 hour' FROM generate_series(1, 20) AS n`);
  await kit.run('full');
  await kit.store.pool.query('ALTER TABLE crm.deals ADD CONSTRAINT score_is_small CHECK (score < 100)');
});
afterAll(() => kit.close());
async function row(id: number | string) {
  const { rows } = await kit.store.pool.query(
    `SELECT stage, amount::text, state, owner, score, sync_origin AS origin, sync_made_here AS made,
            sync_deleted_at IS NOT NULL AS deleted, '1.' || sync_xid AS version FROM crm.deals WHERE id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

const change = (operation: string, id: number | string, more: object = {}) => ({
  entity: 'deals',
  row: String(id),
  operation,
  ...more,
});
const edit = (id: number | string, values: object, more: object = {}) =>
  change('update', id, { values, ...more });
const insert = (id: number | string, values: object, more: object = {}) =>
  change('insert', id, { values, ...more });
const remove = (id: number | string, values: object) => change('delete', id, { base: { values } });
const baseOf = async (id: number | string) => ({ base: { version: (await row(id)).version } });

describe('local columns', () => {
  test('are written in the mirror alone, with provenance and history', async () => {
    const base = await baseOf(1);
    expect(await upload(deps, [edit(1, { owner: 'anna', score: 7 }, base)])).toMatchObject([
      { status: 'applied' },
    ]);
    expect(await row(1)).toMatchObject({ owner: 'anna', score: 7, stage: 'OPEN', origin: 'd1', made: false });
    const { rows } = await kit.store.pool.query(
      `SELECT change FROM syncline.change_log WHERE entity = 'deals' AND key = '1'`,
    );
    expect(rows).toMatchObject([{ change: { fields: { owner: { old: null, new: 'anna' } } } }]);
    await kit.run('full');
    expect(await row(1)).toMatchObject({ owner: 'anna', score: 7 });
  });

  test('take what no source column takes: those are refused', async () => {
    expect(await upload(deps, [edit(2, { stage: 'WON' })])).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  });

  test('a constraint of the mirror rejects its row alone', async () => {
    const verdicts = await upload(deps, [
      edit(3, { score: 1 }, await baseOf(3)),
      edit(4, { score: 100 }, await baseOf(4)),
      edit(5, { score: 2 }, await baseOf(5)),
      edit(6, { score: 'many' }),
    ]);
    expect(verdicts).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', code: 'CONSTRAINT', message: expect.stringContaining('score_is_small') },
      { status: 'applied' },
      { status: 'rejected', code: 'INVALID_VALUE' },
    ]);
    expect(await row(4)).toMatchObject({ score: null });
  });

  test('of a row that the source changes meanwhile are kept, and its columns follow', async () => {
    const run = await open(deps, { pipeline: 'p', mode: 'incremental' });
    await kit.source.query(`UPDATE crm.deals SET amount = 77 WHERE id = 7`);
    await upload(deps, [edit(7, { score: 7 }, await baseOf(7))]);
    const ref = { ...run.ref, entity: 'deals' };
    await driveEntity(deps, ref, {
      run: { pipeline: 'p', mode: 'incremental' },
      mode: 'incremental',
      lanes: 1,
    });
    await kit.store.pool.query(`UPDATE syncline.sync_run SET status = 'SUCCESS' WHERE id = $1`, [
      run.ref.runId,
    ]);
    await kit.store.pool.query('DELETE FROM syncline.lease');
    expect(await row(7)).toMatchObject({ amount: '77', score: 7 });
  });

  test('that a rule of the source changed clash with a device that did not see it', async () => {
    const base = await baseOf(8);
    await kit.source.query(`UPDATE crm.deals SET stage = 'WON' WHERE id = 8`);
    await kit.run('incremental');
    expect(await row(8)).toMatchObject({ state: 'CLOSED' });
    const old = hlcAt(Date.now() - 3_600_000);
    expect(await upload(deps, [edit(8, { state: 'CALLED' }, { ...base, hlc: old })])).toMatchObject([
      { status: 'conflict', clashing: ['state'] },
    ]);
    expect(await row(8)).toMatchObject({ state: 'CLOSED' });
  });
});

describe('a row', () => {
  test('made here is never taken away by a run, and is the source’s once it has it', async () => {
    const made = [insert(500, { owner: 'bert' }), insert(501, { score: 3 })];
    expect(await upload(deps, made)).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
    expect(await row(500)).toMatchObject({
      owner: 'bert',
      state: 'NEW',
      stage: null,
      made: true,
      origin: 'd1',
    });
    await kit.run('full');
    expect(await row(500)).toMatchObject({ owner: 'bert', deleted: false, made: true });
    await kit.source.query(`INSERT INTO crm.deals (id, stage) VALUES (500, 'OPEN')`);
    await kit.run('full');
    expect(await row(500)).toMatchObject({ owner: 'bert', stage: 'OPEN', made: false });
    await kit.source.query('DELETE FROM crm.deals WHERE id = 500');
    await kit.run('full');
    expect([await row(500), await row(501)]).toMatchObject([{ deleted: true }, { deleted: false }]);
  });

  test('that a person made by SQL stays too', async () => {
    await kit.store.pool.query(`INSERT INTO crm.deals (id, owner) VALUES (600, 'by hand')`);
    await kit.run('full');
    expect(await row(600)).toMatchObject({ made: true, deleted: false, owner: 'by hand' });
  });

  test('of the source goes with it, whoever changed its local columns', async () => {
    await upload(deps, [edit(9, { owner: 'anna' }, await baseOf(9))]);
    await kit.source.query('DELETE FROM crm.deals WHERE id = 9');
    await kit.run('full');
    expect(await row(9)).toMatchObject({ deleted: true, owner: 'anna' });
    expect(await upload(deps, [edit(9, { score: 1 }, { base: { values: { score: null } } })])).toMatchObject([
      { status: 'conflict' },
    ]);
  });

  test('made here can be deleted here, one of the source cannot', async () => {
    await upload(deps, [insert(510, { owner: 'bert' })]);
    const verdicts = await upload(deps, [remove(510, { owner: 'bert' }), remove(10, { owner: null })]);
    expect(verdicts).toMatchObject([{ status: 'applied' }, { status: 'rejected', code: 'NOT_ALLOWED' }]);
    expect([await row(510), await row(10)]).toMatchObject([{ deleted: true }, { deleted: false }]);
  });

  test('whose id is no key is rejected alone, with what to do', async () => {
    const verdicts = await upload(deps, [insert('tmp-1', { owner: 'x' }), insert(520, { owner: 'y' })]);
    expect(verdicts).toMatchObject([
      { status: 'rejected', code: 'INVALID_VALUE', message: expect.stringContaining('bigint') },
      { status: 'applied' },
    ]);
  });

  test('that two devices make under one key clashes', async () => {
    await upload(deps, [insert(530, { score: 1 })]);
    const late = insert(530, { score: 2 }, { hlc: hlcAt(1_000) });
    expect(await upload(deps, [late], { device: 'd2' })).toMatchObject([{ status: 'conflict' }]);
    expect(await row(530)).toMatchObject({ score: 1 });
  });
});

describe('a conflict', () => {
  test('holds its row until somebody decides, and is written under its lock', async () => {
    const base = await baseOf(11);
    await kit.store.pool.query(`UPDATE crm.deals SET owner = 'carl' WHERE id = 11`);
    const [verdict] = await upload(deps, [edit(11, { owner: 'anna' }, base)]);
    expect(verdict).toMatchObject({ status: 'pending_approval', clashing: ['owner'] });
    const later = await upload(deps, [edit(11, { score: 5 }, base)], { device: 'd2' });
    expect(later).toMatchObject([{ status: 'pending_approval' }]);
    const decision = { decision: 'merged', fields: { owner: 'both' }, round: 1 } as const;
    expect(await decide(deps, verdict?.conflictId ?? '', decision)).toEqual({ kind: 'applied' });
    expect(await row(11)).toMatchObject({ owner: 'both', score: 5 });
  });

  test('opens again when a person changed the column before the decision', async () => {
    const base = await baseOf(12);
    await kit.store.pool.query(`UPDATE crm.deals SET owner = 'carl' WHERE id = 12`);
    const [verdict] = await upload(deps, [edit(12, { owner: 'anna' }, base)]);
    await kit.store.pool.query(`UPDATE crm.deals SET owner = 'dora' WHERE id = 12`);
    const id = verdict?.conflictId ?? '';
    expect(await decide(deps, id, { decision: 'client', round: 1 })).toMatchObject({ because: 'rowMoved' });
    expect(await decide(deps, id, { decision: 'client', round: 2 })).toEqual({ kind: 'applied' });
    expect(await row(12)).toMatchObject({ owner: 'anna' });
  });
});

test('needs no source: a worker that cannot reach it writes all the same', async () => {
  const cutOff = kit.workerAt('postgres://nobody:nothing@127.0.0.1:1/none');
  const verdicts = await upload(cutOff, [
    edit(14, { score: 14 }, await baseOf(14)),
    insert(540, { owner: 'offline' }),
  ]);
  expect(verdicts).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
  expect([await row(14), await row(540)]).toMatchObject([{ score: 14 }, { owner: 'offline', made: true }]);
});

test('rows of devices alone have an entity whose query gives none', async () => {
  const id = '6f1c1f0e-8f0e-4a55-9a39-4c0d3f3f0a01';
  const made = { entity: 'assessments', row: id, operation: 'insert', values: { deal: '13', grade: 2 } };
  expect(await upload(deps, [made])).toMatchObject([{ status: 'applied' }]);
  await kit.run('full');
  const better = { entity: 'assessments', row: id, operation: 'update', values: { grade: 1 } };
  expect(await upload(deps, [{ ...better, base: { values: { grade: '2' } } }])).toMatchObject([
    { status: 'applied' },
  ]);
  const { rows } = await kit.store.pool.query(
    'SELECT deal::text, grade, sync_deleted_at AS deleted FROM crm.assessments',
  );
  expect(rows).toEqual([{ deal: '13', grade: 1, deleted: null }]);
});
