/** Increments that follow the log of a table's changes: what they see, and what they do not lose. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { copyChanges } from '../../src/activities/copy-changes.ts';
import { finishEntity } from '../../src/activities/finish-entity.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import type { CapturedRange, ChangeCapture, Source } from '../../src/connectors/contract.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { asErp, captured, changeSources, connectErp, ORDERS_ENTITY } from './capture-kit.ts';
import { contextOf, createKit, type Kit, type KitOptions, open } from './run-kit.ts';

// A simulator and several runs each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let kit: Kit;
afterEach(() => kit.close());

const NOTHING = { inserted: 0, updated: 0, tombstoned: 0 };

async function start(more: Partial<KitOptions> = {}): Promise<void> {
  kit = await createKit(captured(more));
  expect((await kit.runOne('full')).status).toBe('SUCCESS');
}

const execute = (...statements: string[]) => asErp(kit, ...statements);
const increment = () => kit.runOne('incremental');
const mirrored = () => kit.mirror('shop.orders', 'region, id, amount');

const connect = () => connectErp(kit);

describe('increments by the log of changes', () => {
  it('see inserts, updates, deletes and changed keys, without a time of change', async () => {
    await start();
    await execute(
      `INSERT INTO orders (region, id, amount) VALUES ('US', 1, 7)`,
      'UPDATE orders SET amount = 0 WHERE id = 2',
      'DELETE FROM orders WHERE id = 3',
      'UPDATE orders SET id = 104 WHERE id = 4',
    );
    const changed = await increment();
    expect(changed).toMatchObject({ status: 'SUCCESS', mode: 'incremental' });
    expect(changed.counts).toMatchObject({ inserted: 2, updated: 1, tombstoned: 2 });
    expect(await mirrored()).toHaveLength(20);
    expect(await mirrored()).toEqual(expect.arrayContaining(['(US,1,7)', '(EU,2,0)', '(EU,104,6)']));
    expect((await increment()).counts).toMatchObject(NOTHING);

    await execute(`INSERT INTO orders (region, id, amount) VALUES ('EU', 3, 4.5)`);
    await increment();
    expect(await mirrored()).toContain('(EU,3,4.5)');
    expect((await kit.runOne('full')).counts).toMatchObject({ ...NOTHING, unchanged: 21 });
  });

  it('have nothing to do for what is rolled back, nor for a row that came and went', async () => {
    await start();
    const session = await connect();
    await session.execute('DELETE FROM orders');
    await session.rollback();
    await session.execute(`INSERT INTO orders (region, id) VALUES ('EU', 99)`);
    await session.execute('DELETE FROM orders WHERE id = 99');
    await session.commit();
    await session.close();
    expect((await increment()).counts).toMatchObject(NOTHING);
    expect(await mirrored()).toHaveLength(20);
  });

  it('wait for a transaction that commits late, over several of them (C3)', async () => {
    await start();
    const late = await connect();
    await late.execute('DELETE FROM orders WHERE id = 7');
    await execute('DELETE FROM orders WHERE id = 8');
    expect((await increment()).counts).toMatchObject({ tombstoned: 1 });
    await execute('DELETE FROM orders WHERE id = 9');
    expect((await increment()).counts).toMatchObject({ tombstoned: 1 });
    await late.commit();
    await late.close();
    expect((await increment()).counts).toMatchObject({ tombstoned: 1 });
    expect(await mirrored()).toHaveLength(17);
    expect((await increment()).counts).toMatchObject(NOTHING);
  });

  it('that end a full run catch up with what changed since its first chunk', async () => {
    await start();
    await execute('UPDATE orders SET amount = 77 WHERE id = 1');
    const late = await connect();
    await late.execute('UPDATE orders SET amount = 66 WHERE id = 2');
    expect((await kit.runOne('full')).counts).toMatchObject({ updated: 1 });
    await late.commit();
    await late.close();
    expect((await increment()).counts).toMatchObject({ updated: 1 });
    expect(await mirrored()).toEqual(expect.arrayContaining(['(EU,1,77)', '(EU,2,66)']));
  });

  it('bury rows that leave `where`, or whose key becomes unreadable, and load those that come in', async () => {
    const read = { table: 'ERP.ORDERS', where: 'amount < 1000' };
    await start({ entities: { orders: { ...ORDERS_ENTITY, read } } });
    await execute(
      'UPDATE orders SET amount = 5000 WHERE id = 1',
      'UPDATE orders SET id = NULL WHERE id = 2',
      `INSERT INTO orders (region, id, amount) VALUES ('EU', 30, 2000)`,
      `INSERT INTO orders (region, id, amount) VALUES (NULL, 31, 1)`,
      `INSERT INTO orders (region, id, amount) VALUES ('EU', 32, 1)`,
    );
    const { status, counts } = await increment();
    expect({ status, ...counts }).toMatchObject({ status: 'SUCCESS', tombstoned: 2, inserted: 1 });
    await execute('UPDATE orders SET amount = 1 WHERE id = 30');
    expect((await increment()).counts).toMatchObject({ inserted: 1, tombstoned: 0 });
    expect(await mirrored()).toHaveLength(20);
  });

  it('keep to their own rows of a shared mirror', async () => {
    const mirror = { table: 'shop.orders', shared: true };
    const orders = { ...ORDERS_ENTITY, mirror };
    await start({ entities: { orders }, secondEntities: { again: orders } });
    await kit.run('full', { pipeline: 'q' });
    await execute('DELETE FROM orders WHERE id = 1', 'UPDATE orders SET amount = 0 WHERE id = 2');
    expect((await increment()).counts).toMatchObject({ updated: 1, tombstoned: 1 });
    expect(await kit.mirror('shop.orders', 'sync_source, id')).toHaveLength(39);
    const { entities } = await kit.run('incremental', { pipeline: 'q' });
    expect(entities[0]?.counts).toMatchObject({ updated: 1, tombstoned: 1 });
  });

  it('with changedAt beside it follow the log alone, and count no row as late; `since` goes by the time', async () => {
    await start({ entities: { orders: { ...ORDERS_ENTITY, changedAt: 'changed' } } });
    await execute(
      `UPDATE orders SET amount = 1, changed = TIMESTAMP '2001-01-01 00:00:00' WHERE id = 1`,
      'DELETE FROM orders WHERE id = 2',
    );
    const { counts } = await increment();
    expect(counts).toMatchObject({ updated: 1, tombstoned: 1, lateRows: 0 });
    await execute(
      'DELETE FROM SYNCLINE_LOG_ORDERS',
      `UPDATE orders SET changed = TIMESTAMP '2024-01-01 00:00:00'`,
    );
    await execute('DELETE FROM SYNCLINE_LOG_ORDERS');
    const since = await kit.runOne('full', { since: '2023-01-01T00:00:00.000000Z' });
    expect(since.counts).toMatchObject({ updated: 19, tombstoned: 0 });
  });
});

/** Pages of three entries; `after` sees where each begins, and may throw. */
function inSmallPages(source: Source, after: (position: string | null) => void): Source {
  const capture = source.capture as ChangeCapture;
  const read: ChangeCapture['read'] = (plan, range: CapturedRange, signal) => {
    after(range.after);
    return capture.read(plan, { ...range, limit: 3 }, signal);
  };
  return {
    ...source,
    named: (options) => inSmallPages(source.named(options), after),
    capture: { ...capture, read },
  };
}

function withStrangeKeys(source: Source): Source {
  const capture = source.capture as ChangeCapture;
  const read: ChangeCapture['read'] = async (...asked) => {
    const page = await capture.read(...asked);
    return { ...page, keys: ['EU|\0', 'EU', 'a|b|c', 'EU|one', '\\', ...page.keys] };
  };
  return {
    ...source,
    named: (options) => withStrangeKeys(source.named(options)),
    capture: { ...capture, read },
  };
}

/** The first look-up by key pauses the run, and waits until the worker has learned of it. */
function pausedByLookUp(source: Source, pause: () => Promise<void>): Source {
  return {
    ...source,
    named: (options) => pausedByLookUp(source.named(options), pause),
    lookUpKeys: async function* (plan, keys, options) {
      await pause();
      yield* source.lookUpKeys(plan, keys, options);
    },
  };
}

describe('a log of several pages', () => {
  it('is gone on with by another worker, behind the last page whose keys are listed (C4)', async () => {
    await start();
    await execute('UPDATE orders SET amount = -1', 'DELETE FROM orders WHERE id > 18');
    const begun: (string | null)[] = [];
    const first = changeSources(kit.worker(), (source) =>
      inSmallPages(source, (position) => {
        begun.push(position);
        if (begun.length === 4) throw new SyncError('SOURCE_UNAVAILABLE', { message: 'cut off' });
      }),
    );
    const run = { pipeline: 'p', mode: 'incremental' } as const;
    const { ref: opened } = await open(first, run);
    const ref = { ...opened, entity: 'orders' };
    const context = contextOf();
    await prepareEntity(first, { ref, mode: 'incremental', run }, context);
    await expect(copyChanges(first, { ref, timeBoxMs: 60_000 }, context)).rejects.toThrow('cut off');
    expect(await mirrored()).not.toContain('(EU,1,-1)');

    const resumed: (string | null)[] = [];
    const second = changeSources(kit.worker(), (source) =>
      inSmallPages(source, (position) => void resumed.push(position)),
    );
    expect(await copyChanges(second, { ref, timeBoxMs: 60_000 }, context)).toMatchObject({ done: true });
    expect(resumed[0]).toBe(begun[3]);
    expect(resumed).toHaveLength(5);
    const summary = await finishEntity(second, { ref, run }, context);
    expect(summary).toMatchObject({ status: 'SUCCESS', counts: { updated: 18, tombstoned: 2 } });
  });

  it('may name keys that are none of the entity’s', async () => {
    await start();
    await execute('DELETE FROM orders WHERE id = 1');
    const deps = changeSources(kit.worker(), withStrangeKeys);
    const { entities } = await kit.run('incremental', {}, deps);
    expect(entities[0]).toMatchObject({ status: 'SUCCESS', counts: { tombstoned: 1 } });
    expect((await kit.store.pool.query('SELECT FROM syncline.refresh')).rowCount).toBe(0);
  });

  it('lets a run be paused between two look-ups, and goes on with what is left of the list', async () => {
    await start();
    await execute(`INSERT INTO orders (region, id) SELECT 'AS', LEVEL FROM DUAL CONNECT BY LEVEL <= 1500`);
    const { pool } = kit.store;
    const lease = async () => {
      const { rows } = await pool.query<{ until: string }>(
        `SELECT max(lease_until)::text AS until FROM syncline.sync_chunk WHERE kind = 'changes'`,
      );
      return rows[0]?.until;
    };
    const deps = changeSources(kit.worker(), (source) =>
      pausedByLookUp(source, async () => {
        await pool.query(
          `UPDATE syncline.sync_run SET paused_at = clock_timestamp() WHERE status = 'RUNNING'`,
        );
        // The renewal behind one that may have been under way already.
        const seen = new Set<string | undefined>();
        const renewals = async () => seen.add(await lease()).size;
        await expect.poll(renewals, { timeout: 60_000, interval: 200 }).toBeGreaterThan(2);
      }),
    );
    const run = { pipeline: 'p', mode: 'incremental' } as const;
    const ref = { ...(await open(deps, run)).ref, entity: 'orders' };
    const context = contextOf();
    await prepareEntity(deps, { ref, mode: 'incremental', run }, context);
    const slice = await copyChanges(deps, { ref, timeBoxMs: 60_000 }, context);
    expect(slice).toMatchObject({ done: false, paused: true });
    const waiting = await pool.query('SELECT FROM syncline.refresh');
    expect(waiting.rowCount).toBe(500);
    await pool.query('UPDATE syncline.sync_run SET paused_at = NULL');
    const other = kit.worker();
    expect(await copyChanges(other, { ref, timeBoxMs: 60_000 }, context)).toMatchObject({ done: true });
    const { counts } = await finishEntity(other, { ref, run }, context);
    expect(counts).toMatchObject({ inserted: 1_500, fetched: 1_500 });
  });
});
