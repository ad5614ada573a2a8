/** What the load does with its connection: limits, cancelling, waiting, trying again, tables of its own. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { openStore } from '../../src/store/open.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  person,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
  untilWaiting,
} from './load-kit.ts';

let test: TestStore;
let other: pg.Client;
beforeAll(async () => {
  test = await openTestStore('load_sessions');
  other = await person(test.url);
});
afterAll(async () => {
  await other.end();
  await test.drop();
});

async function ready(entity: string) {
  const plan = planOf({ entity, columns: { id: 'integer', name: 'text' } });
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: TestRow[], signal?: AbortSignal) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run }), textPiece(rows), signal);
  return { plan, run, load };
}

describe('a load', () => {
  it('ends in the database when it is aborted, and leaves nothing', async () => {
    const { plan, run, load } = await ready('aborted');
    await load([['1', 'a']]);
    await other.query(`BEGIN; LOCK TABLE aborted IN ACCESS EXCLUSIVE MODE`);
    const abort = new AbortController();
    const loading = load([['1', 'b']], abort.signal);
    const waiting = await untilWaiting(test.store);
    abort.abort(new Error('enough'));
    await expect(loading).rejects.toThrow('enough');
    const [session] = await all(
      test.store,
      `SELECT state FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
      [waiting],
    );
    expect(session).toBeUndefined();
    await other.query('COMMIT');
    expect(await mirrorRows(test.store, plan)).toMatchObject([{ name: 'a' }]);
    const [chunk] = await all(test.store, 'SELECT counts FROM syncline.sync_chunk WHERE id = $1', [
      run.chunkId,
    ]);
    expect(chunk).toMatchObject({ counts: { inserted: 1, updated: 0 } });
    // The sessions of the pool are as good as before.
    expect(await Promise.all([load([['2', 'a']]), load([['3', 'a']])])).toMatchObject([
      { inserted: 1 },
      { inserted: 1 },
    ]);
  });

  it('tries again after a deadlock', async () => {
    const { plan, load } = await ready('deadlock');
    await load([
      ['1', 'a'],
      ['2', 'a'],
    ]);
    await other.query('BEGIN');
    await other.query(`SET LOCAL deadlock_timeout = '1h'`);
    await other.query(`UPDATE deadlock SET name = name WHERE id = 2`);
    const loading = load([
      ['1', 'b'],
      ['2', 'b'],
    ]);
    await untilWaiting(test.store);
    const blocked = other.query(`UPDATE deadlock SET name = name WHERE id = 1`);
    await blocked;
    await other.query('COMMIT');
    expect(await loading).toMatchObject({ updated: 2 });
    expect((await mirrorRows(test.store, plan)).map((row) => row.name)).toEqual(['b', 'b']);
  });

  it('is not ended by a statement time-out of the login', async () => {
    const { plan, run } = await ready('slow');
    await test.store.pool.query(`
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION slow()`);
    const limited = await openStore({ url: test.url, poolMax: 1, applicationName: 'syncline/test' });
    try {
      // The pool's sessions start with the login's settings, whatever sets them.
      await limited.pool.query(`SET statement_timeout = '300ms'`);
      await expect(limited.pool.query('SELECT pg_sleep(1)')).rejects.toMatchObject({ code: '57014' });
      expect(
        await loadPiece(limited, await jobFor(limited, plan, { run }), textPiece([['1', 'a']])),
      ).toMatchObject({ inserted: 1 });
    } finally {
      await limited.close();
    }
  });

  it('says who it is', async () => {
    const { run, load } = await ready('named');
    await other.query('BEGIN; LOCK TABLE named IN ACCESS EXCLUSIVE MODE');
    const loading = load([['1', 'a']]);
    const pid = await untilWaiting(test.store);
    const [session] = await all(
      test.store,
      'SELECT application_name AS name FROM pg_stat_activity WHERE pid = $1',
      [pid],
    );
    await other.query('COMMIT');
    await loading;
    expect(session).toEqual({ name: `syncline/load ${run.ref.runId}` });
  });

  it('keeps its staging apart for plans with other columns, on one session', async () => {
    const plans = [
      planOf({ entity: 'apart', columns: { id: 'integer', name: 'text' } }),
      planOf({ entity: 'apart_too', columns: { id: 'integer', name: 'bigint' } }),
    ];
    for (const plan of plans) {
      await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
      const run = await startRun(test.store, plan);
      for (const id of ['1', '2']) {
        const counts = await loadPiece(
          test.store,
          await jobFor(test.store, plan, { run }),
          textPiece([[id, '7']]),
        );
        expect(counts).toMatchObject({ inserted: 1, unchanged: 0 });
      }
    }
  });
});
