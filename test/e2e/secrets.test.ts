/** Passwords, keys and values of rows stay where they belong, also when things go wrong. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { followRun, type RunHandle, startRun } from '../../src/client.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { workflowId } from '../../src/domain/workflow-id.ts';
import { listSources, testSource } from '../../src/service/sources.ts';
import { type PostgresServer, sourceServer, storeServer } from '../support/servers.ts';
import { createWorld, type World } from './world.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ROLE = `canary_${randomBytes(5).toString('hex')}`;
/** Needs escapes in a URL, so that it has several forms. */
const PASSWORD = 'canary-p@ss/w:rd%zq';
const PASSWORD_FORMS = [PASSWORD, encodeURIComponent(PASSWORD), 'w:rd%zq', 'w%3Ard%25zq'];
/** In every key, and in every value of the rows that are rejected. */
const KEY = 'key-canary';
const VALUE = 'value-canary';
let servers: { store: PostgresServer; source: PostgresServer };
let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  servers = { store: await storeServer(), source: await sourceServer() };
  await asSuperuser(servers.store, `CREATE ROLE ${ROLE} LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
  await asSuperuser(
    servers.source,
    `CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_stats, pg_read_all_data`,
  );
  const withCanary = (url: string): string =>
    Object.assign(new URL(url), { username: ROLE, password: encodeURIComponent(PASSWORD) }).href;
  world = await createWorld('secrets', {
    source: `
      CREATE TABLE sales (id text PRIMARY KEY, amount numeric NOT NULL, note text NOT NULL, updated_at timestamptz NOT NULL);
      INSERT INTO sales SELECT '${KEY}-' || n, n, 'fine', now() - interval '1 hour' FROM generate_series(1, 500) AS n;
      UPDATE sales SET note = '${VALUE}: judged' WHERE amount = 100;
      UPDATE sales SET note = '${VALUE}: computed' WHERE amount = 200`,
    functions: `
      const judged = z.object({ note: z.string().refine((note) => !note.includes('judged'), { error: ({ input }) => 'bad note ' + input }) });
      function shout({ note }) {
        if (note.includes('computed')) throw new Error('cannot shout "' + note + '" or ' + note);
        return note.toUpperCase();
      }`,
    pipelines: `{ secret: { source: 'shop', entities: { sales: {
      read: { table: 'public.sales' }, key: 'id', changedAt: 'updated_at', mirror: 'pos.sales', validate: judged,
      columns: { id: {}, amount: {}, note: {}, updated_at: {}, loud: { compute: shout, type: 'text' } },
      chunkRows: 100 } } } }`,
    storeUrl: withCanary,
    sourceUrl: withCanary,
  });
  worker = await world.startWorker();
});

afterAll(async () => {
  await world.close();
  await asSuperuser(servers.store, `DROP ROLE ${ROLE}`);
  await asSuperuser(servers.source, `DROP ROLE ${ROLE}`);
});

it('keeps passwords and rows out of logs and histories', { timeout: 60_000 }, async () => {
  const first = await run();
  expect(first.summary).toMatchObject({ status: 'SUCCESS', counts: { inserted: 498, quarantined: 2 } });
  // PostgreSQL's own message of a violated constraint shows the whole row.
  await world.store.pool.query(`ALTER TABLE pos.sales ADD CHECK (note NOT LIKE '%constrained') NOT VALID`);
  await world.source.query(`UPDATE sales SET note = '${VALUE}: constrained' WHERE amount = 300`);
  const second = await run();
  expect(second.summary).toMatchObject({ status: 'SUCCESS', counts: { quarantined: 3 } });

  const { rows } = await world.store.pool.query<{ reason: string; payload: string }>(
    'SELECT reason, payload::text FROM syncline.quarantine ORDER BY reason',
  );
  expect(rows.map(({ reason }) => reason)).toEqual(['COMPUTE_FAILED', 'CONSTRAINT', 'VALIDATION']);
  for (const { payload } of rows) expect(payload).toContain(VALUE);
  for (const { handle, summary } of [first, second]) {
    expectNoCanary(JSON.stringify(summary));
    expectNoCanary(await historyOf(handle));
  }
  expectNoCanary(worker.said.join('\n'));
});

it('keeps them out when the source refuses the login', { timeout: 60_000 }, async () => {
  await asSuperuser(servers.source, `ALTER ROLE ${ROLE} PASSWORD 'another'`);
  await asSuperuser(
    servers.source,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ROLE}'`,
  );
  const { handle, summary } = await run();
  const check = await syncline('check');
  // What operators are told over HTTP.
  const tested = await testSource(world, { name: 'shop', waitMs: 30_000 });
  const sources = await listSources(world);

  expect(summary).toMatchObject({ status: 'FAILED', entities: [{ error: { code: 'SOURCE_AUTH' } }] });
  expect(check).toContain('SOURCE_AUTH');
  expect(tested).toMatchObject({ answers: false });
  expect(sources).toMatchObject([{ name: 'shop', lastError: { code: 'SOURCE_AUTH' } }]);
  const { rows } = await world.store.pool.query<{ row: string }>(
    `SELECT row(run.*)::text || row(entity.*)::text || row(state.*)::text AS row
       FROM syncline.sync_run AS run
       JOIN syncline.sync_run_entity AS entity ON entity.run_id = run.id
       LEFT JOIN syncline.source_state AS state USING (source)`,
  );
  expect(rows).toHaveLength(3);
  const told = JSON.stringify([tested, sources]);
  for (const text of [JSON.stringify(summary), check, told, worker.said.join('\n'), JSON.stringify(rows)]) {
    expectNoCanary(text);
  }
  expectNoCanary(await historyOf(handle));
});

async function run(): Promise<{ handle: RunHandle; summary: RunSummary }> {
  const handle = await startRun(world.client, world.config, { pipeline: 'secret', mode: 'full' });
  return { handle, summary: await followRun(world.client, handle) };
}

function expectNoCanary(text: string): void {
  expect(text).not.toBe('');
  for (const canary of [...PASSWORD_FORMS, KEY, VALUE]) expect(text).not.toContain(canary);
}

/** All texts of the run's and its entity's histories, payloads decoded, and what the UI shows as current details. */
async function historyOf({ workflowId: id, runId }: RunHandle): Promise<string> {
  const texts: string[] = [];
  for (const name of [id, workflowId('sync', 'secret', 'full', runId, 'sales')]) {
    const workflow = world.client.workflow.getHandle(name);
    collectTexts(await workflow.fetchHistory(), texts);
    collectTexts(await workflow.query('__temporal_workflow_metadata'), texts);
  }
  const text = texts.join('\n');
  // Payloads are among the texts.
  expect(text).toContain('"entity":"sales"');
  return text;
}

function collectTexts(value: unknown, texts: string[]): void {
  if (typeof value === 'string') texts.push(value);
  else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('utf8'));
  else if (value !== null && typeof value === 'object') {
    for (const [name, part] of Object.entries(value)) {
      texts.push(name);
      collectTexts(part, texts);
    }
  }
}

/** Everything that the command prints. */
function syncline(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', MAIN, ...args, '--config', world.configPath],
      { env: { ...process.env, ...world.environment } },
      (_failed, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

async function asSuperuser(server: PostgresServer, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
