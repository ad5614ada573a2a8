/** `syncline oracle capture` and `grants`, and what `check` and `plan` say of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OracleUnderTest, startOracle } from '../connectors/oracle/oracle-kit.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../support/servers.ts';
import { type Folder, folder, syncline } from './cli-kit.ts';

let oracle: OracleUnderTest;
let store: FreshDatabase;
let place: Folder;
let variables: Record<string, string>;
let table: string;

beforeAll(async () => {
  oracle = await startOracle();
  store = await freshDatabase(await storeServer(), 'cli_capture');
  place = await folder();
  const { connectString, user, password } = oracle.login;
  variables = { DATABASE_URL: store.url, ERP_CONNECT: connectString, ERP_USER: user, ERP_PASSWORD: password };
  table = oracle.name('items');
  await oracle.execute(`CREATE TABLE ${table} (item_id NUMBER(9) PRIMARY KEY, name VARCHAR2(10))`);
  await place.file(
    'syncline.config.ts',
    `import { defineSync, env } from 'syncline';

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: {
    erp: { kind: 'oracle', connectString: env('ERP_CONNECT'), user: env('ERP_USER'), password: env('ERP_PASSWORD') },
  },
  pipelines: {
    shop: {
      source: 'erp',
      entities: {
        items: { read: { table: '${table.toLowerCase()}' }, key: 'item_id', capture: true, mirror: 'shop.items' },
        listed: { read: { sql: 'SELECT item_id FROM ${table}' }, key: 'item_id', mirror: 'shop.listed' },
      },
    },
  },
});
`,
  );
  await run('init');
});

afterAll(async () => {
  await run('oracle', 'capture', 'remove', 'items', '--apply');
  await oracle.close();
  await place.remove();
  await store.drop();
});

const run = (...args: string[]) => syncline([...args, '--config', place.path], variables);

async function nextRun(): Promise<string> {
  const { stdout } = await run('plan', '--json');
  const forecasts = JSON.parse(stdout) as { entity: string; nextRun: string }[];
  return forecasts.find(({ entity }) => entity === 'items')?.nextRun ?? '';
}

test('what is missing is told, installed, told again, and removed', async () => {
  const status = () => run('oracle', 'capture', 'status', 'items');
  expect(await status()).toMatchObject({ exit: 2, stdout: expect.stringContaining('absent') });
  expect(await nextRun()).toBe('stops with CAPTURE_BROKEN');

  const printed = await run('oracle', 'capture', 'install', 'items');
  expect(printed).toMatchObject({ exit: 0, stdout: expect.stringContaining('CREATE OR REPLACE TRIGGER') });
  expect(printed.stdout).toContain(`:NEW."ITEM_ID"`);
  expect(await status()).toMatchObject({ exit: 2 });

  expect(await run('oracle', 'capture', 'install', 'items', '--apply')).toMatchObject({ exit: 0 });
  await oracle.execute(`INSERT INTO ${table} VALUES (1, 'one')`);
  expect(await status()).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/installed; 1 changes in the log/),
  });
  expect(await nextRun()).toBe('full, because there is no checkpoint yet');

  await oracle.execute(`ALTER TRIGGER SYNCLINE_TRG_${table} DISABLE`);
  expect(await status()).toMatchObject({ exit: 2, stdout: expect.stringContaining('is disabled') });
  expect(await run('oracle', 'capture', 'remove', 'items', '--apply')).toMatchObject({ exit: 0 });
  expect(await status()).toMatchObject({ exit: 2, stdout: expect.stringContaining('absent') });
});

test('a query is not captured', async () => {
  const { exit, stderr } = await run('oracle', 'capture', 'install', 'listed');
  expect({ exit, stderr }).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('listed reads by `sql`'),
  });
});

test('grants are those of the tables that are read', async () => {
  const { stdout } = await run('oracle', 'grants');
  expect(stdout).toContain(`GRANT SELECT ON ${table} TO`);
  // The trigger of one's own table is seen without.
  expect(stdout).not.toContain('DBA_TRIGGERS');
});
