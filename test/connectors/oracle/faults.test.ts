/** What goes wrong between us and the source, and what becomes of it. Only the simulator has such faults. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Faults } from '../../../dev/oracle-simulator/faults.ts';
import type { OracleSimulator } from '../../../dev/oracle-simulator/start.ts';
import type { Source } from '../../../src/connectors/contract.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { isSyncError, type SyncError } from '../../../src/domain/errors.ts';
import { changedAt, never, piecesOf, planOf, rowsOf } from '../kit.ts';
import { isRealOracle, type OracleUnderTest, startOracle } from './oracle-kit.ts';

const ROWS = 3_000;
const everything = { lower: null, upper: null };
const read = { format: 'rows', pieceBytes: 4_000, signal: never } as const;

describe.runIf(!isRealOracle)('faults of the source', () => {
  let oracle: OracleUnderTest;
  let simulator: OracleSimulator;
  let faults: Faults;
  let source: Source;
  let plan: EntityPlan;
  let user: string;

  beforeAll(async () => {
    oracle = await startOracle();
    simulator = oracle.simulator as OracleSimulator;
    faults = simulator.faults;
    user = oracle.login.user;
    source = oracle.source();
    await oracle.execute(
      'CREATE TABLE t (id NUMBER(9) PRIMARY KEY, name VARCHAR2(50), at DATE DEFAULT SYSDATE)',
    );
    const connection = await oracle.connect();
    const rows = Array.from({ length: ROWS }, (_, id) => [id, `a name ${id}`]);
    await connection.executeMany('INSERT INTO t (id, name) VALUES (:1, :2)', rows);
    await connection.commit();
    plan = await planOf(source, {
      read: { kind: 'table', table: 't' },
      key: ['id'],
      changedAt: changedAt('at'),
    });
  });
  afterEach(() => faults.clear());
  afterAll(() => oracle.close());

  /** Reads pieces until the stream fails. */
  async function readUntilFailure(from: Source, lower: string | null = null) {
    const rows: (string | null)[][] = [];
    let position = lower;
    try {
      for await (const piece of from.readChunk(plan, { lower, upper: null }, read)) {
        rows.push(...rowsOf([piece]));
        position = piece.position;
      }
    } catch (error) {
      return { rows, position, error: error as SyncError };
    }
    return { rows, position, error: null };
  }

  test('ORA-01555 in the middle of a chunk: the rest is read again at a new SCN, nothing twice and nothing missed', async () => {
    faults.add({
      when: { at: 'fetch', user, sql: /AS OF SCN/, afterRows: 500 },
      fault: { do: 'error', number: 1555 },
    });
    const first = await readUntilFailure(source);
    expect(first.error).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      retryable: true,
      details: { class: 'snapshot-too-old', oracle: 'ORA-01555' },
    });
    expect(first.error?.remedy).toContain('new SCN');
    expect(first.rows.length).toBeGreaterThan(0);
    expect(first.rows.length).toBeLessThan(ROWS);
    const rest = await readUntilFailure(source, first.position);
    expect(rest.error).toBeNull();
    expect([...first.rows, ...rest.rows].map(([id]) => Number(id))).toEqual(
      Array.from({ length: ROWS }, (_, id) => id),
    );
  });

  describe.each(['execute', 'fetch'] as const)('a connection lost at %s', (at) => {
    test.each([
      ['disconnect', { do: 'disconnect' }],
      ['ORA-03113', { do: 'error', number: 3113 }],
    ] as const)('by %s is SOURCE_UNAVAILABLE, and the next read goes well', async (_, fault) => {
      faults.add({ when: { at, user, sql: /AS OF SCN/, afterRows: at === 'fetch' ? 200 : 0 }, fault });
      const lost = await readUntilFailure(source);
      expect(lost.error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { class: 'connection' } });
      const again = await readUntilFailure(source, lost.position);
      expect(again.error).toBeNull();
      expect(lost.rows.length + again.rows.length).toBe(ROWS);
    });
  });

  test.each([
    ['the mark', (s: Source) => s.safeHighMark({ previous: null, signal: never }), /SYSDATE/],
    ['a description', (s: Source) => s.describe(plan.spec, never), /1 = 0/],
    [
      'the plan of chunks',
      (s: Source) => s.planChunks(plan, { chunkRows: 10, chunkBytes: 1e9, lanes: 1, signal: never }),
      /OFFSET/,
    ],
    ['a look-up', (s: Source) => s.readOne(plan, '7', never), / IN \(/],
    [
      'a count of odd rows',
      (s: Source) => s.countOddRows(plan, '2026-01-01T00:00:00.000000Z', never),
      /AS nulls/,
    ],
    ['a digest', (s: Source) => s.canonicalChecksum(plan, everything, never), /ORDER BY "ID"/],
    ['who it is', (s: Source) => s.identity(never), /dbid/],
  ] as const)(
    'a connection lost in %s is SOURCE_UNAVAILABLE, and asked again it goes well',
    async (_, ask, sql) => {
      faults.add({ when: { at: 'execute', user, sql }, fault: { do: 'disconnect' } });
      await expect(ask(source)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
      await expect(ask(source)).resolves.toBeDefined();
    },
  );

  test.each(['connect', 'logon'] as const)('a connection lost at %s is SOURCE_UNAVAILABLE', async (at) => {
    const fresh = oracle.source();
    faults.add({ when: { at }, fault: { do: 'disconnect' } });
    await expect(fresh.identity(never)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await expect(fresh.identity(never)).resolves.toBeDefined();
  });

  test('a listener that does not know the service is SOURCE_UNAVAILABLE', async () => {
    const [address] = oracle.login.connectString.split('/');
    const other = oracle.source({ connectString: `${address}/NOBODY` });
    await expect(other.identity(never)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      details: { oracle: expect.stringMatching(/^(ORA-12514|NJS-518)$/) },
    });
  });

  describe('sessions that an operator killed while they rested', () => {
    async function kill(correlationId: string): Promise<void> {
      const rows = await oracle.query(
        `SELECT sid FROM v$session WHERE client_identifier = '${correlationId}'`,
      );
      expect(rows.length).toBeGreaterThan(0);
      for (const [sid] of rows) await simulator.killSession(Number(sid));
    }

    test('are not given to the next read where they are asked first', async () => {
      const pooled = oracle.source({ pool: { pingMs: 0 } }).named({ correlationId: 'asked-first' });
      await pooled.identity(never);
      await kill('asked-first');
      await expect(pooled.identity(never)).resolves.toBeDefined();
    });

    test('fail one read at most, not one each', async () => {
      // However slow this machine is, no session rests long enough to be asked first.
      const pooled = oracle.source({ pool: { pingMs: 3_600_000 } }).named({ correlationId: 'not-asked' });
      await Promise.all([pooled.identity(never), pooled.identity(never), pooled.identity(never)]);
      await kill('not-asked');
      const failures: unknown[] = [];
      for (let i = 0; i < 6; i++) {
        await pooled.identity(never).catch((error: unknown) => failures.push(error));
      }
      // None where the pool had opened a session that nobody had used yet.
      expect(failures.length).toBeLessThanOrEqual(1);
      for (const error of failures) expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
      await expect(pooled.identity(never)).resolves.toBeDefined();
    });
  });

  test('a table that the login may not look back at is read in a transaction, from then on', async () => {
    const fresh = oracle.source();
    const refused = { do: 'error', number: 1031 } as const;
    faults.add({ when: { at: 'execute', user, sql: /AS OF SCN[\s\S]*ORDER BY/ }, fault: refused });
    expect((await readUntilFailure(fresh)).rows).toHaveLength(ROWS);
    faults.add({ when: { at: 'execute', user, sql: /AS OF SCN/ }, fault: refused });
    expect((await readUntilFailure(fresh)).rows).toHaveLength(ROWS);
  });

  test('a stalled socket is found silent and cut off; a slow answer is waited for', async () => {
    const wary = oracle.source({ silenceMs: 300, connectTimeoutMs: 2_000 });
    let alive = 0;
    const named = wary.named({ correlationId: 'wary', onAlive: () => alive++ });
    await named.identity(never);
    const startedAt = performance.now();
    faults.add({ when: { at: 'fetch', user, sql: /AS OF SCN/, afterRows: 200 }, fault: { do: 'stall' } });
    const { error, rows } = await readUntilFailure(named);
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(error?.message).toContain('silent');
    expect(rows.length).toBeLessThan(ROWS);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    faults.clear();
    expect((await readUntilFailure(named)).rows).toHaveLength(ROWS);
    expect(alive).toBeGreaterThanOrEqual(0);
  });

  test('a call that takes longer than callTimeoutMs is stopped in the database', async () => {
    const hasty = oracle.source({ callTimeoutMs: 1_000, silenceMs: 60_000 });
    const slow = await planOf(source, {
      read: {
        kind: 'sql',
        sql: 'SELECT t.* FROM t WHERE id <= (SELECT COUNT(*) FROM t a CROSS JOIN t b CROSS JOIN t c)',
      },
      key: ['id'],
    });
    const failure = await piecesOf(hasty.readChunk(slow, everything, read)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { class: 'timeout' } });
    expect((failure as SyncError).remedy).toContain('callTimeoutMs');
    await expect.poll(() => active()).toBe(0);
    await expect(hasty.identity(never)).resolves.toBeDefined();
  });

  async function active(): Promise<number> {
    const rows = await oracle.query(
      `SELECT 1 FROM v$session WHERE module = 'syncline' AND status = 'ACTIVE'`,
    );
    return rows.length;
  }

  test('a row whose value cannot be given is the chunk’s own fault, a missing table the entity’s', async () => {
    faults.add({
      when: { at: 'fetch', user, sql: /AS OF SCN/, afterRows: 100 },
      fault: { do: 'error', number: 1722 },
    });
    const { error } = await readUntilFailure(source);
    expect(error).toMatchObject({ code: 'SOURCE_QUERY' });
    expect(error?.details).not.toHaveProperty('scope');
    const missing = await planOf(source, { read: { kind: 'table', table: 'nowhere' }, key: ['id'] }).catch(
      (e) => e,
    );
    expect(missing).toMatchObject({
      code: 'SOURCE_QUERY',
      details: { scope: 'entity', oracle: 'ORA-00942' },
    });
  });

  describe('a login', () => {
    test('with a wrong password is refused once, and not tried again by the others', async () => {
      const wrong = oracle.source({ password: 'not-it' });
      const asked = await Promise.allSettled([
        wrong.identity(never),
        wrong.safeHighMark({ previous: null, signal: never }),
        piecesOf(wrong.readChunk(plan, everything, read)),
      ]);
      for (const each of asked)
        expect(each).toMatchObject({ status: 'rejected', reason: { code: 'SOURCE_AUTH' } });
      let tried = 0;
      faults.add({ when: { at: 'logon' }, fault: { do: 'delay', ms: 0 }, times: 1_000 });
      void faults.struck().then(() => tried++);
      await expect(wrong.identity(never)).rejects.toMatchObject({ code: 'SOURCE_AUTH', retryable: false });
      expect(tried).toBe(0);
    });

    test('of a locked account is refused', async () => {
      const fresh = oracle.source({ pool: { min: 3, increment: 2 } });
      faults.add({ when: { at: 'logon' }, fault: { do: 'error', number: 28000 }, times: 1 });
      await expect(fresh.identity(never)).rejects.toMatchObject({
        code: 'SOURCE_AUTH',
        details: { oracle: 'ORA-28000', scope: 'source' },
      });
      await expect(fresh.identity(never)).rejects.toMatchObject({ code: 'SOURCE_AUTH' });
    });
  });

  test('a break that nobody answers does not hold the taker', async () => {
    const stop = new AbortController();
    faults.add({ when: { at: 'fetch', user, sql: /AS OF SCN/, afterRows: 200 }, fault: { do: 'stall' } });
    const stream = source
      .readChunk(plan, everything, { ...read, signal: stop.signal })
      [Symbol.asyncIterator]();
    const struck = faults.struck();
    const pulling = (async () => {
      for (let next = await stream.next(); !next.done; next = await stream.next()) void next;
    })();
    pulling.catch(() => undefined);
    await struck;
    const startedAt = performance.now();
    stop.abort(new Error('enough'));
    await expect(pulling).rejects.toThrow('enough');
    await stream.return?.();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    faults.clear();
    expect((await source.sample(plan, 1, never)).rows).toBe(1);
    expect(isSyncError(await pulling.catch((error: unknown) => error))).toBe(false);
  });
});
