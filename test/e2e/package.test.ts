import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase, sourceServer, storeServer } from '../support/servers.ts';
import { temporalServer } from '../support/temporal.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const CONFIG = `import { decimal, defineSync, env } from 'syncline';
import { z } from 'zod';

export default defineSync({
  store: { url: env('DATABASE_URL') },
  temporal: { taskQueue: env('TASK_QUEUE') },
  sources: { main: { kind: 'postgres', url: env('SOURCE_URL') } },
  pipelines: {
    shop: {
      source: 'main',
      entities: {
        orders: {
          read: { table: 'public.orders' },
          key: 'id',
          changedAt: 'updated_at',
          mirror: 'shop.orders',
          validate: z.object({ total: decimal({ min: '0' }) }),
        },
      },
    },
  },
});
`;

let folder: string;
let environment: NodeJS.ProcessEnv;
let closers: (() => Promise<unknown>)[];
let store: pg.Client;
let worker: ChildProcess | undefined;

/** What a user does: pack, install into an empty folder, nothing of the checkout within reach. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-user-'));
  const [storeDatabase, sourceDatabase] = await Promise.all([
    freshDatabase(await storeServer(), 'package'),
    freshDatabase(await sourceServer(), 'package'),
  ]);
  const temporal = await temporalServer();
  environment = {
    ...process.env,
    DATABASE_URL: storeDatabase.url,
    SOURCE_URL: sourceDatabase.url,
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE: storeDatabase.name,
  };
  store = new pg.Client({ connectionString: storeDatabase.url });
  await store.connect();
  const source = new pg.Client({ connectionString: sourceDatabase.url });
  await source.connect();
  await source.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2) NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO orders SELECT n, n * 1.5 FROM generate_series(1, 1000) AS n;
    INSERT INTO orders VALUES (1001, -1)`);
  await source.end();
  closers = [() => store.end(), storeDatabase.drop, sourceDatabase.drop];

  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });
  const tarball = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1] as string;
  await writeFile(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball), 'zod@4.6.7'],
    { cwd: folder },
  );
}, 300_000);

afterAll(async () => {
  worker?.kill('SIGTERM');
  await Promise.all(closers.map((close) => close()));
  await rm(folder, { recursive: true, force: true });
});

async function syncline(...args: string[]): Promise<string> {
  const { stdout } = await run('npx', ['--no-install', 'syncline', ...args], {
    cwd: folder,
    env: environment,
  });
  return stdout;
}

it('works for a user: init, check, plan and a run', { timeout: 180_000 }, async () => {
  await syncline('init');
  expect(await readFile(join(folder, 'syncline.config.ts'), 'utf8')).toContain('defineSync');

  await writeFile(join(folder, 'syncline.config.ts'), CONFIG);
  expect(await syncline('init', '--json')).toContain('0001-runs.sql');
  expect(await syncline('check')).toContain('source main');

  // Not through npx, which would leave it behind when it is ended itself.
  worker = spawn(join(folder, 'node_modules', '.bin', 'syncline'), ['worker'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await said(worker, '"worker polls"');
  const summary = JSON.parse(await syncline('run', 'shop', '--watch', '--json'));

  expect(summary).toMatchObject({
    status: 'SUCCESS',
    counts: { fetched: 1001, inserted: 1000, quarantined: 1 },
  });
  const { rows } = await store.query(
    'SELECT count(*)::int AS count, sum(total)::text AS total FROM shop.orders',
  );
  expect(rows[0]).toEqual({ count: 1000, total: '750750.00' });
  expect(await syncline('history', '--json')).toContain('SUCCESS');
});

function said(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('no output to read');
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes(text)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
}
