/** Oracle's rows in their mirror: full runs and increments step by step, as a worker takes them, without Temporal. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { applyDeletes } from '../../../src/activities/apply-deletes.ts';
import { closeRun } from '../../../src/activities/close-run.ts';
import { copyChanges } from '../../../src/activities/copy-changes.ts';
import { copyChunks } from '../../../src/activities/copy-chunks.ts';
import { finishEntity } from '../../../src/activities/finish-entity.ts';
import { openRun } from '../../../src/activities/open-run.ts';
import { planChunks } from '../../../src/activities/plan-chunks.ts';
import { prepareEntity } from '../../../src/activities/prepare-entity.ts';
import type { Source } from '../../../src/connectors/contract.ts';
import type { EntitySpec } from '../../../src/domain/entity.ts';
import { isSyncError } from '../../../src/domain/errors.ts';
import type { EntityRef, EntitySummary, RunMode } from '../../../src/domain/run.ts';
import { context, depsOf, entityOf, type FakeSource } from '../../activities/kit.ts';
import { all, openTestStore, type TestStore } from '../../store/load-kit.ts';
import { changedAt } from '../kit.ts';
import { isRealOracle, type OracleUnderTest, startOracle } from './oracle-kit.ts';

let oracle: OracleUnderTest;
let source: Source;
let at: TestStore;
let runs = 0;

beforeAll(async () => {
  oracle = await startOracle();
  source = oracle.source({ slackMs: 0 });
  at = await openTestStore('oracle_mirror');
});
afterEach(() => oracle.simulator?.faults.clear());
afterAll(async () => {
  await oracle.close();
  await at.drop();
});

const ATTEMPTS = 5;

/** One run of one entity. Attempts that may be made again are, as Temporal would. */
async function sync(spec: EntitySpec, mode: RunMode): Promise<EntitySummary & { attempts: number }> {
  const kit = depsOf(at.store, [spec], { source: source as FakeSource, retry: { baseMs: 1, maxMs: 2 } });
  const run = { pipeline: spec.pipeline, mode };
  const ids = { workflowId: `run/${spec.entity}`, workflowRunId: `oracle-run-${++runs}` };
  const opened = await openRun(kit, { run, ...ids, trigger: 'test' }, context());
  if (opened.outcome !== 'opened') throw new Error(opened.outcome);
  const ref: EntityRef = { ...opened.ref, entity: spec.entity };
  let attempts = 0;
  const retried = async <T>(activity: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      attempts++;
      try {
        return await activity();
      } catch (error) {
        if (!isSyncError(error) || !error.retryable || attempt === ATTEMPTS) throw error;
      }
    }
  };
  try {
    const prepared = await prepareEntity(
      kit,
      { ref, run, mode: opened.entities[0]?.mode ?? mode },
      context(),
    );
    if (prepared.action === 'run') {
      if (prepared.mode === 'full') {
        await retried(() => planChunks(kit, { ref, run }, context()));
        await retried(() => copyChunks(kit, { ref, lane: 1, timeBoxMs: 60_000 }, context()));
        await retried(() => applyDeletes(kit, { ref, run }, context()));
      }
      await retried(() => copyChanges(kit, { ref, timeBoxMs: 60_000 }, context()));
    }
    return { ...(await finishEntity(kit, { ref, run }, context())), attempts };
  } finally {
    await closeRun(kit, { ref, cancelled: false });
  }
}

function specOf(table: string, more: Partial<EntitySpec> = {}): EntitySpec {
  const entity = table.toLowerCase();
  return entityOf(entity, {
    pipeline: entity,
    read: { kind: 'table', table },
    changedAt: changedAt('at'),
    ...more,
  });
}

const mirrored = (spec: EntitySpec) =>
  all<Record<string, unknown>>(
    at.store,
    `SELECT * FROM public.${spec.mirror.table} WHERE sync_deleted_at IS NULL ORDER BY id`,
  );

describe('rows of all kinds', () => {
  let spec: EntitySpec;
  let table: string;

  beforeAll(async () => {
    table = oracle.name('kinds');
    await oracle.execute(
      `CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, code CHAR(5), note VARCHAR2(20), amount NUMBER, rate BINARY_DOUBLE,
         text CLOB, born DATE, wait INTERVAL DAY TO SECOND, at TIMESTAMP(6) WITH TIME ZONE DEFAULT SYSTIMESTAMP NOT NULL)`,
    );
    for (let id = 1; id <= 40; id++) {
      await oracle.execute(
        `INSERT INTO ${table} (id, code, note, amount, rate, text, born, wait)
         VALUES (:id, 'ab', '', :id / 7, :id / 3, TO_CLOB('text ') || :id, DATE '2000-01-01' + :id, NUMTODSINTERVAL(:id, 'MINUTE'))`,
        { id },
      );
    }
    await oracle.execute(`INSERT INTO ${table} (id) VALUES (41)`);
    spec = specOf(table);
  });

  test('are mirrored, and a second run of either mode finds nothing to write', async () => {
    expect(await sync(spec, 'full')).toMatchObject({ status: 'SUCCESS', counts: { inserted: 41 } });
    const [first] = await mirrored(spec);
    expect(first).toMatchObject({
      id: 1,
      code: 'ab   ',
      note: null,
      amount: expect.stringMatching(/^0\.14285714285714285714/),
      text: 'text 1',
    });
    const written = { inserted: 0, updated: 0, tombstoned: 0, quarantined: 0 };
    expect(await sync(spec, 'full')).toMatchObject({
      status: 'SUCCESS',
      counts: { ...written, unchanged: 41 },
    });
    expect(await sync(spec, 'incremental')).toMatchObject({ status: 'SUCCESS', counts: written });
  });

  test('follow inserts, updates and deletes', async () => {
    await oracle.execute(`UPDATE ${table} SET note = 'now', at = SYSTIMESTAMP WHERE id = 7`);
    await oracle.execute(`INSERT INTO ${table} (id, note) VALUES (50, 'new')`);
    await oracle.execute(`DELETE FROM ${table} WHERE id = 8`);
    expect(await sync(spec, 'incremental')).toMatchObject({
      counts: { inserted: 1, updated: 1, tombstoned: 0 },
    });
    expect(await sync(spec, 'full')).toMatchObject({ counts: { inserted: 0, updated: 0, tombstoned: 1 } });
    const rows = await mirrored(spec);
    expect(rows.map(({ id }) => id)).not.toContain(8);
    expect(rows.find(({ id }) => id === 7)).toMatchObject({ note: 'now' });
  });
});

test('a table without an index on its key is read by places, and its deletes are found', async () => {
  const table = oracle.name('places');
  await oracle.execute(
    `CREATE TABLE ${table} (id NUMBER(9) NOT NULL, at TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL)`,
  );
  const connection = await oracle.connect();
  const rows = Array.from({ length: 500 }, (_, i) => [500 - i]);
  await connection.executeMany(`INSERT INTO ${table} (id) VALUES (:1)`, rows);
  await connection.commit();
  const spec = specOf(table, { chunkRows: 100 });
  expect(await sync(spec, 'full')).toMatchObject({ status: 'SUCCESS', counts: { inserted: 500 } });
  await oracle.execute(`DELETE FROM ${table} WHERE id BETWEEN 100 AND 109`);
  expect(await sync(spec, 'full')).toMatchObject({ counts: { inserted: 0, updated: 0, tombstoned: 10 } });
  expect(await mirrored(spec)).toHaveLength(490);
});

describe.runIf(!isRealOracle)('with faults of the simulator', () => {
  test('ORA-01555 and lost connections in the middle of chunks cost time, not rows', async () => {
    const table = oracle.name('faulty');
    await oracle.execute(
      `CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, name VARCHAR2(60), at TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL)`,
    );
    const connection = await oracle.connect();
    const rows = Array.from({ length: 2_000 }, (_, i) => [i, `a name that takes some room ${i}`]);
    await connection.executeMany(`INSERT INTO ${table} (id, name) VALUES (:1, :2)`, rows);
    await connection.commit();
    const { faults } = oracle.simulator as NonNullable<OracleUnderTest['simulator']>;
    const sql = /AS OF SCN[\s\S]*ORDER BY "ID"/;
    faults.add({ when: { at: 'fetch', sql, afterRows: 300 }, fault: { do: 'error', number: 1555 } });
    faults.add({ when: { at: 'fetch', sql, afterRows: 100 }, fault: { do: 'disconnect' } });
    faults.add({ when: { at: 'execute', sql }, fault: { do: 'error', number: 3113 } });
    const done = await sync(specOf(table, { chunkRows: 700 }), 'full');
    expect(done).toMatchObject({ status: 'SUCCESS', counts: { inserted: 2_000, quarantined: 0 } });
    expect(done.attempts).toBeGreaterThan(4);
    expect(await mirrored(specOf(table))).toHaveLength(2_000);
  });

  test('a row policy that hides rows deletes none of them (C5)', async () => {
    const simulator = oracle.simulator as NonNullable<OracleUnderTest['simulator']>;
    const table = oracle.name('hidden');
    await oracle.execute(
      `CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, at TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL)`,
    );
    for (let id = 1; id <= 10; id++) await oracle.execute(`INSERT INTO ${table} (id) VALUES (:id)`, { id });
    const spec = specOf(table);
    await sync(spec, 'full');
    const policy = {
      table: { schema: oracle.login.user, name: table },
      name: 'OWN',
      user: oracle.login.user,
    };
    await simulator.addPolicy({ ...policy, predicate: '"ID" <= 5' });
    const shape = await source.describe(spec, new AbortController().signal);
    expect(shape.seesAllRows).toBe(false);
    expect(await sync(spec, 'full')).toMatchObject({ counts: { tombstoned: 0, unchanged: 5 } });
    expect(await mirrored(spec)).toHaveLength(10);
    await simulator.dropPolicy(policy);
    expect(await sync(spec, 'full')).toMatchObject({ counts: { tombstoned: 0, unchanged: 10 } });
  });
});
