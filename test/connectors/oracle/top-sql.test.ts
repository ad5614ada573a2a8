/**
 * What the database says of the statements that cost it most, and of what our user may see. Only on the simulator may
 * the tests grant and revoke that.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGrants } from '../../../src/connectors/oracle/grants.ts';
import { inSession, type OracleSource, type Session } from '../../../src/connectors/oracle/session.ts';
import { topSql } from '../../../src/connectors/oracle/top-sql.ts';
import { isRealOracle } from './oracle-kit.ts';
import { type WriteWorld, writeWorld } from './write-back-kit.ts';

const signal = new AbortController().signal;
let world: WriteWorld;
/** May see nothing of V$ views. */
let owner: OracleSource;

beforeAll(async () => {
  world = await writeWorld();
  await world.run('CREATE TABLE SEEN (ID NUMBER PRIMARY KEY)', 'CREATE TABLE UNSEEN (ID NUMBER PRIMARY KEY)');
  await world.run(`GRANT SELECT ON SEEN TO ${world.user}`, `GRANT FLASHBACK ON SEEN TO ${world.user}`);
  owner = world.sourceOfOwner();
}, 60_000);

afterAll(() => world?.stop());

function asUser<T>(work: (session: Session) => Promise<T>): Promise<T> {
  return inSession(world.source, { signal }, work);
}

function asOwner<T>(work: (session: Session) => Promise<T>): Promise<T> {
  return inSession(owner, { signal }, work);
}

test.runIf(!isRealOracle)(
  'without the grant it says what to grant; with it, the costliest come first',
  async () => {
    const ask = () => asOwner((session) => topSql(session, { limit: 3, minExecutions: 5 }));
    expect(await ask()).toEqual({ available: false, remedy: expect.stringContaining('V_$SQL') });
    await world.simulator?.sql('SYS', `GRANT SELECT ON SYS.V_$SQL TO ${world.owner}`);
    await asOwner(async (session) => {
      for (let i = 0; i < 6; i++) await session.query('SELECT COUNT(*) AS often FROM SEEN');
      await session.query('SELECT COUNT(*) AS once FROM SEEN');
    });
    const found = await ask();
    if (!found.available) throw new Error('still not granted');
    const texts = found.statements.map(({ text }) => text);
    expect(found.statements.length).toBeLessThanOrEqual(3);
    expect(texts).toContain('SELECT COUNT(*) AS often FROM SEEN');
    expect(texts).not.toContain('SELECT COUNT(*) AS once FROM SEEN');
    const times = found.statements.map(({ elapsedMs }) => elapsedMs);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    for (const { executions, elapsedMs, averageMs } of found.statements) {
      expect(executions).toBeGreaterThanOrEqual(5);
      expect(averageMs).toBeCloseTo(elapsedMs / executions);
    }
  },
);

test.runIf(!isRealOracle)('grants are found by trying', async () => {
  const tables = [`${world.owner}.SEEN`, `${world.owner}.UNSEEN`];
  expect(await asUser((session) => readGrants(world.source, session, tables))).toMatchObject({
    transactions: true,
    sessions: true,
    database: true,
    ledger: true,
    policies: [],
    tables: [
      { table: tables[0], select: true, flashback: true },
      { table: tables[1], select: false, flashback: null },
    ],
  });
  expect(await asOwner((session) => readGrants(owner, session, tables))).toMatchObject({
    transactions: false,
    sessions: false,
    database: false,
    ledger: false,
    tables: [{ select: true }, { select: true }],
  });
});
