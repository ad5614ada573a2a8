/** A log of changes that has, or may have, a gap; and the end of its old entries. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awaitCapture } from '../../src/activities/await-capture.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { checkSource } from '../../src/cli/check-source.ts';
import { forecastEntity } from '../../src/cli/forecast.ts';
import type { ChangeCapture, Source } from '../../src/connectors/contract.ts';
import { installDdl, removeDdl } from '../../src/connectors/oracle/capture-ddl.ts';
import type { PipelineSpec, SourceSettings } from '../../src/domain/config.ts';
import type { EntitySpec } from '../../src/domain/entity.ts';
import { SyncError } from '../../src/domain/errors.ts';
import type { SourceShape } from '../../src/domain/source-shape.ts';
import {
  asErp,
  CAPTURED,
  captured,
  changeSources,
  connectErp,
  ORDERS,
  ORDERS_ENTITY,
} from './capture-kit.ts';
import { contextOf, createKit, type Kit, type KitOptions } from './run-kit.ts';

// A simulator and several runs each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

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

function withMark(source: Source, before: () => Promise<void>): Source {
  return {
    ...source,
    named: (options) => withMark(source.named(options), before),
    safeHighMark: async (options) => {
      await before();
      return source.safeHighMark(options);
    },
  };
}

function lookAt(deps: ActivityDeps): Promise<SourceShape> {
  const spec = deps.config.pipelines.p?.entities.orders as EntitySpec;
  const source = deps.sources.erp as Source;
  return source.describe(spec, new AbortController().signal);
}

function withPurge(source: Source, purge: ChangeCapture['purge']): Source {
  return {
    ...source,
    named: (options) => withPurge(source.named(options), purge),
    capture: { ...(source.capture as ChangeCapture), purge },
  };
}

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

  it('that is younger than an open transaction is followed when that one has ended (C3)', async () => {
    kit = await createKit(captured({ oracle: [...ORDERS, 'CREATE TABLE notes (id NUMBER)'] }));
    const early = await connectErp(kit);
    await early.execute('INSERT INTO notes VALUES (1)');
    await execute(...installDdl(CAPTURED));
    const worker = kit.worker();
    const state = (await lookAt(worker)).capture;
    const ref = { pipeline: 'p', entity: 'orders', runId: 'r', fence: 1, configHash: 'h' };
    const spec = { entity: 'orders', capture: true };
    await expect(awaitCapture(worker, { ref, spec, state, waitMs: 0 }, contextOf())).rejects.toMatchObject({
      code: 'CAPTURE_BROKEN',
      message: expect.stringMatching(/began before the log was at work \(session \d+, user ERP/),
    });
    let asked = 0;
    const deps = changeSources(worker, (source) =>
      withMark(source, async () => {
        asked++;
        if (asked === 2) await early.commit();
      }),
    );
    const { entities } = await kit.run('full', {}, deps);
    expect(entities[0]).toMatchObject({ status: 'SUCCESS', counts: { inserted: 20 } });
    expect(asked).toBeGreaterThan(2);
    await early.close();
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

describe('check and plan', () => {
  const look = async () => {
    const deps = kit.worker();
    const pipeline = deps.config.pipelines.p as PipelineSpec;
    const spec = pipeline.entities.orders as EntitySpec;
    const source = deps.sources.erp as Source;
    const settings = deps.config.sources.erp as SourceSettings;
    return {
      forecast: await forecastEntity({ store: kit.store, source, pipeline, spec, mirror: 'look' }),
      findings: await checkSource({ settings, entities: [spec], storeSystemId: null }),
    };
  };

  it('tell that deletes are seen, or what is missing', async () => {
    await start();
    const { forecast, findings } = await look();
    expect(forecast.nextRun).toMatch(/^changes logged since 2/);
    expect(forecast.warnings.join()).not.toContain('full runs only');
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'ok', message: expect.stringContaining('every change and delete') }),
    );
    await execute('DROP TRIGGER SYNCLINE_TRG_ORDERS');
    const broken = await look();
    expect(broken.forecast.nextRun).toBe('stops with CAPTURE_BROKEN');
    expect(broken.forecast.advice[0]?.problem).toContain('SYNCLINE_TRG_ORDERS is not there');
    expect(broken.findings).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'CAPTURE_BROKEN', subject: 'entity orders' }),
    );
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

  it('that our login may not delete are told of, and a purge that fails fails no run', async () => {
    await start();
    const purging = async (purge: ChangeCapture['purge']) => {
      const deps = changeSources(kit.worker(), (source) => withPurge(source, purge));
      const { status, runId } = await kit.run('incremental', {}, deps);
      const { rows } = await kit.store.pool.query<{ code: string }>(
        `SELECT note->>'code' AS code FROM syncline.sync_run_entity, jsonb_array_elements(degraded) AS note
          WHERE run_id = $1`,
        [runId],
      );
      return { status, notes: rows.map(({ code }) => code) };
    };
    expect(await purging(async () => 'refused')).toEqual({ status: 'SUCCESS', notes: ['CAPTURE_KEPT'] });
    const failing = () => Promise.reject(new SyncError('SOURCE_QUERY', { message: 'no' }));
    expect(await purging(failing)).toEqual({ status: 'SUCCESS', notes: [] });
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
