/** Change capture by triggers: what it sees, in which order, and that late commits are not lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { captureStatus, installCapture, removeCapture } from '../../../src/connectors/oracle/capture.ts';
import type { CaptureSpec } from '../../../src/connectors/oracle/capture-ddl.ts';
import { purgeCaptured, readCaptured } from '../../../src/connectors/oracle/capture-read.ts';
import { grantsForReading } from '../../../src/connectors/oracle/grants-script.ts';
import { safeHighMark } from '../../../src/connectors/oracle/high-mark.ts';
import { openOracle } from '../../../src/connectors/oracle/open.ts';
import { inSession, type OracleSource, type Session } from '../../../src/connectors/oracle/session.ts';
import { captureSpec } from '../../../src/connectors/oracle/tools.ts';
import { pieceKeys } from '../../../src/domain/shape.ts';
import { piecesOf, planOf, rowsOf, specOf } from '../kit.ts';
import { isRealOracle } from './oracle-kit.ts';
import { type WriteWorld, writeWorld } from './write-back-kit.ts';

const signal = new AbortController().signal;
const LONG_AGO = '2000-01-01T00:00:00.000000Z';

let world: WriteWorld;
let owner: OracleSource;
let spec: CaptureSpec;
let opened: Source | undefined;

beforeAll(async () => {
  world = await writeWorld();
  owner = world.sourceOfOwner();
  spec = { table: `${world.owner}.ORDERS`, key: ['REGION', 'ID'], reader: world.user };
  await world.run('CREATE TABLE ORDERS (REGION CHAR(2), ID NUMBER, AMOUNT NUMBER, PRIMARY KEY (REGION, ID))');
  await world.grant('ORDERS');
  await asOwner((session) => installCapture(session, spec));
}, 60_000);

afterAll(async () => {
  await asOwner((session) => removeCapture(session, spec));
  await opened?.close();
  await world.stop();
});

beforeEach(() => world.run('DELETE FROM ORDERS', 'DELETE FROM SYNCLINE_LOG_ORDERS'));

/** The reader's source, as runs have it. */
function reader(): Source {
  opened ??= openOracle(world.source.settings, { applicationName: 'syncline/test' });
  return opened;
}

function asOwner<T>(work: (session: Session) => Promise<T>): Promise<T> {
  return inSession(owner, { signal }, work);
}

function asReader<T>(work: (session: Session) => Promise<T>): Promise<T> {
  return inSession(world.source, { signal }, work);
}

async function captured(low = LONG_AGO): Promise<string[]> {
  const page = await asReader((session) => readCaptured(session, spec, { low, after: null, limit: 100 }));
  expect(page.done).toBe(true);
  return page.changes.map(({ operation, key }) => `${operation} ${key}`);
}

test('keys of inserted, updated, moved and deleted rows are logged', async () => {
  await world.run(
    `INSERT INTO ORDERS VALUES ('EU', 1, 10)`,
    `INSERT INTO ORDERS VALUES ('US', 2.5, 10)`,
    `UPDATE ORDERS SET AMOUNT = 11 WHERE ID = 1`,
    `UPDATE ORDERS SET ID = 3 WHERE ID = 2.5`,
    `DELETE FROM ORDERS WHERE ID = 1`,
  );
  expect(await captured()).toEqual([
    'insert EU|1',
    'insert US|2.5',
    'update EU|1',
    'update US|3',
    'delete US|2.5',
    'delete EU|1',
  ]);
});

test('what is rolled back was never logged', async () => {
  const session = await world.connect('owner');
  await session.execute(`INSERT INTO ORDERS VALUES ('EU', 9, 1)`);
  await session.rollback();
  expect(await captured()).toEqual([]);
});

test('a page goes on where the one before ended', async () => {
  const other = await world.connect('owner');
  for (let id = 1; id <= 7; id++) await other.execute(`INSERT INTO ORDERS VALUES ('EU', ${id}, 1)`);
  await other.commit();
  const seen: string[] = [];
  let after: string | null = null;
  for (let done = false; !done; ) {
    const page = await asReader((session) => readCaptured(session, spec, { low: LONG_AGO, after, limit: 3 }));
    seen.push(...page.changes.map(({ key }) => key));
    expect(page.changes.length).toBeLessThanOrEqual(3);
    ({ done, position: after } = page);
  }
  expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7'].map((id) => `EU|${id}`));
});

test('C3: a transaction that commits late is found above the mark that was taken while it was open', async () => {
  const late = await world.connect('owner');
  await late.execute(`INSERT INTO ORDERS VALUES ('EU', 1, 1)`);
  await world.run(`INSERT INTO ORDERS VALUES ('EU', 2, 1)`);
  const { mark } = await safeHighMark(world.source, { previous: null, signal });
  expect(await captured()).toEqual(['insert EU|2']);
  await late.commit();
  expect(await captured(mark)).toEqual(['insert EU|1', 'insert EU|2']);
});

test('old entries are purged in portions', async () => {
  await world.run(...[1, 2, 3].map((id) => `INSERT INTO ORDERS VALUES ('EU', ${id}, 1)`));
  const purge = (before: string) => asReader((session) => purgeCaptured(session, spec, { before, limit: 2 }));
  expect(await purge(LONG_AGO)).toBe(0);
  expect(await purge('2999-01-01T00:00:00.000000Z')).toBe(2);
  expect(await purge('2999-01-01T00:00:00.000000Z')).toBe(1);
  expect(await captured()).toEqual([]);
});

describe('as runs read it', () => {
  const KEYS = {
    N: ['NUMBER', '-12.50'],
    M: ['NUMBER(12, 4)', '0.5'],
    T: ['VARCHAR2(20 CHAR)', "'a|b\\c ü '"],
    C: ['CHAR(4)', "'x'"],
    W: ['NVARCHAR2(10)', "'ж'"],
    D: ['DATE', "TO_DATE('0044-03-15 07:08:09', 'YYYY-MM-DD HH24:MI:SS')"],
    S: ['TIMESTAMP(6)', "TIMESTAMP '2026-01-02 03:04:05.600000'"],
    Z: ['TIMESTAMP(3) WITH TIME ZONE', "TIMESTAMP '2026-01-02 03:04:05.678 +05:30'"],
    R: ['RAW(4)', "HEXTORAW('00FF10')"],
  } as const;
  const names = Object.keys(KEYS);

  test('keys of every type are those that reads of the rows give', async () => {
    const columns = Object.entries(KEYS).map(([name, [type]]) => `${name} ${type}`);
    const values = Object.values(KEYS).map(([, value]) => value);
    await world.run(`CREATE TABLE KEYS (${columns.join(', ')}, UNIQUE (${names.join(', ')}))`);
    await world.grant('KEYS');
    const keys = { table: `${world.owner}.KEYS`, key: names, reader: world.user };
    await asOwner((session) => installCapture(session, keys));
    await world.run(`INSERT INTO KEYS VALUES (${values.join(', ')})`, 'UPDATE KEYS SET N = N');
    const plan = await planOf(reader(), {
      read: { kind: 'table', table: keys.table },
      key: names.map((name) => name.toLowerCase()),
      capture: true,
    });
    const read = { format: 'rows', pieceBytes: 1e6, signal } as const;
    const pieces = await piecesOf(reader().readChunk(plan, { lower: null, upper: null }, read));
    const page = await reader().capture?.read(plan, { low: LONG_AGO, after: null, limit: 10 }, signal);
    expect(page?.keys).toEqual(pieces.flatMap((piece) => pieceKeys(plan, piece)));
    expect(page?.keys).toHaveLength(1);
    const found = await piecesOf(reader().lookUpKeys(plan, page?.keys ?? [], read));
    expect(rowsOf(found)).toHaveLength(1);
    await asOwner((session) => removeCapture(session, keys));
  });

  test('keys that have no value in a part are left out', async () => {
    await world.run('CREATE TABLE LOOSE (A NUMBER, B NUMBER, UNIQUE (A, B))');
    await world.grant('LOOSE');
    const loose = { table: `${world.owner}.LOOSE`, key: ['A', 'B'], reader: world.user };
    await asOwner((session) => installCapture(session, loose));
    await world.run('INSERT INTO LOOSE VALUES (1, 1)', 'UPDATE LOOSE SET B = NULL', 'UPDATE LOOSE SET B = 2');
    const range = { low: LONG_AGO, after: null, limit: 10 };
    const { changes } = await asReader((session) => readCaptured(session, loose, range));
    expect(changes.map(({ operation, key }) => `${operation} ${key}`)).toEqual([
      'insert 1|1',
      'delete 1|1',
      'update 1|2',
    ]);
    await asOwner((session) => removeCapture(session, loose));
  });

  test.runIf(!isRealOracle)('the trigger of another’s table is seen with two grants more', async () => {
    const { simulator } = world;
    const login = { name: 'LOWLY', password: 'Lowly-1234', grants: ['CREATE SESSION'] };
    await simulator?.createUser(login);
    await world.run('GRANT SELECT ON ORDERS TO LOWLY', 'GRANT SELECT ON SYNCLINE_LOG_ORDERS TO LOWLY');
    const { settings } = world.source;
    const options = { ...settings.options, user: login.name, password: login.password };
    const lowly = openOracle({ ...settings, options }, { applicationName: 'syncline/test' });
    const read = { kind: 'table', table: spec.table } as const;
    const plan = await planOf(lowly, { read, key: ['region', 'id'], capture: true });
    const state = async () => (await lowly.describe(plan.spec, signal)).capture;
    expect(await state()).toMatchObject({
      problems: [expect.stringContaining('ALL_TRIGGERS does not show it')],
      remedy: expect.stringMatching(
        /^If it is there: GRANT SELECT ON SYS\.DBA_TRIGGERS .* TO "LOWLY"\. If not: run `syncline oracle capture/,
      ),
    });
    for (const grant of grantsForReading({ user: login.name, tables: [], captured: [spec.table] })) {
      if (grant.includes('DBA_')) await simulator?.sql('SYS', grant);
    }
    expect(await state()).toMatchObject({ problems: [], id: expect.stringMatching(/\d/) });
    const before = '2999-01-01T00:00:00.000000Z';
    expect(await lowly.capture?.purge(plan, { before, limit: 10 }, signal)).toBe('refused');
    expect(await reader().capture?.purge(plan, { before, limit: 10 }, signal)).toBe('all');
    await lowly.close();
  });

  test('a view cannot be captured', async () => {
    await world.run('CREATE VIEW SEEN AS SELECT * FROM ORDERS');
    const read = { kind: 'table', table: `${world.owner}.SEEN` } as const;
    const own = openOracle(world.sourceOfOwner().settings, { applicationName: 'syncline/test' });
    const { capture } = await own.describe(specOf({ read, key: ['ID'], capture: true }), signal);
    expect(capture?.problems).toEqual([expect.stringContaining('only tables are captured')]);
    await own.close();
    await world.run('DROP VIEW SEEN');
  });

  test('a log whose key columns the table has outgrown says so', async () => {
    await world.run('CREATE TABLE GROWN (CODE VARCHAR2(5) PRIMARY KEY)');
    const grown = { table: `${world.owner}.GROWN`, key: ['CODE'] };
    await asOwner((session) => installCapture(session, grown));
    await world.run('ALTER TABLE GROWN MODIFY (CODE VARCHAR2(9))');
    expect(await asOwner((session) => captureStatus(session, grown))).toMatchObject({
      state: 'partial',
      problems: ['key column CODE has another type in the log than in the table'],
    });
    await asOwner((session) => removeCapture(session, grown));
  });
});

test('names of the configuration are those of Oracle', () => {
  const key = ['id', 'Odd', 'REGION'];
  expect(captureSpec({ table: 'orders', key }, 'sync')).toEqual({
    table: '"SYNC"."ORDERS"',
    key: ['ID', 'Odd', 'REGION'],
    reader: 'SYNC',
  });
  expect(captureSpec({ table: 'hr."Orders"', key: [] }, 'SYNC').table).toBe('"HR"."Orders"');
});

describe('installing', () => {
  test('shows what is there, and is done once', async () => {
    await world.run(`INSERT INTO ORDERS VALUES ('EU', 1, 10)`);
    await asOwner((session) => installCapture(session, spec));
    const status = await asOwner((session) => captureStatus(session, spec));
    expect(status).toMatchObject({ state: 'installed', problems: [], log: { rows: 1 } });
    expect(status.log?.oldest).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/);
  });

  test('tells what is missing, and mends it', async () => {
    const mended = { table: `${world.owner}.MENDED`, key: ['ID'], reader: world.user };
    await world.run('CREATE TABLE MENDED (ID NUMBER PRIMARY KEY)');
    expect(await asOwner((session) => captureStatus(session, mended))).toMatchObject({
      state: 'absent',
      log: null,
    });
    await asOwner((session) => installCapture(session, mended));
    await world.run('DROP TRIGGER SYNCLINE_TRG_MENDED');
    expect(await asOwner((session) => captureStatus(session, mended))).toMatchObject({
      state: 'partial',
      problems: [expect.stringContaining('SYNCLINE_TRG_MENDED is not there')],
    });
    await asOwner((session) => installCapture(session, mended));
    expect(await asOwner((session) => captureStatus(session, mended))).toMatchObject({ state: 'installed' });
    await asOwner((session) => removeCapture(session, mended));
    await asOwner((session) => removeCapture(session, mended));
    expect(await asOwner((session) => captureStatus(session, mended))).toMatchObject({ state: 'absent' });
    await world.run('INSERT INTO MENDED VALUES (1)');
  });

  test.runIf(!isRealOracle)('needs rights on the table', async () => {
    await expect(
      asReader((session) => installCapture(session, { ...spec, table: `${world.owner}.NOWHERE` })),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^SOURCE_(AUTH|QUERY)$/),
    });
  });
});
