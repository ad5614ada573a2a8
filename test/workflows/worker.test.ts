import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../dev/free-port.ts';
import { type Client, connectClient, followRun, startRun } from '../../src/client.ts';
import type { SyncConfig } from '../../src/domain/config.ts';
import { createLogger } from '../../src/logging.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { type RunningWorker, startWorker } from '../../src/worker.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../support/servers.ts';
import { temporalServer, workflowBundle } from '../support/temporal.ts';
import { configOf } from './config-of.ts';

const pipeline = `w-${randomBytes(5).toString('hex')}`;
const logger = createLogger({ level: 'silent' });
let database: FreshDatabase;
let empty: FreshDatabase;
let store: Store;
let config: SyncConfig;
let client: Client;
let workflowBundlePath: string;
let metricsAddress: string;

beforeAll(async () => {
  const server = await storeServer();
  [database, empty] = await Promise.all([
    freshDatabase(server, 'worker'),
    freshDatabase(server, 'worker_empty'),
  ]);
  store = await openStore({ url: database.url, poolMax: 2, applicationName: 'test' });
  await migrate(store);
  config = withStore(configOf({ ...(await temporalServer()), pipeline, schedule: {} }), database.url);
  client = await connectClient(config);
  workflowBundlePath = (await workflowBundle()).codePath;
  metricsAddress = `127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  await client.connection.close();
  await store.close();
  await Promise.all([database.drop(), empty.drop()]);
});

function withStore(at: SyncConfig, url: string): SyncConfig {
  return { ...at, store: { url, poolMax: 4 } };
}

async function withWorker(work: (worker: RunningWorker) => Promise<void>): Promise<void> {
  const worker = await startWorker({ config, workflowBundlePath, logger, metricsAddress });
  try {
    await work(worker);
  } finally {
    await worker.stop();
  }
}

test('a worker does the work of its queues, and stops when it is told to', async () => {
  await withWorker(async (worker) => {
    expect(worker.taskQueues).toEqual([config.temporal.taskQueue]);
    const run = await startRun(client, config, { pipeline, mode: 'full', requestedBy: 'ann' });
    expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS', runId: run.runId, entities: [] });
    const metrics = await (await fetch(`http://${metricsAddress}/metrics`)).text();
    expect(metrics).toMatch(/temporal_workflow_completed.*syncPipeline/);
    const { rows } = await store.pool.query(
      `SELECT id, trigger, requested_by AS by, status, workflow_id AS "workflowId" FROM syncline.sync_run`,
    );
    expect(rows).toEqual([
      { id: run.runId, trigger: 'cli', by: 'ann', status: 'SUCCESS', workflowId: `sync/${pipeline}/full` },
    ]);
  });
});

test('C16: of runs without a lease, those whose workflow is gone are closed, those that are open stay', async () => {
  const open = await client.workflow.start('syncPipeline', {
    workflowId: `open/${pipeline}`,
    taskQueue: `nobody-${pipeline}`,
    args: [{ pipeline, mode: 'full' }],
  });
  const insert = (id: string, workflowId: string) =>
    store.pool.query(
      `INSERT INTO syncline.sync_run (id, pipeline, mode, trigger, source, source_kind, workflow_id, workflow_run_id, config_hash, fence)
       VALUES ($1, $2, 'full', 'cli', 'erp', 'postgres', $3, $1, 'hash', 0)`,
      [id, pipeline, workflowId],
    );
  await insert(open.firstExecutionRunId, open.workflowId);
  await insert('0199a2b4-0000-7000-8000-000000000001', `gone/${pipeline}`);
  // Its id was used again: the newer run is another one.
  await insert('0199a2b4-0000-7000-8000-000000000002', open.workflowId);
  await withWorker(async () => {
    await followRun(client, await startRun(client, config, { pipeline, mode: 'incremental' }));
  });
  const { rows } = await store.pool.query(
    `SELECT status, count(*) AS runs, min(workflow_id) AS first FROM syncline.sync_run
      WHERE workflow_id IN ($1, $2) GROUP BY status ORDER BY status`,
    [open.workflowId, `gone/${pipeline}`],
  );
  expect(rows).toEqual([
    { status: 'FAILED', runs: 2, first: `gone/${pipeline}` },
    { status: 'RUNNING', runs: 1, first: open.workflowId },
  ]);
  await open.terminate();
});

test.each([
  [
    'Temporal is away',
    'TEMPORAL_UNAVAILABLE',
    () => ({ ...config, temporal: { ...config.temporal, address: '127.0.0.1:1' } }),
  ],
  ['the store is away', 'STORE_UNAVAILABLE', () => withStore(config, 'postgres://x:y@127.0.0.1:1/z')],
  ['the store has no tables', 'STORE_NOT_READY', () => withStore(config, empty.url)],
] as const)('a worker does not start when %s', async (_why, code, broken) => {
  await expect(startWorker({ config: broken(), workflowBundlePath, logger })).rejects.toMatchObject({ code });
});

test('a worker of pipelines that do not exist names those that do', async () => {
  await expect(
    startWorker({ config, workflowBundlePath, logger, pipelines: ['nope'] }),
  ).rejects.toMatchObject({
    code: 'CONFIG_UNKNOWN',
    message: expect.stringContaining(pipeline),
  });
});

test('a client says that Temporal is away', async () => {
  const away = { temporal: { ...config.temporal, address: '127.0.0.1:1' } };
  await expect(connectClient(away)).rejects.toMatchObject({
    code: 'TEMPORAL_UNAVAILABLE',
    message: expect.stringContaining('127.0.0.1:1'),
  });
});
