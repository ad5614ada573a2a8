import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  planOf,
  startRun,
  type TestStore,
  textPiece,
} from './load-kit.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore('load_piece');
});
afterAll(() => test.drop());

async function ready(entity: string) {
  const plan = planOf({ entity, columns: { id: 'integer', name: 'text', amount: 'numeric' } });
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: (string | null)[][], more = {}) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run, ...more }), textPiece(rows));
  return { plan, run, load };
}

describe('loadPiece', () => {
  it('inserts, updates, leaves equal rows, and counts each', async () => {
    const { plan, load } = await ready('plain');
    expect(
      await load([
        ['1', 'a', '1.0'],
        ['2', null, '2'],
        ['3', 'x\ty\\\n', null],
      ]),
    ).toMatchObject({
      fetched: 3,
      inserted: 3,
      updated: 0,
      unchanged: 0,
    });
    expect(
      await load([
        ['1', 'a', '1.00'],
        ['2', null, '2'],
        ['4', 'd', 'NaN'],
      ]),
    ).toMatchObject({
      fetched: 3,
      inserted: 1,
      updated: 1,
      unchanged: 1,
      refreshed: 0,
    });
    expect(await mirrorRows(test.store, plan)).toEqual([
      { id: '1', name: 'a', amount: '1.00', deleted: false },
      { id: '2', name: null, amount: '2', deleted: false },
      { id: '3', name: 'x\ty\\\n', amount: null, deleted: false },
      { id: '4', name: 'd', amount: 'NaN', deleted: false },
    ]);
  });

  it('adds its counts to the chunk, moves its position, and marks it done with the last piece', async () => {
    const { run, load } = await ready('counted');
    await load([['1', 'a', '1']], { resumeAfter: '1' });
    await load(
      [
        ['2', 'a', '1'],
        ['1', 'a', '1'],
      ],
      { resumeAfter: '2', finished: true },
    );
    const [chunk] = await all(
      test.store,
      'SELECT state, resume_after, counts FROM syncline.sync_chunk WHERE id = $1',
      [run.chunkId],
    );
    expect(chunk).toMatchObject({
      state: 'done',
      resume_after: '2',
      counts: { fetched: 3, inserted: 2, unchanged: 1, updated: 0 },
    });
  });

  it('loads columns that are named like what the load uses itself', async () => {
    const names = [
      'id',
      'line',
      'row',
      'key',
      'place',
      'bad',
      'state',
      'low',
      'm',
      's',
      'inserted',
      'deleted',
      'user',
    ];
    const plan = planOf({
      entity: 'named_oddly',
      columns: Object.fromEntries(names.map((name) => [name, 'integer'])),
      key: ['id', 'key'],
    });
    await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
    await test.store.pool.query('ALTER TABLE named_oddly ADD CHECK (low < 10)');
    const run = await startRun(test.store, plan);
    const row = (id: string, value: string) => names.map((name) => (name === 'id' ? id : value));
    const piece = textPiece([row('1', '1'), row('2', 'x'), row('3', '11')]);
    expect(await loadPiece(test.store, await jobFor(test.store, plan, { run }), piece)).toMatchObject({
      inserted: 1,
      quarantined: 2,
    });
    expect(await mirrorRows(test.store, plan)).toMatchObject([{ id: '1', line: '1' }]);
  });
});
