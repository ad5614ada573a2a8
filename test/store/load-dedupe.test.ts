/** C23: the survivor is the lowest (at, key), whatever the order, the splits and the lanes in which rows arrive. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeduplicateSpec, EntityPlan } from '../../src/domain/entity.ts';
import { forgetOldSurvivors } from '../../src/store/dedupe-release.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { listRefresh } from '../../src/store/refresh.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { tombstoneKeys } from '../../src/store/tombstones.ts';
import { countOr } from '../campaign/counts.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
  untilWaiting,
} from './load-kit.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore('load_dedupe');
});
afterAll(() => test.drop());

const MINUTE = 60_000;
const dedupe: DeduplicateSpec = {
  by: ['pdv', 'amount'],
  at: 'at',
  withinMs: 5 * MINUTE,
  scope: 'entity',
  retentionMs: 30 * 24 * 60 * MINUTE,
};
const columns = { id: 'integer', pdv: 'text', amount: 'numeric', at: 'timestamp with time zone' };
const sales = (entity: string, more: Partial<DeduplicateSpec> = {}) =>
  planOf({ entity, columns, deduplicate: { ...dedupe, ...more } });

async function ready(plan: EntityPlan) {
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: TestRow[], more: Partial<LoadJob> = {}) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run, claim: null, ...more }), textPiece(rows));
  const live = async () =>
    (await mirrorRows(test.store, plan)).filter((row) => !row.deleted).map((row) => row.id);
  const skipped = () =>
    all<{ key: string; survivor: string }>(
      test.store,
      'SELECT key, survivor_key AS survivor FROM syncline.skipped_row WHERE entity = $1 ORDER BY key',
      [plan.spec.entity],
    );
  const refresh = async () =>
    (
      await all<{ key: string }>(
        test.store,
        'SELECT key FROM syncline.refresh WHERE entity = $1 ORDER BY key',
        [plan.spec.entity],
      )
    ).map(({ key }) => key);
  return { plan, run, load, live, skipped, refresh };
}

const at = (time: string): string => `2024-05-01 ${time}+00`;

describe('deduplicate', () => {
  it('keeps the lowest (at, key) of a bucket, lists the others, and counts them as skipped', async () => {
    const { load, live, skipped } = await ready(sales('first'));
    const counts = await load([
      ['3', 'a', '1.0', at('10:00:00')],
      ['2', 'a', '1.00', at('10:00:00')],
      ['1', 'a', '1', at('10:04:59.999999')],
      ['4', 'b', '1', at('10:00:00')],
    ]);
    expect(counts).toMatchObject({ fetched: 4, inserted: 2, skipped: 2 });
    expect(await live()).toEqual(['2', '4']);
    expect(await skipped()).toEqual([
      { key: '1', survivor: '2' },
      { key: '3', survivor: '2' },
    ]);
  });

  it('takes NULLs as equal, and rows without a time as no duplicates', async () => {
    const { load, live } = await ready(sales('nulls'));
    await load([
      ['1', null, null, at('10:00:00')],
      ['2', null, null, at('10:01:00')],
      ['3', null, null, null],
      ['4', null, null, null],
      ['5', null, null, 'infinity'],
      ['6', null, null, 'infinity'],
      ['7', 'null', null, at('10:00:00')],
    ]);
    expect(await live()).toEqual(['1', '3', '4', '5', '6', '7']);
  });

  it('never joins rows across the border of a bucket', async () => {
    const { load, live } = await ready(sales('border'));
    await load([
      ['1', 'a', '1', at('10:04:59.999999')],
      ['2', 'a', '1', at('10:05:00')],
      ['3', 'a', '1', at('10:09:59')],
    ]);
    expect(await live()).toEqual(['1', '2']);
  });

  it('never makes a row the duplicate of itself, and writes nothing when it is read again', async () => {
    const { load, live } = await ready(sales('reread'));
    const rows: TestRow[] = [
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'a', '1', at('10:01:00')],
    ];
    await load(rows);
    const state = () =>
      all(
        test.store,
        `SELECT xmin::text, xmax::text, ctid::text FROM syncline.dedupe_survivor WHERE entity = 'reread'
                       UNION ALL SELECT xmin::text, xmax::text, ctid::text FROM syncline.skipped_row WHERE entity = 'reread'`,
      );
    const before = await state();
    expect(await load(rows)).toMatchObject({ unchanged: 1, skipped: 1, tombstoned: 0, inserted: 0 });
    expect(await state()).toEqual(before);
    expect(await live()).toEqual(['1']);
  });

  it('lets a lower row that comes late take over: the old survivor becomes a tombstone and is listed', async () => {
    const { load, live, skipped } = await ready(sales('late'));
    await load([
      ['2', 'a', '1', at('10:01:00')],
      ['3', 'a', '1', at('10:02:00')],
    ]);
    expect(await load([['1', 'a', '1', at('10:00:00')]])).toMatchObject({
      inserted: 1,
      tombstoned: 1,
      skipped: 0,
    });
    expect(await live()).toEqual(['1']);
    expect(await skipped()).toEqual([
      { key: '2', survivor: '1' },
      { key: '3', survivor: '1' },
    ]);
  });

  it('releases the bucket of a row that changes, and has those it displaced read again', async () => {
    const { load, live, skipped, refresh } = await ready(sales('moved'));
    await load([
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'a', '1', at('10:01:00')],
    ]);
    await load([['1', 'z', '1', at('10:00:00')]]);
    expect(await refresh()).toEqual(['2']);
    expect(await load([['2', 'a', '1', at('10:01:00')]])).toMatchObject({ inserted: 1 });
    expect(await live()).toEqual(['1', '2']);
    expect(await skipped()).toEqual([]);
  });

  it('takes a row out of the mirror that changes into a duplicate', async () => {
    const { load, live } = await ready(sales('became'));
    await load([
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'b', '1', at('10:01:00')],
    ]);
    expect(await load([['2', 'a', '1', at('10:01:00')]])).toMatchObject({ skipped: 1, tombstoned: 1 });
    expect(await live()).toEqual(['1']);
  });

  it('brings the next one when the survivor goes from the source', async () => {
    const { plan, run, load, live, refresh, skipped } = await ready(sales('gone'));
    await load([
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'a', '1', at('10:01:00')],
      ['3', 'a', '1', at('10:02:00')],
    ]);
    const ticket = await takeTicket(test.store.pool);
    expect(await tombstoneKeys(test.store, { ref: run.ref, plan, ticket, keys: ['1'] })).toEqual({
      tombstoned: 1,
      refreshed: 0,
    });
    expect(await refresh()).toEqual(['2', '3']);
    await load([
      ['2', 'a', '1', at('10:01:00')],
      ['3', 'a', '1', at('10:02:00')],
    ]);
    expect(await live()).toEqual(['2']);
    expect(await skipped()).toEqual([{ key: '3', survivor: '2' }]);
  });

  it('does not take a duplicate for a deleted row (C5), nor remember it when the row is deleted', async () => {
    const { plan, run, load, skipped } = await ready(sales('candidates'));
    const rows: TestRow[] = [
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'b', '1', at('10:01:00')],
    ];
    await load(rows);
    await load([rows[0] as TestRow, ['2', 'a', '1', at('10:01:00')]], { range: { after: null, upTo: null } });
    expect(
      await all(test.store, 'SELECT FROM syncline.delete_candidate WHERE run_id = $1', [run.ref.runId]),
    ).toEqual([]);
    await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['2'],
    });
    expect(await skipped()).toEqual([]);
  });

  it('contends for a group that another lane takes while the row moves in it', async () => {
    const { load, live, skipped } = await ready(sales('moving'));
    await load([['3', 'a', '1', at('10:04:00')]]);
    const lane = await test.store.pool.connect();
    await lane.query('BEGIN');
    // What the lane with row 10 does, which is lower than row 3 as it was, and higher than row 3 as it is now.
    await lane.query(`UPDATE syncline.dedupe_survivor SET key = '10' WHERE entity = 'moving'`);
    const loaded = load([['3', 'a', '1', at('10:03:00')]]);
    await untilWaiting(test.store);
    await lane.query('COMMIT');
    lane.release();
    expect(await loaded).toMatchObject({ updated: 1, skipped: 0 });
    expect(await live()).toEqual(['3']);
    expect(await skipped()).toEqual([{ key: '10', survivor: '3' }]);
  });

  it('forgets old survivors but those that keep a duplicate out', async () => {
    const { plan, load } = await ready(sales('retention'));
    const now = new Date().toISOString();
    await load([
      ['1', 'a', '1', at('10:00:00')],
      ['2', 'a', '1', at('10:01:00')],
      ['3', 'b', '1', at('10:00:00')],
      ['4', 'c', '1', now],
    ]);
    expect(await forgetOldSurvivors(test.store.pool, plan)).toBe(1);
    const kept = await all(
      test.store,
      `SELECT key FROM syncline.dedupe_survivor WHERE entity = 'retention' ORDER BY key`,
    );
    expect(kept).toEqual([{ key: '1' }, { key: '4' }]);
  });

  it('compares the rows of all entities of a shared mirror where the scope says so', async () => {
    const shared = (source: string) =>
      planOf({
        entity: `${source}_sales`,
        source,
        pipeline: source,
        columns,
        deduplicate: { ...dedupe, scope: 'mirror' },
        mirror: { schema: 'public', table: 'all_sales', shared: true },
      });
    const [north, south] = [await ready(shared('north')), await ready(shared('south'))];
    await north.load([['1', 'a', '1', at('10:01:00')]]);
    expect(
      await south.load([
        ['1', 'a', '1', at('10:00:00')],
        ['2', 'a', '1', at('10:02:00')],
      ]),
    ).toMatchObject({
      inserted: 1,
      skipped: 1,
      tombstoned: 1,
    });
    const rows = await all(
      test.store,
      'SELECT sync_source AS source, id FROM all_sales WHERE sync_deleted_at IS NULL',
    );
    expect(rows).toEqual([{ source: 'south', id: 1 }]);
    expect(await north.load([['1', 'a', '1', at('10:01:00')]])).toMatchObject({
      skipped: 1,
      inserted: 0,
      updated: 0,
    });
  });
});

type Sale = { id: number; pdv: string; at: number | null };

/** What C23 says: the lowest (at, key) of each group; a sale without a time is alone. */
function survivors(sales: readonly Sale[]): Map<number, number> {
  const order = (a: Sale, b: Sale) =>
    (a.at as number) - (b.at as number) || (String(a.id) < String(b.id) ? -1 : 1);
  const groupOf = (sale: Sale) => `${sale.pdv}/${Math.floor((sale.at as number) / 5)}`;
  const lowest = new Map<string, number>();
  const survivorOf = new Map<number, number>();
  for (const each of sales.filter(({ at }) => at !== null).sort(order)) {
    const group = groupOf(each);
    lowest.set(group, lowest.get(group) ?? each.id);
    survivorOf.set(each.id, lowest.get(group) as number);
  }
  return survivorOf;
}

const sale = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  pdv: fc.constantFrom('a', 'b'),
  at: fc.option(fc.integer({ min: 0, max: 14 }), { nil: null, freq: 8 }),
});
/** Pieces, two of them loaded at the same time, as lanes do. */
const pieces = fc.array(fc.tuple(fc.array(sale, { maxLength: 6 }), fc.array(sale, { maxLength: 6 })), {
  maxLength: 5,
});
const final = fc.uniqueArray(sale, { selector: ({ id }) => id, maxLength: 12 });

const toRow = ({ id, pdv, at: minute }: Sale): TestRow => [
  `${id}`,
  pdv,
  '1',
  minute === null ? null : at(`10:${String(minute).padStart(2, '0')}:00`),
];
const unique = (sales: readonly Sale[]): Sale[] => [
  ...new Map(sales.map((each) => [each.id, each])).values(),
];

describe('the result', () => {
  it(
    'is the same after any history, once every row was read as it is now',
    async () => {
      let entities = 0;
      await fc.assert(
        fc.asyncProperty(pieces, final, fc.integer({ min: 1, max: 5 }), async (history, source, split) => {
          const { plan, run, load, live, skipped, refresh } = await ready(sales(`property_${++entities}`));
          for (const [left, right] of history) {
            const others = new Set(unique(left).map(({ id }) => id));
            const second = unique(right).filter(({ id }) => !others.has(id));
            await Promise.all([load(unique(left).map(toRow)), load(second.map(toRow))]);
          }
          // A full run: every row in pieces, two lanes, then what is gone, then the refresh list.
          for (let i = 0; i < source.length; i += split * 2) {
            const lanes = [source.slice(i, i + split), source.slice(i + split, i + split * 2)];
            await Promise.all(lanes.map((lane) => load(lane.map(toRow))));
          }
          const there = new Set(source.map(({ id }) => `${id}`));
          const gone = Array.from({ length: 12 }, (_, i) => `${i + 1}`).filter((key) => !there.has(key));
          await tombstoneKeys(test.store, {
            ref: run.ref,
            plan,
            ticket: await takeTicket(test.store.pool),
            keys: gone,
          });
          for (let round = 0; (await refresh()).length > 0; round++) {
            expect(round).toBeLessThan(3);
            const ticket = await takeTicket(test.store.pool);
            const entries = await listRefresh(test.store.pool, {
              entity: plan.spec.entity,
              ticket,
              after: null,
              limit: 100,
            });
            const asked = entries.map(({ key }) => key);
            const found = source.filter(({ id }) => asked.includes(`${id}`));
            const rawKeys = found.map(({ id }) => `${id}`);
            await load(found.map(toRow), { ticket, refreshDone: entries, askedKeys: asked, rawKeys });
          }
          const expected = survivors(source);
          const alive = source.filter(({ id }) => (expected.get(id) ?? id) === id).map(({ id }) => id);
          expect((await live()).map(Number)).toEqual(alive.sort((a, b) => a - b));
          const lost = source
            .filter(({ id }) => !alive.includes(id))
            .map(({ id }) => ({ key: `${id}`, survivor: `${expected.get(id)}` }));
          expect(await skipped()).toEqual(lost.sort((a, b) => (a.key < b.key ? -1 : 1)));
        }),
        { numRuns: countOr(30, 'CAMPAIGN_HISTORIES') },
      );
    },
    30 * 60_000,
  );
});
