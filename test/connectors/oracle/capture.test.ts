/** Change capture by triggers: what it sees, in which order, and that late commits are not lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { captureStatus, installCapture, removeCapture } from '../../../src/connectors/oracle/capture.ts';
import type { CaptureSpec } from '../../../src/connectors/oracle/capture-ddl.ts';
import { purgeCaptured, readCaptured } from '../../../src/connectors/oracle/capture-read.ts';
import { safeHighMark } from '../../../src/connectors/oracle/high-mark.ts';
import { inSession, type OracleSource, type Session } from '../../../src/connectors/oracle/session.ts';
import { isRealOracle } from './oracle-kit.ts';
import { type WriteWorld, writeWorld } from './write-back-kit.ts';

const signal = new AbortController().signal;
const LONG_AGO = '2000-01-01T00:00:00.000000Z';

let world: WriteWorld;
let owner: OracleSource;
let spec: CaptureSpec;

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
  await world.stop();
});

beforeEach(() => world.run('DELETE FROM ORDERS', 'DELETE FROM SYNCLINE_LOG_ORDERS'));

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
