/** Below what a log of changes is needed by nobody. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readCaptureFloor } from '../../src/store/capture-floor.ts';
import { openTestStore, planOf, startRun, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('capture_floor');
});
beforeEach(() => at.store.pool.query('DELETE FROM syncline.sync_run; DELETE FROM syncline.checkpoint'));
afterAll(() => at.drop());

const LOG = '(capture) ← "one"';
const day = (n: number): string => `2026-01-0${n}T00:00:00.000000Z`;

async function checkpoint(entity: string, watermark: string | null, rule = LOG): Promise<void> {
  await at.store.pool.query(
    `INSERT INTO syncline.checkpoint (entity, pipeline, watermark, source_identity, source_columns, read_hash, run_id, filled_by)
     VALUES ($1, 'pos', $2, 'id', '[]', 'hash', 'run', $3)`,
    [entity, watermark, JSON.stringify(['id ← ID', rule])],
  );
}

/** A full run of the entity whose first chunk has its mark. */
async function fullRun(entity: string, watermark: string | null, status: string): Promise<void> {
  const { ref, chunkId } = await startRun(at.store, planOf({ entity, columns: { id: 'integer' } }));
  const { pool } = at.store;
  await pool.query('UPDATE syncline.sync_chunk SET watermark = $2 WHERE id = $1', [chunkId, watermark]);
  await pool.query('UPDATE syncline.sync_run_entity SET filled_by = $2 WHERE run_id = $1', [
    ref.runId,
    JSON.stringify([LOG]),
  ]);
  await pool.query('UPDATE syncline.sync_run SET status = $2 WHERE id = $1', [ref.runId, status]);
}

const floor = (...entities: string[]) => readCaptureFloor(at.store.pool, { entities, rule: LOG });

test('is unknown where nobody has followed the log', async () => {
  await checkpoint('a', null);
  expect(await floor('a', 'b')).toBeNull();
});

test('is the lowest watermark of those of the configuration that follow this log', async () => {
  await checkpoint('a', day(5));
  await checkpoint('b', day(4));
  await checkpoint('removed', day(1));
  await checkpoint('elsewhere', day(2), '(capture) ← "another"');
  expect(await floor('a', 'b', 'elsewhere')).toBe(day(4));
});

test('is not above where the catch-up of a full run at work will begin', async () => {
  await checkpoint('a', day(5));
  await fullRun('b', day(3), 'RUNNING');
  await fullRun('c', day(2), 'FAILED');
  await fullRun('d', null, 'RUNNING');
  expect(await floor('a', 'b', 'c', 'd')).toBe(day(3));
});
