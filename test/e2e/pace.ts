/** Holds a real run in the middle: loads can be slowed down, or made to wait, just before they commit. */
import type pg from 'pg';
import { eventually, type World } from './world.ts';

const BARRIER_KEY = 4711;

/** Every load records its counts last: there it waits for the pace, and while the barrier is closed. */
export async function pacedLoads({ store }: World, ms: number): Promise<void> {
  await store.pool.query(`
    CREATE TABLE load_pace (ms integer NOT NULL);
    INSERT INTO load_pace VALUES (${ms});
    CREATE FUNCTION pace_load() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_sleep(ms / 1000.0) FROM load_pace;
      PERFORM pg_advisory_xact_lock_shared(${BARRIER_KEY});
      RETURN NEW;
    END $$;
    CREATE TRIGGER pace BEFORE UPDATE ON syncline.sync_chunk
      FOR EACH ROW WHEN (NEW.counts IS DISTINCT FROM OLD.counts) EXECUTE FUNCTION pace_load()`);
}

export async function setPace({ store }: World, ms: number): Promise<void> {
  await store.pool.query('UPDATE load_pace SET ms = $1', [ms]);
}

/** Closes the barrier, waits until a load has everything done but its commit, and calls `then` before it opens. */
export async function whileALoadWaits(world: World, then: () => Promise<void>): Promise<void> {
  const { pool } = world.store;
  await holding(
    pool,
    (client) => client.query('SELECT pg_advisory_xact_lock($1)', [BARRIER_KEY]),
    async () => {
      await eventually(async () => (await waiting(world)).length > 0, 'a load waits at the barrier');
      await then();
    },
  );
}

/** `lock` is held by a transaction for as long as `work` takes. */
export async function holding(
  pool: pg.Pool,
  lock: (client: pg.PoolClient) => Promise<unknown>,
  work: () => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    // The pool's sessions may not sit in a transaction for long.
    await client.query("BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2min'");
    await lock(client);
    await work();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

export async function chunksDone({ store }: World, count: number, runId: string): Promise<void> {
  await eventually(
    async () => (await doneChunks(store.pool, runId)) >= count,
    `${count} chunks of run ${runId} are done`,
  );
}

export async function doneChunks(pool: pg.Pool, runId: string): Promise<number> {
  const { rows } = await pool.query<{ done: number }>(
    `SELECT count(*) AS done FROM syncline.sync_chunk WHERE run_id = $1 AND kind = 'range' AND state = 'done'`,
    [runId],
  );
  return rows[0]?.done ?? 0;
}

/** Sessions of loads that wait at the barrier. */
async function waiting({ store }: World): Promise<number[]> {
  const { rows } = await store.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${BARRIER_KEY} AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ pid }) => pid);
}

/**
 * Ends the sessions of loads that wait at the barrier, as the server does when it learns that their client is gone.
 * Otherwise the COMMIT that they have received already would take effect when the barrier opens.
 */
export async function endWaitingLoads(world: World): Promise<void> {
  await world.store.pool.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [
    await waiting(world),
  ]);
}
