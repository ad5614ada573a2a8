/** C4, C6, C16: workers, servers and operators that get in the way of a run. */
import { afterEach, expect, it } from 'vitest';
import { copyChunks } from '../../src/activities/copy-chunks.ts';
import { planChunks } from '../../src/activities/plan-chunks.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import { sweepRuns } from '../../src/activities/sweep.ts';
import type { EntityRef } from '../../src/domain/run.ts';
import { claimChunk } from '../../src/store/chunks.ts';
import { steer } from '../../src/store/runs.ts';
import { ownCluster } from '../support/servers.ts';
import { contextOf, copyLane, createKit, driveEntity, type Kit, open } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const SQL = `CREATE TABLE items (id int PRIMARY KEY, note text, updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO items SELECT n, 'a' FROM generate_series(1, 100) AS n`;
const items = (more: object = {}) => ({
  items: {
    read: { table: 'public.items' },
    key: 'id',
    changedAt: 'updated_at',
    mirror: 'm.items',
    chunkRows: 10,
    ...more,
  },
});
const FULL = { pipeline: 'p', mode: 'full' } as const;

/** A full run with its chunks planned, and nothing copied yet. */
async function planned(deps = kit.worker()): Promise<EntityRef> {
  const opened = await open(deps, FULL);
  const ref = { ...opened.ref, entity: 'items' };
  await prepareEntity(deps, { ref, mode: 'full', run: FULL }, contextOf());
  await planChunks(deps, { ref, run: FULL }, contextOf());
  return ref;
}

it('two workers share the chunks of one run, each copied once', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  const [one, two] = [kit.worker(), kit.worker()];
  const ref = await planned(one);
  await Promise.all([copyLane(one, ref), copyLane(two, ref)]);
  const { rows } = await kit.store.pool.query('SELECT DISTINCT worker FROM syncline.sync_chunk ORDER BY 1');
  expect(rows).toHaveLength(2);
  const summary = await driveEntity(one, ref, { run: FULL, mode: 'full', lanes: 1 });
  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { inserted: 100 } });
});

it('a worker that was frozen past its lease writes nothing when it wakes up', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  const deps = kit.worker();
  const ref = await planned(deps);
  const frozen = await claimChunk(kit.store.pool, { ref, kind: 'range', worker: 'frozen', leaseMs: -1 });
  if (typeof frozen === 'string') throw new Error(frozen);
  // Its lease is over, so another lane takes the chunk, with a higher attempt, and finishes the run's chunks.
  await copyLane(deps, ref);
  const { rows } = await kit.store.pool.query('SELECT attempt FROM syncline.sync_chunk WHERE id = $1', [
    frozen.chunkId,
  ]);
  expect(rows[0]?.attempt).toBeGreaterThan(frozen.attempt);
  const { loadPiece } = await import('../../src/store/load-piece.ts');
  const { describeEntity } = await import('../../src/activities/entity-plan.ts');
  const { plan } = await describeEntity(deps, ref, contextOf());
  const late = loadPiece(
    kit.store,
    {
      ref,
      plan,
      ticket: '1:1:',
      claim: { chunkId: frozen.chunkId, attempt: frozen.attempt },
      resumeAfter: null,
      finished: true,
      range: { after: frozen.lower, upTo: frozen.upper },
      keyOrder: 'bytes',
      lateBelow: null,
      rawKeys: null,
    },
    {
      layout: 'staging',
      format: 'text',
      data: new Uint8Array(0),
      rowsInData: 0,
      rejects: [],
      rowsFetched: 0,
    },
  );
  await expect(late).rejects.toMatchObject({ code: 'FENCED' });
  expect(await kit.mirror('m.items', 'id')).toHaveLength(100);
});

it('nothing claimable is not done: a lane waits for a chunk that another one holds', async () => {
  kit = await createKit({ sql: SQL, entities: items({ chunkRows: 100 }) });
  const deps = kit.worker();
  const ref = await planned(deps);
  await claimChunk(kit.store.pool, { ref, kind: 'range', worker: 'dying', leaseMs: 400 });
  const slice = await copyChunks(deps, { ref, lane: 1, timeBoxMs: 50 }, contextOf());
  expect(slice.done).toBe(false);
  await copyLane(deps, ref);
  expect(await kit.mirror('m.items', 'id')).toHaveLength(100);
});

it('a poison chunk fails alone: no deletes, PARTIAL, the checkpoint stays, the next run takes the entity first', async () => {
  kit = await createKit({
    sql: `${SQL};
      CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1);
      CREATE FUNCTION poison(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN IF id = 55 THEN RAISE 'poison'; END IF; RETURN id; END $$`,
    entities: {
      other: { read: { table: 'public.other' }, key: 'id', mirror: 'm.other' },
      ...items({ read: { sql: 'SELECT id, note, updated_at, poison(id) AS checked FROM items' } }),
    },
  });
  const first = await kit.run('full');
  expect(first.status).toBe('PARTIAL');
  const entity = first.entities.find((one) => one.entity === 'items');
  expect(entity).toMatchObject({
    status: 'PARTIAL',
    error: { code: 'CHUNK_FAILED' },
    counts: { tombstoned: 0 },
  });
  expect(await kit.mirror('m.items', 'id')).toHaveLength(90);
  const { rows } = await kit.store.pool.query(`SELECT FROM syncline.checkpoint WHERE entity = 'items'`);
  expect(rows).toHaveLength(0);

  await kit.source.query(
    `CREATE OR REPLACE FUNCTION poison(id int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT id'`,
  );
  const second = await kit.run('incremental');
  expect(second.entities[0]).toMatchObject({ entity: 'items', mode: 'full', status: 'SUCCESS' });
  expect(await kit.mirror('m.items', 'id')).toHaveLength(100);
});

it('pause holds every claim, resume lets it go on where it was, cancel ends it', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  const deps = kit.worker();
  const ref = await planned(deps);
  await steer(kit.store.pool, { runId: ref.runId, action: 'pause', by: 'ana' });
  expect(await copyChunks(deps, { ref, lane: 0, timeBoxMs: 5_000 }, contextOf())).toMatchObject({
    paused: true,
    done: false,
  });
  expect(await kit.mirror('m.items', 'id')).toHaveLength(0);
  await steer(kit.store.pool, { runId: ref.runId, action: 'resume', by: 'ana' });
  await copyLane(deps, ref);
  expect(await kit.mirror('m.items', 'id')).toHaveLength(100);
  await steer(kit.store.pool, { runId: ref.runId, action: 'cancel', by: 'ana' });
  await expect(copyChunks(deps, { ref, lane: 0, timeBoxMs: 5_000 }, contextOf())).rejects.toMatchObject({
    code: 'RUN_CANCELLED',
  });
});

it('an increment yields to a run at work, a full run waits for it, a dead one is closed (C16)', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  const deps = kit.worker();
  const ref = await planned(deps);
  await expect(kit.run('incremental')).rejects.toThrow(`yielded to ${ref.runId}`);
  await expect(kit.run('full')).rejects.toMatchObject({ code: 'LEASE_HELD' });
  await kit.store.pool.query(`UPDATE syncline.lease SET expires_at = now() - interval '1 second'`);
  // Expired, but its workflow is open: it is only slow.
  await sweepRuns({ ...deps, isWorkflowOpen: async () => true }, { pipeline: null });
  await expect(kit.run('full')).resolves.toMatchObject({ status: 'SUCCESS' });
  const { rows } = await kit.store.pool.query('SELECT status FROM syncline.sync_run WHERE id = $1', [
    ref.runId,
  ]);
  expect(rows).toEqual([{ status: 'FAILED' }]);
  await expect(copyLane(deps, ref)).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
});

it('a store that crashes in mid-run loses nothing', { timeout: 60_000 }, async () => {
  const cluster = await ownCluster();
  try {
    kit = await createKit({ sql: SQL, entities: items(), servers: { store: cluster } });
    const deps = kit.worker();
    const ref = await planned(deps);
    const outcome = copyLane(deps, ref).then(
      () => null,
      (error: unknown) => error,
    );
    await cluster.stopImmediate();
    expect(await outcome).toBeInstanceOf(Error);
    await cluster.start();
    // What Temporal does with a lost activity: calls it again, until the dead claim's lease is over.
    await copyLane(deps, ref);
    const summary = await driveEntity(deps, ref, { run: FULL, mode: 'full', lanes: 2 });
    expect(summary).toMatchObject({ status: 'SUCCESS', counts: { inserted: 100 } });
    expect(await kit.mirror('m.items', 'id')).toHaveLength(100);
  } finally {
    await kit.close();
    await cluster.remove();
    kit = await createKit({ sql: 'SELECT', entities: items() });
  }
});

it('a source of one row a second holds no transaction of the store open (C6)', async () => {
  kit = await createKit({
    sql: `CREATE TABLE items (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO items SELECT generate_series(1, 21);
          CREATE FUNCTION slowly(id int) RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN id; END $$`,
    entities: items({ read: { sql: 'SELECT id, updated_at, slowly(id) AS slow FROM items' }, lanes: 1 }),
  });
  // How far the feed is behind: it shows nothing above the oldest transaction that may still write.
  const lag: number[] = [];
  const watch = setInterval(() => {
    void kit.store.pool
      .query<{ age: number }>(
        `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS age FROM pg_stat_activity
          WHERE datname = current_database() AND backend_xid IS NOT NULL`,
      )
      .then(({ rows }) => lag.push(rows[0]?.age ?? 0));
  }, 50);
  const startedAt = performance.now();
  try {
    expect((await kit.runOne('full')).counts.inserted).toBe(21);
  } finally {
    clearInterval(watch);
  }
  expect(performance.now() - startedAt).toBeGreaterThan(20_000);
  expect(lag.length).toBeGreaterThan(100);
  expect(Math.max(...lag)).toBeLessThan(1);
}, 120_000);
