import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase, sourceServer, storeServer } from '../support/servers.ts';
import { temporalServer } from '../support/temporal.ts';
import { CONFIG, type Folder, folder, syncline } from './cli-kit.ts';

let place: Folder;
let config: string;
let databases: FreshDatabase[];
let variables: Record<string, string>;
let source: pg.Client;

beforeAll(async () => {
  place = await folder();
  config = await place.file('syncline.config.ts', CONFIG);
  databases = [
    await freshDatabase(await storeServer(), 'cli'),
    await freshDatabase(await sourceServer(), 'cli'),
  ];
  const [store, shop] = databases as [FreshDatabase, FreshDatabase];
  variables = {
    DATABASE_URL: store.url,
    SOURCE_URL: shop.url,
    TEMPORAL_ADDRESS: (await temporalServer()).address,
  };
  source = new pg.Client({ connectionString: shop.url });
  await source.connect();
  await source.query(`
    CREATE TABLE sales (id int PRIMARY KEY, amount numeric, updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO sales SELECT n, n FROM generate_series(1, 10) AS n`);
});
afterAll(async () => {
  await source.end();
  await Promise.all(databases.map((database) => database.drop()));
  await place.remove();
});

const run = (...args: string[]) => syncline([...args, '--config', config], variables);
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

it('says what to do before the store is made, then makes it', async () => {
  const early = await run('status');
  expect(early.exit).toBe(3);
  expect(early.stderr).toMatch(/STORE_NOT_READY.*\n.*syncline init/);
  expect(await run('init')).toMatchObject({ exit: 0, stdout: expect.stringContaining('0001-runs.sql') });
  expect(await run('init')).toMatchObject({ exit: 0, stdout: expect.stringContaining('up to date') });
});

it('writes a first configuration where there is none', async () => {
  const empty = await folder();
  const path = join(empty.path, 'syncline.config.ts');
  expect(await syncline(['init', '--config', path])).toMatchObject({ exit: 0 });
  expect(existsSync(path) && existsSync(join(empty.path, '.env'))).toBe(true);
  await empty.remove();
});

it('check finds the missing index and gives the statement', async () => {
  const checked = await run('check');
  expect(checked.exit).toBe(0);
  expect(checked.stdout).toMatch(
    /source shop: version [\d.]+.*\n {4}time zone UTC, concurrency \d+, pool max \d+,/,
  );
  expect(checked.stdout).toContain('connect timeout 10,000 ms');
  expect(checked.stdout).toMatch(/CREATE INDEX .*updated_at/);
});

it('check ends the pause of a source that answers', async () => {
  const store = new pg.Client({ connectionString: variables.DATABASE_URL });
  await store.connect();
  await store.query(
    `INSERT INTO syncline.source_state (source, failures, last_error, last_failure_at, open_until)
     VALUES ('shop', 1, '{"code": "SOURCE_AUTH", "message": "refused"}', now(), now() + interval '1 hour')`,
  );
  expect((await run('status')).stdout).toContain('its login was refused; left alone until');
  expect((await run('check')).stdout).toContain('source shop: its failures are forgotten');
  expect((await run('status')).stdout).not.toContain('refused');
  expect((await run('check')).stdout).not.toContain('forgotten');
  await store.end();
});

it('plan shows what would be done, and --apply does it', async () => {
  const planned = await run('plan');
  expect(planned).toMatchObject({ exit: 2, stdout: expect.stringContaining('create "pos"."sales"') });
  expect(planned.stdout).toContain('deletes');
  const [forecast] = await json('plan');
  expect(forecast).toMatchObject({
    entity: 'sales',
    mirrorChanges: [{ kind: 'create-table' }],
    sample: { rows: 10, rejected: 0 },
  });
  expect((await run('plan', '--apply')).exit).toBe(0);
  expect((await run('plan')).exit).toBe(0);

  await source.query(`ALTER TABLE sales ADD COLUMN note text`);
  expect(await run('plan')).toMatchObject({ exit: 2, stdout: expect.stringContaining('note') });
  expect((await run('plan', 'pos', '--apply')).exit).toBe(0);
});

it('tells what there is nothing of', async () => {
  expect(await run('status')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('No run is under way'),
  });
  expect(await run('history')).toMatchObject({ exit: 0, stdout: expect.stringContaining('syncline run') });
  expect(await run('quarantine', 'list')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('Nothing'),
  });
  expect(await run('skipped')).toMatchObject({ exit: 0, stdout: expect.stringContaining('No row') });
  expect(await run('quarantine', 'show', 'sales', '1')).toMatchObject({ exit: 3 });
  expect(await run('pause', 'pos')).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('RUN_NOT_FOUND'),
  });
  expect(await json('history')).toEqual([]);
});

it('starts runs, one of a kind at a time, and steers them', async () => {
  const started = await json('run', 'pos', '--full');
  expect(started.workflowId).toBe('sync/pos/full');
  const again = await run('run', 'pos', '--full');
  expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining(started.runId) });
});

it('makes schedules from the configuration, idempotently', async () => {
  expect((await json('schedule', 'apply')).length).toBe(1);
  const list = await json('schedule', 'list');
  expect(list).toContainEqual(
    expect.objectContaining({ pipeline: 'pos', mode: 'incremental', paused: false }),
  );
  expect((await run('schedule', 'pause', 'pos', '--note', 'stocktaking')).exit).toBe(0);
  expect((await run('schedule', 'list')).stdout).toContain('stocktaking');
  expect((await run('schedule', 'resume', 'pos')).exit).toBe(0);
  // Other tests' queues may be idle by now; those of this configuration never are.
  expect((await run('schedule', 'prune')).stdout).toMatch(/Nothing to remove|prune --yes/);
  expect(await json('schedule', 'prune')).toMatchObject({ removed: [] });
});

it('ends as the kind of failure says', async () => {
  expect(await run('run', 'nothing')).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('it has pos'),
  });
  expect(await run('run', 'pos', '--max-rows', 'many')).toMatchObject({ exit: 3 });
  expect(await run('run', 'pos', '--full', '--incremental')).toMatchObject({ exit: 3 });
  expect(await syncline(['frobnicate'])).toMatchObject({ exit: 3 });
  expect(await syncline(['status', '--config', join(place.path, 'missing.ts')])).toMatchObject({ exit: 3 });
  expect(await syncline(['--version'])).toMatchObject({ exit: 0, stdout: '1.2.3\n' });
  const nowhere = { ...variables, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  expect(await syncline(['run', 'pos', '--config', config], nowhere)).toMatchObject({ exit: 4 });
});

it('shows a secret to nobody, whatever goes wrong', { timeout: 60_000 }, async () => {
  const canary = 'canary-7h3-s3cr3t';
  const wrong = (url: string): string => {
    const changed = new URL(url);
    changed.password = canary;
    return changed.href;
  };
  const broken = {
    ...variables,
    DATABASE_URL: wrong(variables.DATABASE_URL as string),
    SOURCE_URL: wrong(variables.SOURCE_URL as string),
  };
  for (const args of [['check'], ['status'], ['plan'], ['check', '--json'], ['init']]) {
    const { exit, stdout, stderr } = await syncline([...args, '--config', config], broken);
    expect(exit, args.join(' ')).toBe(4);
    expect(stdout + stderr).not.toContain(canary);
  }
});
