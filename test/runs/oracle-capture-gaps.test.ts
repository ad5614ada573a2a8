/** A log of changes that has, or may have, a gap; and the end of its old entries. */
import { afterEach, describe, expect, it } from 'vitest';
import { installDdl, removeDdl } from '../../src/connectors/oracle/capture-ddl.ts';
import { asErp, CAPTURED, captured, ORDERS_ENTITY } from './capture-kit.ts';
import { createKit, type Kit, type KitOptions } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

async function start(more: Partial<KitOptions> = {}): Promise<void> {
  kit = await createKit(captured(more));
  expect((await kit.run('full')).status).toBe('SUCCESS');
}

const execute = (...statements: string[]) => asErp(kit, ...statements);
const increment = () => kit.runOne('incremental');

async function ask(sql: string): Promise<string> {
  const { rows } = await kit.source.query<{ answer: string }>(sql);
  return String(rows[0]?.answer);
}
const logged = () => ask('SELECT count(*) AS answer FROM "ERP"."SYNCLINE_LOG_ORDERS"');

/** Makes the log so much older. */
const age = (days: number) =>
  execute(`UPDATE SYNCLINE_LOG_ORDERS SET SYNC_AT = SYNC_AT - INTERVAL '${days}' DAY`);

describe('a log that may have a gap', () => {
  it('that was made anew makes the next run full', async () => {
    await start();
    await execute(...removeDdl(CAPTURED), 'DELETE FROM orders WHERE id = 1', ...installDdl(CAPTURED));
    const run = await increment();
    expect(run).toMatchObject({ mode: 'full', status: 'SUCCESS', counts: { tombstoned: 1 } });
    expect(await increment()).toMatchObject({ mode: 'incremental', counts: { fetched: 0 } });
  });

  it('whose trigger is disabled stops the entity; once it is enabled again, the next run is full', async () => {
    await start();
    await execute('ALTER TRIGGER SYNCLINE_TRG_ORDERS DISABLE', 'DELETE FROM orders WHERE id = 1');
    for (const mode of ['incremental', 'full'] as const) {
      const { status, error } = await kit.runOne(mode);
      expect({ status, ...error }).toMatchObject({
        status: 'FAILED',
        code: 'CAPTURE_BROKEN',
        message: 'Changes of orders are not all logged: the trigger SYNCLINE_TRG_ORDERS is disabled',
      });
    }
    // The dictionary counts whole seconds.
    const lastDdl = `SELECT "LAST_DDL_TIME" AS answer FROM "SYS"."DBA_OBJECTS" WHERE "OBJECT_NAME" = 'SYNCLINE_TRG_ORDERS'`;
    const before = await ask(lastDdl);
    const enabled = async () => {
      await execute('ALTER TRIGGER SYNCLINE_TRG_ORDERS ENABLE');
      return ask(lastDdl);
    };
    await expect.poll(enabled, { timeout: 30_000, interval: 300 }).not.toBe(before);
    expect(await increment()).toMatchObject({ mode: 'full', status: 'SUCCESS', counts: { tombstoned: 1 } });
  });

  it('that is not there stops the entity before anything is read', async () => {
    await start();
    await execute(...removeDdl(CAPTURED));
    expect(await increment()).toMatchObject({
      status: 'FAILED',
      error: { code: 'CAPTURE_BROKEN', message: expect.stringContaining('no log and no trigger') },
      counts: { fetched: 0 },
    });
  });

  it('of a table that was truncated, or of none, is another one', async () => {
    await start();
    await execute('TRUNCATE TABLE orders');
    const emptied = await kit.runOne('incremental', { allowMassDelete: true });
    expect(emptied).toMatchObject({ mode: 'full', counts: { tombstoned: 20 } });
    await execute(`INSERT INTO orders (region, id) VALUES ('EU', 1)`);
    expect(await increment()).toMatchObject({ mode: 'incremental', counts: { updated: 1 } });
    await execute('TRUNCATE TABLE SYNCLINE_LOG_ORDERS');
    expect(await increment()).toMatchObject({ mode: 'full', status: 'SUCCESS' });
  });

  it('is first followed after a full run', async () => {
    const { capture: _, ...timed } = ORDERS_ENTITY;
    await start({ entities: { orders: { ...timed, changedAt: 'changed' } } });
    await execute('DELETE FROM orders WHERE id = 1');
    expect((await increment()).counts).toMatchObject({ tombstoned: 0 });
    const capturing = kit.worker({ entities: { orders: { ...ORDERS_ENTITY, changedAt: 'changed' } } });
    const { entities } = await kit.run('incremental', {}, capturing);
    expect(entities[0]).toMatchObject({ mode: 'full', counts: { tombstoned: 1 } });
  });
});

describe('old entries of the log', () => {
  it('go at the end of a run, a day after all entities have seen them', async () => {
    const second = { ...ORDERS_ENTITY, mirror: 'shop.again' };
    await start({ entities: { orders: ORDERS_ENTITY }, secondEntities: { again: second } });
    await kit.run('full', { pipeline: 'q' });
    await execute('UPDATE orders SET amount = 1 WHERE id <= 3');
    await kit.run('incremental');
    expect(await logged()).toBe('3');
    await age(2);
    await execute('UPDATE orders SET amount = 2 WHERE id = 4');
    await kit.run('incremental');
    expect(await logged()).toBe('1');
  });

  it('stay while another entity of the table is behind', async () => {
    const second = { ...ORDERS_ENTITY, mirror: 'shop.again' };
    await start({ entities: { orders: ORDERS_ENTITY }, secondEntities: { again: second } });
    await kit.run('full', { pipeline: 'q' });
    await kit.store.pool.query(
      `UPDATE syncline.checkpoint SET watermark = '2020-01-01T00:00:00.000000Z' WHERE entity = 'again'`,
    );
    await execute('UPDATE orders SET amount = 1 WHERE id <= 3');
    await age(2);
    await kit.run('incremental');
    expect(await logged()).toBe('3');
    const { entities } = await kit.run('incremental', { pipeline: 'q' });
    expect(entities[0]?.counts).toMatchObject({ updated: 3 });
    expect(await logged()).toBe('0');
  });
});
