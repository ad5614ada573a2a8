/** What `status` and `history` read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCheckpoints, readFeedLag, readRuns, readSourceStates } from '../../src/store/run-reports.ts';
import { openTestStore, person, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('run_reports');
});
afterAll(() => at.drop());

async function addRun(id: string, status: string, startedSecondsAgo: number): Promise<void> {
  await at.store.pool.query(
    `INSERT INTO syncline.sync_run (id, pipeline, mode, trigger, requested_by, source, source_kind, workflow_id,
                                    workflow_run_id, config_hash, fence, status, started_at, finished_at)
     VALUES ($1, 'pos', 'full', 'cli', 'maria', 'shop', 'postgres', 'run/pos/full', $1, 'hash', 1, $2,
             now() - $3 * interval '1 second', CASE WHEN $2 <> 'RUNNING' THEN now() - $3 * interval '1 second' + interval '5 second' END)`,
    [id, status, startedSecondsAgo],
  );
}

test('a run at work is told by its chunks, one that ended by its own row', async () => {
  await addRun('ended', 'PARTIAL', 3_600);
  await addRun('running', 'RUNNING', 10);
  const add = (runId: string, status: string, fetched: number) =>
    at.store.pool.query(
      `INSERT INTO syncline.sync_run_entity (run_id, entity, mode, status, estimated_rows, source_identity, fetched,
                                             inserted, degraded, started_at, finished_at)
       VALUES ($1, 'sales', 'full', $2, 1000, 'x', $3, $3, '[{"code": "REPLICA", "message": "a replica"}]',
               now() - interval '10 second', CASE WHEN $2 <> 'RUNNING' THEN now() END)`,
      [runId, status, fetched],
    );
  await add('ended', 'PARTIAL', 900);
  await add('running', 'RUNNING', 0);
  await at.store.pool.query(
    `INSERT INTO syncline.sync_chunk (run_id, entity, kind, seq, counts)
     VALUES ('running', 'sales', 'range', 1, '{"fetched": 300, "inserted": 290, "quarantined": 10}'),
            ('running', 'sales', 'range', 2, '{"fetched": 200, "inserted": 200}'),
            ('running', 'sales', 'range', 3, '{}')`,
  );
  const reports = await readRuns(at.store.pool, { pipeline: 'pos', limit: 10 });
  expect(reports.map(({ runId }) => runId)).toEqual(['running', 'ended']);
  const [running, ended] = reports;
  expect(running?.entities[0]).toMatchObject({
    rowsDone: 500,
    rowsEstimated: 1000,
    counts: { fetched: 500, inserted: 490, quarantined: 10, tombstoned: 0 },
    degraded: [{ code: 'REPLICA' }],
  });
  expect(running?.entities[0]?.rowsPerSecond).toBeGreaterThan(30);
  expect(running?.entities[0]?.rowsPerSecond).toBeLessThanOrEqual(50);
  expect(ended).toMatchObject({ status: 'PARTIAL', seconds: 5, requestedBy: 'maria', trigger: 'cli' });
  expect(ended?.entities[0]).toMatchObject({ rowsDone: 900, rowsPerSecond: 90, counts: { fetched: 900 } });
  expect(await readRuns(at.store.pool, { running: true, limit: 10 })).toHaveLength(1);
  expect(await readRuns(at.store.pool, { runId: 'ended', limit: 10 })).toHaveLength(1);
  expect(await readRuns(at.store.pool, { limit: 1 })).toHaveLength(1);
});

test('checkpoints come with what waits beside them', async () => {
  await at.store.pool.query(
    `INSERT INTO syncline.checkpoint (entity, pipeline, watermark, source_identity, source_columns, read_hash, run_id)
     VALUES ('sales', 'pos', '2026-01-01T00:00:00.000000Z', 'x', '[]', 'x', 'x');
     INSERT INTO syncline.refresh (entity, key, reason) VALUES ('sales', '1', 'test'), ('sales', '2', 'test');
     INSERT INTO syncline.quarantine (entity, key, pipeline, reason, severity, detail, payload, run_id)
     VALUES ('sales', '3', 'pos', 'VALIDATION', 'error', 'x', '{}', 'x')`,
  );
  expect(await readCheckpoints(at.store.pool)).toMatchObject([
    { entity: 'sales', needsFull: false, quarantined: 1, waitingForRefresh: 2 },
  ]);
});

test('a source that fails is told, with the end of its pause while the breaker is open', async () => {
  await at.store.pool.query(
    `INSERT INTO syncline.source_state (source, failures, open_until, last_error)
     VALUES ('open', 5, now() + interval '1 minute', '{"code": "SOURCE_UNAVAILABLE", "message": "gone"}'),
            ('half-open', 6, now() - interval '1 minute', '{"code": "SOURCE_UNAVAILABLE", "message": "gone"}'),
            ('well', 0, NULL, NULL)`,
  );
  expect(await readSourceStates(at.store.pool)).toMatchObject([
    { source: 'half-open', failures: 6, openUntil: null },
    { source: 'open', failures: 5, openUntil: expect.any(String), lastError: { code: 'SOURCE_UNAVAILABLE' } },
  ]);
});

test('C6: the session whose transaction holds the feed back is named; readers are not', async () => {
  const reader = await person(at.url);
  const writer = await person(at.url);
  try {
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await writer.query(`SET application_name = 'night job'; BEGIN; SELECT pg_current_xact_id()`);
    const { rows } = await writer.query('SELECT pg_backend_pid() AS pid');
    const pid = rows[0].pid;
    // Other tests write on this server too, for short; ours stays.
    await expect.poll(async () => (await readFeedLag(at.store.pool)).pid).toBe(pid);
    const lag = await readFeedLag(at.store.pool);
    expect(lag).toMatchObject({ pid, application: 'night job' });
    expect(lag.seconds).toBeGreaterThanOrEqual(0);
    await writer.query('COMMIT');
    await expect.poll(async () => (await readFeedLag(at.store.pool)).pid).not.toBe(pid);

    await writer.query(`BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'forgotten'`);
    await expect
      .poll(() => readFeedLag(at.store.pool))
      .toMatchObject({ pid: null, application: 'prepared transaction forgotten' });
    await writer.query(`ROLLBACK PREPARED 'forgotten'`);
  } finally {
    await reader.end();
    await writer.end();
  }
});
