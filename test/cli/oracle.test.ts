/** `syncline oracle tables` and `describe`, and `check` with an entry that they printed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OracleUnderTest, startOracle } from '../connectors/oracle/oracle-kit.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../support/servers.ts';
import { temporalServer } from '../support/temporal.ts';
import { type Folder, folder, syncline } from './cli-kit.ts';

let oracle: OracleUnderTest;
let store: FreshDatabase;
let place: Folder;
let variables: Record<string, string>;
let schema: string;
let names: { people: string; odd: string; keyless: string; view: string };

const configOf = (pipelines: string): string => `import { defineSync, env } from 'syncline';

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: {
    erp: {
      kind: 'oracle',
      connectString: env('ERP_CONNECT'),
      user: env('ERP_USER'),
      password: env('ERP_PASSWORD'),
      pool: { min: 1, max: 50, waitMs: 30_000, idleMs: 600_000, lifetimeMs: 1_800_000 },
      statementCacheSize: 25,
    },
  },
  pipelines: { ${pipelines} },
});
`;

beforeAll(async () => {
  oracle = await startOracle();
  store = await freshDatabase(await storeServer(), 'cli_oracle');
  place = await folder();
  const { connectString, user, password } = oracle.login;
  schema = user.toUpperCase();
  names = {
    people: oracle.name('people'),
    odd: oracle.name('odd'),
    keyless: oracle.name('keyless'),
    view: oracle.name('seen'),
  };
  variables = {
    DATABASE_URL: store.url,
    TEMPORAL_ADDRESS: (await temporalServer()).address,
    ERP_CONNECT: connectString,
    ERP_USER: user,
    ERP_PASSWORD: password,
  };
  for (const sql of [
    `CREATE TABLE ${names.people} (
       company_id NUMBER(4) NOT NULL, person_id NUMBER(10) NOT NULL, full_name VARCHAR2(80 CHAR) NOT NULL,
       hired DATE, photo BLOB, created_at TIMESTAMP, updated_by VARCHAR2(30), last_modified TIMESTAMP(6) NOT NULL,
       boss_company NUMBER(4), boss_id NUMBER(10),
       CONSTRAINT ${names.people}_pk PRIMARY KEY (company_id, person_id),
       CONSTRAINT ${names.people}_fk FOREIGN KEY (boss_company, boss_id) REFERENCES ${names.people} (company_id, person_id))`,
    `CREATE INDEX ${names.people}_ix ON ${names.people} (last_modified)`,
    `COMMENT ON TABLE ${names.people} IS 'Who works
      for which company'`,
    `COMMENT ON COLUMN ${names.people}.full_name IS 'First name first'`,
    `CREATE TABLE ${names.odd} (
       code VARCHAR2(10) NOT NULL, "Mixed Case" NUMBER, sync_it NUMBER, stamp TIMESTAMP(9), upd_date DATE, text LONG)`,
    `CREATE UNIQUE INDEX ${names.odd}_ux ON ${names.odd} (code)`,
    `CREATE TABLE ${names.keyless} (id NUMBER(9), name VARCHAR2(10))`,
    `CREATE VIEW ${names.view} AS SELECT company_id, person_id, last_modified FROM ${names.people}`,
  ])
    await oracle.execute(sql);
  await place.file('syncline.config.ts', configOf(''));
  await run('init');
});
afterAll(async () => {
  await oracle.execute(`DROP VIEW ${names.view}`).catch(() => undefined);
  await oracle.close();
  await place.remove();
  await store.drop();
});

const run = (...args: string[]) => syncline([...args, '--config', place.path], variables);
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

describe('tables', () => {
  test('gives rows, key, times of change and comment of what the user may read', async () => {
    const found = await json('oracle', 'tables', '--schema', schema);
    const byName = new Map(found.map((each: { name: string }) => [each.name, each]));
    expect(byName.get(names.people)).toMatchObject({
      schema,
      kind: 'table',
      key: ['COMPANY_ID', 'PERSON_ID'],
      changedAt: [{ column: 'LAST_MODIFIED', isIndexed: true }],
      comment: expect.stringMatching(/^Who works\s+for which company$/),
    });
    expect(byName.get(names.odd)).toMatchObject({
      key: ['CODE'],
      changedAt: [{ column: 'UPD_DATE', isIndexed: false }],
      comment: null,
    });
    expect(byName.get(names.keyless)).toMatchObject({ key: null, changedAt: [] });
    expect(byName.get(names.view)).toMatchObject({ kind: 'view', key: null, estimatedRows: null });
  });

  test('takes a pattern in any case, and leaves Oracle’s own schemas out', async () => {
    const { stdout, exit } = await run('oracle', 'tables', 'erp', '--like', `${names.odd.toLowerCase()}%`);
    expect(exit).toBe(0);
    expect(stdout).toMatch(new RegExp(`${schema}\\.${names.odd} .*CODE +UPD_DATE \\(no index\\)`));
    expect(stdout).not.toContain(names.people);
    const all: { schema: string }[] = await json('oracle', 'tables');
    expect(all.filter((each) => each.schema === 'SYS')).toEqual([]);
    expect((await run('oracle', 'tables', '--like', 'nothing_has_this_name')).stdout).toContain('granted');
  });
});

describe('describe', () => {
  test('gives columns with the mirror’s types, comments, key and references', async () => {
    const { stdout } = await run('oracle', 'describe', `${schema}.${names.people}`);
    expect(stdout).toMatch(/FULL_NAME +VARCHAR2\(\d+\) +text +not null +First name first/);
    expect(stdout).toMatch(/PERSON_ID +NUMBER\(10\) +bigint +not null/);
    expect(stdout).toContain('key: COMPANY_ID, PERSON_ID');
    expect(stdout).toContain('changed at: LAST_MODIFIED');
    expect(stdout).toContain(`BOSS_COMPANY, BOSS_ID → ${schema}.${names.people}`);
    expect(stdout).not.toContain('✗');
  });

  test('says what plan would refuse', async () => {
    const { stdout } = await run('oracle', 'describe', names.odd);
    expect(stdout).toMatch(/✗ STAMP: .*six digits/);
    expect(stdout).toMatch(/✗ TEXT: LONG cannot be read/);
    expect(stdout).toMatch(/✗ SYNC_IT: .*Syncline’s own/);
    expect((await run('oracle', 'describe', names.keyless)).stdout).toMatch(/✗ it has no primary key/);
  });

  test('of something that is not there is an error', async () => {
    const { exit, stderr } = await run('oracle', 'describe', 'nowhere.nothing');
    expect(exit).not.toBe(0);
    expect(stderr).toContain('ORA-00942');
    expect((await run('oracle', 'describe', names.people, '--as-config', '--key', 'nope')).stderr).toContain(
      `has no column nope`,
    );
    expect((await run('oracle', 'describe', names.keyless, '--as-config')).stderr).toContain('--key');
  });
});

test('check accepts the entries that --as-config prints, and prints the settings in force', async () => {
  const entries = [
    (await run('oracle', 'describe', `${schema}.${names.people}`, '--as-config')).stdout,
    (await run('oracle', 'describe', names.odd, '--as-config')).stdout,
    (await run('oracle', 'describe', names.keyless, '--as-config', '--key', 'id')).stdout,
    (await run('oracle', 'describe', names.view, '--as-config', '--key', 'company_id,person_id')).stdout,
  ];
  expect(entries[0]).toBe(`${names.people.toLowerCase()}: {
  // Who works for which company
  read: { table: '${schema}.${names.people}' },
  key: ['COMPANY_ID', 'PERSON_ID'],
  changedAt: 'LAST_MODIFIED',
  mirror: '${schema.toLowerCase()}.${names.people.toLowerCase()}',
},
`);
  expect(entries[1]).toContain(`stamp: { from: 'STAMP', type: 'text' },`);
  expect(entries[1]).toContain(`'mixed case': { from: 'Mixed Case' },`);
  expect(entries[1]).not.toContain(`from: 'TEXT'`);
  await place.file(
    'syncline.config.ts',
    configOf(`hr: { source: 'erp', entities: { ${entries.join('\n')} } }`),
  );
  const { stdout, exit } = await run('check');
  expect(stdout).toContain(`✓ entity ${names.people.toLowerCase()}:`);
  expect(stdout).not.toContain('✗');
  expect(exit).toBe(0);
  expect(stdout).toMatch(
    /pool min 1, pool max 50, pool increment 1,\s+pool wait 30,000 ms, pool idle 600,000 ms/,
  );
  for (const setting of [
    'pool lifetime 1,800,000 ms',
    'pool ping 60,000 ms',
    'statement cache size 25',
    'connect timeout 10,000 ms',
    'call timeout 1,800,000 ms',
    'max transaction unlimited',
  ])
    expect(stdout).toContain(setting);
});
