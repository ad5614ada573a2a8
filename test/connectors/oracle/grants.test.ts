/** What the login may not see makes promises weaker, and is said; what it may not have is refused. Only the simulator has several users. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OracleSimulator } from '../../../dev/oracle-simulator/start.ts';
import type { Source } from '../../../src/connectors/contract.ts';
import { never, piecesOf, planOf, rowsOf } from '../kit.ts';
import { isRealOracle, type OracleUnderTest, startOracle } from './oracle-kit.ts';

const codesOf = (degraded: readonly { code: string }[]) => degraded.map(({ code }) => code);

describe('the report on a source', () => {
  let oracle: OracleUnderTest;

  beforeAll(async () => {
    oracle = await startOracle();
  });
  afterAll(() => oracle.close());

  test('names version, identity and all settings in force', async () => {
    const source = oracle.source({
      pool: { max: 50, min: 0, waitMs: 30_000, idleMs: 600_000, lifetimeMs: 1_800_000 },
    });
    const { identity, settings, degraded } = await source.testConnection(never);
    expect(identity.version).toMatch(/^\d+\.\d+/);
    expect(identity.id).toMatch(/^\d+\/\d+\/\w+$/);
    expect(codesOf(degraded)).toEqual([]);
    expect(settings).toMatchObject({
      mode: 'thin',
      poolMin: 0,
      poolMax: 50,
      poolIncrement: 1,
      poolWaitMs: 30_000,
      poolIdleMs: 600_000,
      poolLifetimeMs: 1_800_000,
      poolPingMs: 60_000,
      statementCacheSize: 30,
      connectTimeoutMs: 10_000,
      callTimeoutMs: 1_800_000,
      slackMs: 10_000,
      maxTransactionMs: 'unlimited',
    });
  });
});

describe.runIf(!isRealOracle)('a login with few rights', () => {
  let oracle: OracleUnderTest;
  let source: Source;
  const login = { user: 'READER', password: 'Reader-1' };

  beforeAll(async () => {
    oracle = await startOracle();
    const simulator = oracle.simulator as OracleSimulator;
    await simulator.createUser({ name: login.user, password: login.password });
    await oracle.execute('CREATE TABLE t (id NUMBER(9) PRIMARY KEY, region VARCHAR2(10))');
    await oracle.execute(`INSERT INTO t VALUES (1, 'north')`);
    await oracle.execute(`INSERT INTO t VALUES (2, 'south')`);
    await oracle.execute(`GRANT SELECT ON t TO ${login.user}`);
    source = oracle.source(login);
  });
  afterAll(() => oracle.close());

  test('says which promises are weaker, and what to grant', async () => {
    const { identity, degraded } = await source.testConnection(never);
    expect(codesOf(degraded)).toEqual(
      expect.arrayContaining([
        'IDENTITY_UNPROVED',
        'TRANSACTIONS_HIDDEN',
        'SESSIONS_HIDDEN',
        'SNAPSHOT_IN_TRANSACTION',
      ]),
    );
    expect(identity.id).toMatch(/^unproved\//);
    for (const { message } of degraded) expect(message).toMatch(/GRANT |grant/);
  });

  test('marks less than the source’s now by the overlap, and reads all the same', async () => {
    const { mark, now, degraded } = await source.safeHighMark({ previous: null, signal: never });
    expect(codesOf(degraded)).toEqual(['TRANSACTIONS_HIDDEN']);
    expect(Date.parse(now) - Date.parse(mark)).toBe(15 * 60_000 + 10_000);
    const plan = await planOf(source, { read: { kind: 'table', table: 'SYNC.T' }, key: ['id'] });
    const stream = source.readChunk(
      plan,
      { lower: null, upper: null },
      { format: 'rows', pieceBytes: 1e6, signal: never },
    );
    expect(rowsOf(await piecesOf(stream))).toHaveLength(2);
  });

  test('reads AS OF the SCN that DBMS_FLASHBACK tells, once it may be executed', async () => {
    await oracle.simulator?.sql('SYS', `GRANT EXECUTE ON DBMS_FLASHBACK TO ${login.user}`);
    await oracle.execute(`GRANT FLASHBACK ON t TO ${login.user}`);
    const fresh = oracle.source(login);
    const { degraded } = await fresh.testConnection(never);
    expect(codesOf(degraded)).not.toContain('SNAPSHOT_IN_TRANSACTION');
    const plan = await planOf(fresh, { read: { kind: 'table', table: 'SYNC.T' }, key: ['id'] });
    // A read-only transaction would meet it.
    oracle.simulator?.faults.add({
      when: { at: 'execute', sql: /READ ONLY/ },
      fault: { do: 'error', number: 1031 },
    });
    const stream = fresh.readChunk(
      plan,
      { lower: null, upper: null },
      { format: 'rows', pieceBytes: 1e6, signal: never },
    );
    expect(rowsOf(await piecesOf(stream))).toHaveLength(2);
    oracle.simulator?.faults.clear();
  });

  test('calls a table without a grant one that it has not', async () => {
    await oracle.execute('CREATE TABLE secret (id NUMBER(9) PRIMARY KEY)');
    const failure = await planOf(source, {
      read: { kind: 'table', table: 'SYNC.SECRET' },
      key: ['id'],
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ details: { scope: 'entity' } });
  });
});
