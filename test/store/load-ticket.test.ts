/** C1 with real snapshots, C4 with real claims, and what the merge does besides. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityPlan } from '../../src/domain/entity.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { listRefresh } from '../../src/store/refresh.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { tombstoneKeys } from '../../src/store/tombstones.ts';
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
  test = await openTestStore('load_ticket');
  other = await person(test.url);
});
afterAll(async () => {
  await other.end();
  await test.drop();
});

async function ready(
  entity: string,
  plan: EntityPlan = planOf({ entity, columns: { id: 'integer', name: 'text' } }),
) {
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: TestRow[], more: Partial<LoadJob> = {}) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run, ...more }), textPiece(rows));
  const listed = async () =>
    (
      await all<{ key: string }>(
        test.store,
        'SELECT key FROM syncline.refresh WHERE entity = $1 ORDER BY key',
        [entity],
      )
    ).map((row) => row.key);
  return { plan, run, load, listed, rows: () => mirrorRows(test.store, plan) };
}

/** As an upload writes the mirror: its own version, whatever the trigger. */
const write = (entity: string, id: number, name: string) =>
  other.query(
    `INSERT INTO ${entity} (id, name, sync_origin) VALUES ($1, $2, 'phone')
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, sync_xid = pg_current_xact_id(), sync_origin = 'phone'`,
    [id, name],
  );

describe('C1: the ticket', () => {
  it('leaves a row alone that was written after the read began, and lists it to be read again', async () => {
    const { load, rows, listed } = await ready('undone');
    await load([
      ['1', 'old'],
      ['2', 'old'],
    ]);
    const ticket = await takeTicket(test.store.pool);
    await write('undone', 1, 'uploaded');
    expect(
      await load(
        [
          ['1', 'old'],
          ['2', 'read'],
          ['3', 'read'],
        ],
        { ticket },
      ),
    ).toMatchObject({
      updated: 1,
      inserted: 1,
      unchanged: 0,
      refreshed: 1,
    });
    expect((await rows()).map((row) => row.name)).toEqual(['uploaded', 'read', 'read']);
    expect(await listed()).toEqual(['1']);
  });

  it('leaves a row alone whose writer was under way when the read began', async () => {
    const { load, rows, listed } = await ready('under_way');
    await load([['1', 'old']]);
    await other.query('BEGIN');
    await write('under_way', 1, 'uploaded');
    const ticket = await takeTicket(test.store.pool);
    await other.query('COMMIT');
    expect(await load([['1', 'read']], { ticket })).toMatchObject({ updated: 0, refreshed: 1 });
    expect((await rows())[0]?.name).toBe('uploaded');
    expect(await listed()).toEqual(['1']);
  });

  it('waits for a writer that holds the row, and yields to it', async () => {
    const { load, rows, listed } = await ready('held');
    await load([['1', 'old']]);
    const ticket = await takeTicket(test.store.pool);
    await other.query('BEGIN');
    await write('held', 1, 'uploaded');
    const loading = load([['1', 'read']], { ticket });
    await untilWaiting(test.store);
    await other.query('COMMIT');
    expect(await loading).toMatchObject({ updated: 0, inserted: 0, refreshed: 1 });
    expect((await rows())[0]?.name).toBe('uploaded');
    expect(await listed()).toEqual(['1']);
  });

  it('yields to a concurrent insert of the same key', async () => {
    const { load, rows, listed } = await ready('inserted');
    const ticket = await takeTicket(test.store.pool);
    await other.query('BEGIN');
    await write('inserted', 1, 'uploaded');
    const loading = load(
      [
        ['1', 'read'],
        ['2', 'read'],
      ],
      { ticket },
    );
    await untilWaiting(test.store);
    await other.query('COMMIT');
    expect(await loading).toMatchObject({ inserted: 1, refreshed: 1 });
    expect((await rows()).map((row) => row.name)).toEqual(['uploaded', 'read']);
    expect(await listed()).toEqual(['1']);
  });

  it('does not list a newer row that is as it was read: a piece that is loaded twice lists nothing', async () => {
    const { load, listed } = await ready('twice_loaded');
    const ticket = await takeTicket(test.store.pool);
    expect(
      await load(
        [
          ['1', 'a'],
          ['2', 'b'],
        ],
        { ticket },
      ),
    ).toMatchObject({ inserted: 2 });
    expect(
      await load(
        [
          ['1', 'a'],
          ['2', 'b'],
        ],
        { ticket },
      ),
    ).toMatchObject({ unchanged: 2, refreshed: 0 });
    expect(await listed()).toEqual([]);
  });

  it('buries nothing that was written after the look-up began', async () => {
    const { plan, run, load, rows, listed } = await ready('buried');
    await load([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    const ticket = await takeTicket(test.store.pool);
    await other.query(`UPDATE buried SET name = 'edited', sync_xid = pg_current_xact_id() WHERE id = 1`);
    const buried = await tombstoneKeys(test.store, { ref: run.ref, plan, ticket, keys: ['1', '2', '7'] });
    expect(buried).toEqual({ tombstoned: 1, refreshed: 1 });
    expect(await rows()).toMatchObject([
      { name: 'edited', deleted: false },
      { name: 'b', deleted: true },
    ]);
    expect(await listed()).toEqual(['1']);
  });

  it('settles refresh entries that nobody renewed, and buries asked keys that were not found', async () => {
    const { plan, load, rows, listed } = await ready('settled');
    await load([
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ]);
    const enqueue = (key: string) =>
      other.query(
        `INSERT INTO syncline.refresh (entity, key, reason) VALUES ('settled', $1, 'upload')
         ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid`,
        [key],
      );
    for (const key of ['1', '2', '3', '4']) await enqueue(key);
    const ticket = await takeTicket(test.store.pool);
    const entries = await listRefresh(test.store.pool, {
      entity: plan.spec.entity,
      ticket,
      after: null,
      limit: 10,
    });
    await enqueue('3');
    const counts = await load([['1', 'a2']], {
      ticket,
      refreshDone: entries,
      askedKeys: ['1', '2', '3', '4'],
      rawKeys: ['1', '3'],
    });
    expect(counts).toMatchObject({ updated: 1, tombstoned: 1 });
    expect(await listed()).toEqual(['3']);
    expect(await rows()).toMatchObject([
      { name: 'a2', deleted: false },
      { deleted: true },
      { deleted: false },
    ]);
  });

  it('resets provenance when the source writes the row, and keeps it while the row is as the source has it', async () => {
    const { load } = await ready('provenance');
    await write('provenance', 1, 'a');
    const origin = () => all(test.store, 'SELECT sync_origin FROM provenance');
    await load([['1', 'a']]);
    expect(await origin()).toEqual([{ sync_origin: 'phone' }]);
    await load([['1', 'b']]);
    expect(await origin()).toEqual([{ sync_origin: null }]);
  });
});

describe('C4: fence and claim', () => {
  it('writes nothing for a run that is closed or fenced off, or a chunk that was taken over or is done', async () => {
    const { run, load, rows } = await ready('fenced');
    const change = (sql: string) => all(test.store, sql, [run.chunkId]);
    const set = (what: string) => change(`UPDATE syncline.sync_chunk SET ${what} WHERE id = $1`);
    const fenced = { code: 'FENCED' };
    await set('attempt = 2');
    await expect(load([['1', 'a']])).rejects.toMatchObject(fenced);
    await set(`attempt = 1, state = 'done'`);
    await expect(load([['1', 'a']])).rejects.toMatchObject(fenced);
    await set(`state = 'running'`);
    await expect(load([['1', 'a']], { ref: { ...run.ref, fence: 2 } })).rejects.toMatchObject(fenced);
    await all(test.store, `UPDATE syncline.sync_run SET status = 'CANCELLED' WHERE id = $1`, [run.ref.runId]);
    await expect(load([['1', 'a']])).rejects.toMatchObject(fenced);
    await expect(load([['1', 'a']], { claim: null })).rejects.toMatchObject(fenced);
    expect(await rows()).toEqual([]);
  });
});

describe('the merge', () => {
  it('neither writes nor locks rows that are there already', async () => {
    const { load } = await ready('quiet');
    const rows = Array.from({ length: 3_000 }, (_, i): TestRow => [`${i}`, `name ${i}`]);
    await load(rows);
    // A lock alone leaves its transaction in xmax, and 50 bytes of WAL a row.
    const versions = () =>
      all(
        test.store,
        'SELECT ctid::text, xmin::text, xmax::text, sync_xid::text FROM quiet ORDER BY ctid::tid',
      );
    const before = await versions();
    expect(await load(rows)).toMatchObject({ unchanged: 3_000, updated: 0 });
    expect(await versions()).toEqual(before);
    expect(before).toHaveLength(3_000);
  });

  it('sees what equality does not: 1.0 and 1.00, two spellings of a json, -0', async () => {
    const plan = planOf({
      entity: 'images',
      columns: { id: 'integer', n: 'numeric', j: 'json', f: 'double precision', b: 'jsonb' },
    });
    const { load, rows } = await ready('images', plan);
    await load([
      ['1', '1.0', '{"a":1}', '0', '{"a":1.0}'],
      ['2', '1.0', '{"a":1}', '0', '{"a":1.0}'],
    ]);
    expect(
      await load([
        ['1', '1.00', '{ "a":1}', '-0', '{"a":1.00}'],
        ['2', '1.0', '{"a":1}', '0', '{"a": 1.0}'],
      ]),
    ).toMatchObject({
      updated: 1,
      unchanged: 1,
    });
    expect((await rows())[0]).toMatchObject({ n: '1.00', j: '{ "a":1}', f: '-0', b: '{"a": 1.00}' });
  });

  it('brings an identical row back to life, and keeps the tombstone of a row that stays away (C15)', async () => {
    const { plan, run, load, rows } = await ready('revived');
    await load([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['1', '2'],
    });
    expect(await load([['1', 'a']])).toMatchObject({ updated: 1 });
    expect(await rows()).toMatchObject([{ deleted: false }, { deleted: true }]);
  });

  it('turns rows that the source marks as deleted into tombstones with their values', async () => {
    const columns = { id: 'integer', name: 'text' };
    const plan = planOf({
      entity: 'soft',
      columns,
      softDelete: { column: 'GONE', values: ['Y', null] },
      softDeleteColumn: { from: 'GONE', type: 'character(1)' },
    });
    const { load, rows } = await ready('soft', plan);
    expect(
      await load([
        ['1', 'a', 'N'],
        ['2', 'b', 'Y'],
        ['3', 'c', null],
      ]),
    ).toMatchObject({ inserted: 1, tombstoned: 2 });
    expect(
      await load([
        ['1', 'a2', 'Y'],
        ['2', 'b', 'N'],
        ['3', 'c', null],
      ]),
    ).toMatchObject({ updated: 1, tombstoned: 1, unchanged: 1 });
    expect(await rows()).toMatchObject([
      { name: 'a2', deleted: true },
      { name: 'b', deleted: false },
      { deleted: true },
    ]);
  });

  it('counts changed rows that no changedAt column explains as late', async () => {
    const plan = planOf({
      entity: 'late',
      columns: { id: 'integer', seen: 'timestamp with time zone', joined: 'timestamp without time zone' },
      changedAt: ['seen', 'joined'],
    });
    const { load } = await ready('late', plan);
    const row = (id: string, seen: string | null, joined: string | null): TestRow => [
      id,
      seen,
      joined,
      seen,
      joined,
    ];
    const rows = [
      row('1', '2024-05-01 12:00:00.000001+00', null),
      row('2', '2024-05-01 11:59:59.999999+00', '2024-05-01 12:00:00'),
      row('3', '2024-05-01 11:59:59.999999+00', '2024-05-01 11:59:59'),
      row('4', null, null),
    ];
    expect(await load(rows, { lateBelow: '2024-05-01T12:00:00.000000Z' })).toMatchObject({
      inserted: 4,
      lateRows: 1,
    });
    expect(await load(rows, { lateBelow: '2024-05-01T12:00:00.000000Z' })).toMatchObject({
      unchanged: 4,
      lateRows: 0,
    });
  });

  it('finds the mirror’s rows of a large piece by the range of its keys', async () => {
    const plan = planOf({
      entity: 'ranged',
      columns: { a: 'text', b: 'integer', v: 'text' },
      key: ['a', 'b'],
    });
    const { load } = await ready('ranged', plan);
    const rows = Array.from({ length: 1_200 }, (_, i): TestRow => [`${'Aa|\\é'[i % 5]}`, `${i - 600}`, 'v']);
    expect(await load(rows)).toMatchObject({ inserted: 1_200 });
    expect(
      await load(rows.map(([a, b]): TestRow => [a as string, b as string, b === '5' ? 'w' : 'v'])),
    ).toMatchObject({
      unchanged: 1_199,
      updated: 1,
    });
  });
});
