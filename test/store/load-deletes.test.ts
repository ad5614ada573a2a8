/** C5: what the source did not show; C16: a shared mirror; C18: rows made here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityPlan, Reject } from '../../src/domain/entity.ts';
import { loadDirect } from '../../src/store/load-direct.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { countLive, tombstoneKeys } from '../../src/store/tombstones.ts';
import { collectUnseen } from '../../src/store/unseen-keys.ts';
import {
  all,
  binaryPiece,
  int32,
  jobFor,
  mirrorRows,
  openTestStore,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
} from './load-kit.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore('load_deletes');
});
afterAll(() => test.drop());

async function ready(
  entity: string,
  plan: EntityPlan = planOf({ entity, columns: { id: 'integer', name: 'text' } }),
) {
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: TestRow[], more: Partial<LoadJob> = {}, rejects: Reject[] = []) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run, ...more }), textPiece(rows, rejects));
  const candidates = async () =>
    (
      await all<{ key: string }>(
        test.store,
        'SELECT key FROM syncline.delete_candidate WHERE run_id = $1 ORDER BY key',
        [run.ref.runId],
      )
    ).map((row) => row.key);
  return { plan, run, load, candidates };
}

const everything = { range: { after: null, upTo: null } };
const reject = (key: string | null): Reject => ({
  key,
  reason: 'VALIDATION',
  severity: 'error',
  detail: 'no',
  payload: { ID: key },
});
const numbered = (...ids: number[]): TestRow[] => ids.map((id) => [`${id}`, 'x']);

describe('delete candidates', () => {
  it('are the live rows of the range that the piece does not show, its end included and its start not', async () => {
    const { load, candidates } = await ready('ranges');
    await load(numbered(1, 2, 3, 4, 5, 6, 7));
    await load(numbered(4), { range: { after: '2', upTo: '5' } });
    expect(await candidates()).toEqual(['3', '5']);
    await load([], { range: { after: '6', upTo: null } });
    await load([], { range: { after: null, upTo: '1' } });
    expect(await candidates()).toEqual(['1', '3', '5', '7']);
  });

  it('are not collected without a range', async () => {
    const { load, candidates } = await ready('increment');
    await load(numbered(1, 2, 3));
    await load(numbered(2));
    expect(await candidates()).toEqual([]);
  });

  it('are no rows that were read and rejected: by shaping, by their type, by a constraint, as duplicates', async () => {
    const { load, candidates } = await ready(
      'rejected',
      planOf({ entity: 'rejected', columns: { id: 'integer', name: 'character varying(3)' } }),
    );
    await load(numbered(1, 2, 3, 4, 5));
    await test.store.pool.query(`ALTER TABLE rejected ADD CHECK (name <> 'bad')`);
    const rows: TestRow[] = [
      ['2', 'too long'],
      ['3', 'bad'],
      ['4', 'a'],
      ['4', 'b'],
    ];
    expect(await load(rows, everything, [reject('1')])).toMatchObject({ quarantined: 5 });
    expect(await candidates()).toEqual(['5']);
  });

  it('follow the order of the bytes for text keys, whatever the database’s collation', async () => {
    const plan = planOf({ entity: 'texts', columns: { id: 'text', name: 'text' } });
    const { load, candidates } = await ready('texts', plan);
    await load(['B', 'Z', 'a', 'a ', 'b', 'é', '€'].map((id): TestRow => [id, 'x']));
    await load([['a', 'x']], { range: { after: 'B', upTo: 'b' } });
    expect(await candidates()).toEqual(['Z', 'a ', 'b']);
  });

  it('follow composite keys row-wise, and write them as encoded keys', async () => {
    const plan = planOf({
      entity: 'composite',
      columns: { v: 'text', a: 'text', b: 'integer' },
      key: ['a', 'b'],
    });
    const { load, candidates } = await ready('composite', plan);
    const keys: [string, string][] = [
      ['x', '1'],
      ['x', '20'],
      ['x', '3'],
      ['x|y', '1'],
      ['x\\', '1'],
      ['y', '-5'],
    ];
    await load(keys.map(([a, b]): TestRow => ['v', a, b]));
    await load([['v', 'x', '20']], { range: { after: 'x|1', upTo: 'x\\|y|1' } });
    expect(await candidates()).toEqual(['x\\\\|1', 'x\\|y|1', 'x|3']);
  });

  it('are none in a chunk with an unreadable key, those of its earlier and later pieces included', async () => {
    const { run, load, candidates } = await ready('unreadable');
    await load(numbered(1, 2, 3, 4, 5, 6, 7, 8));
    await all(test.store, `UPDATE syncline.sync_chunk SET upper = '6' WHERE id = $1`, [run.chunkId]);
    await all(test.store, `INSERT INTO syncline.delete_candidate VALUES ($1, 'unreadable', '7')`, [
      run.ref.runId,
    ]);
    await load(numbered(1), { range: { after: null, upTo: '2' } });
    expect(await candidates()).toEqual(['2', '7']);
    await load(numbered(3), { range: { after: '2', upTo: '4' } }, [reject(null)]);
    await load(numbered(5), { range: { after: '4', upTo: '6' } });
    // Another chunk collected 7.
    expect(await candidates()).toEqual(['7']);
    const [chunk] = await all(test.store, 'SELECT keys_complete FROM syncline.sync_chunk WHERE id = $1', [
      run.chunkId,
    ]);
    expect(chunk).toEqual({ keys_complete: false });
  });

  it('are none after a row without a key: NULL in a part of it', async () => {
    const { load, candidates } = await ready('null_key');
    await load(numbered(1, 2, 3));
    expect(
      await load(
        [
          ['1', 'x'],
          [null, 'y'],
        ],
        everything,
      ),
    ).toMatchObject({ unchanged: 1, quarantined: 1 });
    expect(await candidates()).toEqual([]);
  });

  it('are neither tombstones nor rows that were made here, when changes were taken once (C18)', async () => {
    const { plan, run, load, candidates } = await ready('devices');
    await load(numbered(1, 2, 3));
    await test.store.pool.query('ALTER TABLE devices ADD COLUMN sync_made_here boolean');
    await test.store.pool.query(`UPDATE devices SET sync_origin = 'phone', sync_made_here = id = 2`);
    await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['3'],
    });
    await load([], everything);
    expect(await candidates()).toEqual(['1']);
    const asked = await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['2'],
    });
    expect(asked).toEqual({ tombstoned: 0, refreshed: 0 });
    expect(await countLive(test.store.pool, plan)).toBe(2);
  });

  it('need the list of all keys where the source’s key order is not proved', async () => {
    const { plan, run, load, candidates } = await ready('unproved');
    await load(numbered(1, 2, 3, 4, 5));
    const unproved = { ...everything, keyOrder: 'unproved' as const };
    await load(numbered(1), { ...unproved, rawKeys: ['1', '2'] }, [reject('2')]);
    await load(numbered(4), { ...unproved, rawKeys: ['4'] });
    await load([], unproved);
    expect(await candidates()).toEqual([]);
    expect(await collectUnseen(test.store, { ref: run.ref, plan, pageRows: 3 })).toBe(2);
    expect(await candidates()).toEqual(['3', '5']);
    await expect(load(numbered(4), unproved)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('are none without proved order once a key could not be read', async () => {
    const { plan, run, load, candidates } = await ready('unproved_unreadable');
    await load(numbered(1, 2));
    await load([], { ...everything, keyOrder: 'unproved', rawKeys: [] }, [reject(null)]);
    expect(await collectUnseen(test.store, { ref: run.ref, plan })).toBe(0);
    expect(await candidates()).toEqual([]);
  });
});

describe('tombstones', () => {
  it('keep the values, take a version, clear the quarantine, and ignore keys that are none', async () => {
    const { plan, run, load } = await ready('graves');
    await load(numbered(1), {}, [reject('1'), reject('9')]);
    const keys = ['1', '9', 'x', '99999999999'];
    const job = { ref: run.ref, plan, ticket: await takeTicket(test.store.pool), keys };
    expect(await tombstoneKeys(test.store, job)).toEqual({ tombstoned: 1, refreshed: 0 });
    expect(await mirrorRows(test.store, plan)).toEqual([{ id: '1', name: 'x', deleted: true }]);
    expect(await all(test.store, `SELECT FROM syncline.quarantine WHERE entity = 'graves'`)).toEqual([]);
    const again = { ...job, ticket: await takeTicket(test.store.pool) };
    expect(await tombstoneKeys(test.store, again)).toEqual({ tombstoned: 0, refreshed: 0 });
    await expect(tombstoneKeys(test.store, { ...job, ref: { ...run.ref, fence: 9 } })).rejects.toMatchObject({
      code: 'FENCED',
    });
  });
});

describe('a shared mirror (C16)', () => {
  it('keeps rows of two sources apart, their deletes too', async () => {
    const shared = (entity: string, source: string) =>
      planOf({
        entity,
        source,
        pipeline: source,
        columns: { id: 'integer', name: 'text' },
        mirror: { schema: 'public', table: 'branches', shared: true },
      });
    const north = await ready('north_branches', shared('north_branches', 'north'));
    const south = await ready('south_branches', shared('south_branches', 'south'));
    expect(
      await north.load([
        ['1', 'n'],
        ['2', 'n'],
      ]),
    ).toMatchObject({ inserted: 2 });
    expect(
      await south.load([
        ['1', 's'],
        ['2', 's'],
      ]),
    ).toMatchObject({ inserted: 2 });
    expect(
      await south.load([
        ['1', 's'],
        ['2', 's2'],
      ]),
    ).toMatchObject({ unchanged: 1, updated: 1 });
    await north.load([['2', 'n']], everything);
    expect(await north.candidates()).toEqual(['1']);
    expect(await south.candidates()).toEqual([]);
    const ticket = await takeTicket(test.store.pool);
    await tombstoneKeys(test.store, { ref: north.run.ref, plan: north.plan, ticket, keys: ['1'] });
    const rows = await all(
      test.store,
      'SELECT sync_source, id, name, sync_deleted_at IS NOT NULL AS deleted FROM branches ORDER BY 1, 2',
    );
    expect(rows).toEqual([
      { sync_source: 'north', id: 1, name: 'n', deleted: true },
      { sync_source: 'north', id: 2, name: 'n', deleted: false },
      { sync_source: 'south', id: 1, name: 's', deleted: false },
      { sync_source: 'south', id: 2, name: 's2', deleted: false },
    ]);
    expect(await countLive(test.store.pool, north.plan)).toBe(1);
  });
});

describe('loadDirect', () => {
  const tuples = (...ids: number[]) =>
    binaryPiece(
      ids.map((id) => [int32(id), Buffer.from('x')]),
      'mirror',
    );
  const direct = async (at: Awaited<ReturnType<typeof ready>>, ids: number[], more: Partial<LoadJob> = {}) =>
    loadDirect(
      test.store,
      await jobFor(test.store, at.plan, { run: at.run, ...everything, ...more }),
      tuples(...ids),
    );

  it('copies into an empty range, stamps the rows, and moves the claim', async () => {
    const at = await ready('direct');
    expect(
      await direct(at, [1, 2, 3], { range: { after: null, upTo: '3' }, resumeAfter: '3' }),
    ).toMatchObject({ fetched: 3, inserted: 3 });
    expect(await direct(at, [4, 5], { range: { after: '3', upTo: null }, finished: true })).toMatchObject({
      inserted: 2,
    });
    const rows = await all(test.store, 'SELECT count(*) AS n, count(sync_xid) AS stamped FROM direct');
    expect(rows).toEqual([{ n: 5, stamped: 5 }]);
    const [chunk] = await all(test.store, 'SELECT state, counts FROM syncline.sync_chunk WHERE id = $1', [
      at.run.chunkId,
    ]);
    expect(chunk).toMatchObject({ state: 'done', counts: { inserted: 5 } });
  });

  it('gives the range up where a row or a tombstone is, and leaves it as it was', async () => {
    const at = await ready('occupied');
    await at.load(numbered(2));
    const job = { ref: at.run.ref, plan: at.plan, ticket: await takeTicket(test.store.pool), keys: ['2'] };
    expect(await direct(at, [1, 3])).toBe('redo');
    await tombstoneKeys(test.store, job);
    expect(await direct(at, [1, 3])).toBe('redo');
    expect(await direct(at, [3, 4], { range: { after: '2', upTo: null } })).toMatchObject({ inserted: 2 });
    const [chunk] = await all(test.store, 'SELECT counts FROM syncline.sync_chunk WHERE id = $1', [
      at.run.chunkId,
    ]);
    expect(chunk).toMatchObject({ counts: { inserted: 3 } });
  });

  it('gives a piece up that holds a duplicate or a bad value', async () => {
    const at = await ready('bad_direct');
    expect(await direct(at, [1, 2, 2])).toBe('redo');
    const bytes = binaryPiece([[int32(1), Buffer.from([0xff])]], 'mirror');
    expect(
      await loadDirect(test.store, await jobFor(test.store, at.plan, { run: at.run, ...everything }), bytes),
    ).toBe('redo');
    expect(await mirrorRows(test.store, at.plan)).toEqual([]);
    expect(await direct(at, [1, 2])).toMatchObject({ inserted: 2 });
  });

  it('quarantines what shaping rejected, and clears what loads well', async () => {
    const at = await ready('direct_quarantine');
    await at.load([], {}, [reject('1'), reject('7')]);
    const job = await jobFor(test.store, at.plan, { run: at.run, ...everything });
    const piece = { ...tuples(1, 2), rejects: [reject('3')], rowsFetched: 3 };
    expect(await loadDirect(test.store, job, piece)).toMatchObject({ inserted: 2, quarantined: 1 });
    const left = await all(
      test.store,
      `SELECT key FROM syncline.quarantine WHERE entity = 'direct_quarantine' ORDER BY key`,
    );
    expect(left).toEqual([{ key: '3' }, { key: '7' }]);
  });

  it('takes a piece of text where a value has no binary form, and gives one with a bad value up', async () => {
    const at = await ready('direct_text');
    const load = async (...lines: string[]) =>
      loadDirect(test.store, await jobFor(test.store, at.plan, { run: at.run, ...everything }), {
        ...tuples(),
        format: 'text',
        data: Buffer.from(lines.map((line) => `${line}\n`).join('')),
        rowsInData: lines.length,
        rowsFetched: lines.length,
      });
    expect(await load('1\ta', 'x\tb')).toBe('redo');
    expect(await load('1\ta', '1\tb')).toBe('redo');
    expect(await load('1\ta', ' 2 \tb')).toMatchObject({ inserted: 2, fetched: 2 });
    const rows = await all(test.store, 'SELECT count(*) AS n, count(sync_xid) AS stamped FROM direct_text');
    expect(rows).toEqual([{ n: 2, stamped: 2 }]);
  });

  it('trusts the primary key alone where ranges say nothing of keys', async () => {
    const at = await ready('direct_unproved');
    await at.load([], {}, [reject('1'), reject('2'), reject('9')]);
    const unproved = (ids: number[], more: Partial<LoadJob> = {}) =>
      direct(at, ids, {
        keyOrder: 'unproved',
        range: { after: '\u0001rowid:AAA', upTo: '\u0001rowid:AAB' },
        rawKeys: ids.map(String),
        ...more,
      });
    expect(await unproved([7, 1])).toMatchObject({ inserted: 2 });
    expect(await unproved([3, 7])).toBe('redo');
    expect(await unproved([3, 4])).toMatchObject({ inserted: 2 });
    const left = await all(
      test.store,
      `SELECT key FROM syncline.quarantine WHERE entity = 'direct_unproved' ORDER BY key`,
    );
    expect(left).toEqual([{ key: '2' }, { key: '9' }]);
    const seen = await all(
      test.store,
      `SELECT key FROM syncline.seen_key WHERE entity = 'direct_unproved' ORDER BY 1`,
    );
    expect(seen.map(({ key }) => key)).toEqual(['1', '3', '4', '7']);
  });

  it('is fenced like any load', async () => {
    const at = await ready('direct_fenced');
    await all(test.store, `UPDATE syncline.sync_chunk SET attempt = 2 WHERE id = $1`, [at.run.chunkId]);
    await expect(direct(at, [1])).rejects.toMatchObject({ code: 'FENCED' });
    expect(await mirrorRows(test.store, at.plan)).toEqual([]);
  });
});
