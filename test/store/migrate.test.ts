import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertStoreReady, assertStoreVersion, migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { freshDatabase, ownCluster, storeServer } from '../support/servers.ts';

const SHIPPED = new URL('../../src/store/migrations/', import.meta.url);
let folder: string;
let files: URL;
const undo: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-migrations-'));
  files = pathToFileURL(`${folder}/`);
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
  await rm(folder, { recursive: true, force: true });
});

async function emptyStore(): Promise<Store> {
  const database = await freshDatabase(await storeServer(), 'migrate');
  const store = await openStore({ url: database.url, poolMax: 4, applicationName: 'syncline/test' });
  undo.push(() => database.drop(), store.close);
  return store;
}

describe('migrate', () => {
  test('applies every file once, in order', async () => {
    const store = await emptyStore();
    await expect(assertStoreReady(store)).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
    const { applied } = await migrate(store);
    expect(applied[0]).toBe('0001-runs.sql');
    expect(applied).toEqual([...applied].sort());
    expect(await migrate(store)).toEqual({ applied: [] });
    await expect(assertStoreReady(store)).resolves.toBeUndefined();
  });

  test('is done once by two processes that start together', async () => {
    const store = await emptyStore();
    const both = await Promise.all([migrate(store), migrate(store)]);
    expect(both.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  });

  test('goes on where an older version stopped, and refuses a file that changed', async () => {
    const store = await emptyStore();
    await cp(SHIPPED, files, { recursive: true });
    await migrate(store, files);
    await writeFile(new URL('9998-more.sql', files), 'CREATE TABLE syncline.more (id int)');
    await expect(assertStoreReady(store, files)).rejects.toMatchObject({
      code: 'STORE_NOT_READY',
      message: expect.stringContaining('9998-more.sql'),
    });
    expect(await migrate(store, files)).toEqual({ applied: ['9998-more.sql'] });
    await writeFile(new URL('9998-more.sql', files), 'CREATE TABLE syncline.more (id bigint)');
    await expect(migrate(store, files)).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
    await expect(assertStoreReady(store, files)).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
  });

  test('leaves nothing behind when a file fails', async () => {
    const store = await emptyStore();
    const broken = pathToFileURL(`${await mkdtemp(join(tmpdir(), 'syncline-migrations-'))}/`);
    undo.push(() => rm(broken, { recursive: true, force: true }));
    await writeFile(new URL('0001-good.sql', broken), 'CREATE TABLE syncline.good (id int)');
    await writeFile(new URL('0002-bad.sql', broken), 'CREATE TABLE syncline.good (id int)');
    await expect(migrate(store, broken)).rejects.toThrow(/already exists/);
    const { rows } = await store.pool.query(`SELECT to_regnamespace('syncline') AS schema`);
    expect(rows).toEqual([{ schema: null }]);
  });

  test('says what to do when the login may not create schemas', async () => {
    const database = await freshDatabase(await storeServer(), 'migrate_login');
    const role = `reader_${database.name}`;
    const owner = await openStore({ url: database.url, poolMax: 1, applicationName: 'syncline/test' });
    await owner.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader-password'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'reader-password';
    const store = await openStore({ url: url.href, poolMax: 1, applicationName: 'syncline/test' });
    undo.push(async () => {
      await owner.pool.query(`DROP ROLE ${role}`);
      await owner.close();
      await database.drop();
    }, store.close);
    await expect(migrate(store)).rejects.toMatchObject({
      code: 'STORE_NOT_READY',
      remedy: expect.stringContaining('may create schemas'),
    });
  });
});

describe('C26: the store is PostgreSQL 16 or newer, in UTF8', () => {
  test.each([
    [150_013, 'STORE_UNSUPPORTED'],
    [159_999, 'STORE_UNSUPPORTED'],
    [160_000, null],
    [180_002, null],
  ])('version %i: %s', (version, code) => {
    const assert = () => assertStoreVersion(version);
    if (code === null) expect(assert).not.toThrow();
    else expect(assert).toThrow(expect.objectContaining({ code }));
  });

  test('another encoding is refused', async () => {
    const cluster = await ownCluster({ encoding: 'LATIN1' });
    undo.push(cluster.remove);
    const store = await openStore({
      url: cluster.url('postgres'),
      poolMax: 1,
      applicationName: 'syncline/test',
    });
    undo.push(store.close);
    await expect(migrate(store)).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: expect.stringContaining('LATIN1'),
    });
  });
});
