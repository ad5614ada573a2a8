import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { subtractMs } from '../../../src/domain/instants.ts';
import { type OwnCluster, ownCluster } from '../../support/servers.ts';
import { changedAt, never, openPostgres, piecesOf, planOf, rowsOf } from '../kit.ts';

/** Against a server of its own: prepared transactions need a setting, and other tests' transactions would count. */
describe('the high mark of PostgreSQL (C3)', () => {
  let cluster: OwnCluster;
  let source: Source;
  let admin: pg.Client;
  const clients: pg.Client[] = [];

  async function connect(user = 'postgres', name = 'app'): Promise<pg.Client> {
    const url = new URL(cluster.url('shop'));
    if (user !== 'postgres') {
      url.username = user;
      url.password = 'pw';
    }
    const client = new pg.Client({ connectionString: url.href, application_name: name });
    await client.connect();
    clients.push(client);
    return client;
  }
  const mark = (previous: string | null = null, from = source) =>
    from.safeHighMark({ previous, signal: never });

  beforeAll(async () => {
    cluster = await ownCluster({ settings: { max_prepared_transactions: '5' } });
    const first = new pg.Client({ connectionString: cluster.url('postgres') });
    await first.connect();
    await first.query('CREATE DATABASE shop');
    await first.query(`CREATE ROLE seller LOGIN PASSWORD 'pw'`);
    await first.end();
    source = openPostgres(cluster.url('shop'));
    admin = await connect('postgres', 'admin');
    await admin.query(
      `CREATE TABLE sale (id int PRIMARY KEY, changed_at timestamptz NOT NULL DEFAULT now());
       GRANT ALL ON sale TO seller`,
    );
  });
  afterAll(async () => {
    await source.close();
    await Promise.all(clients.map((client) => client.end()));
    await cluster.remove();
  });

  it('is the slack below now while nothing is open', async () => {
    const high = await mark();
    expect(high.mark).toBe(subtractMs(high.now, 10_000));
    expect(high).toMatchObject({ degraded: [], heldBackBy: null });
  });

  it('counts a transaction that has only read: it may write later, under its start', async () => {
    const client = await connect();
    await client.query('BEGIN; SELECT 1');
    const { rows } = await client.query(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started`);
    const high = await mark();
    expect(high.mark).toBe(subtractMs(rows[0].started, 10_000));
    expect(high.heldBackBy).toEqual({
      since: rows[0].started,
      what: expect.stringMatching(/application 'app', idle in transaction/),
    });
    await client.query('COMMIT');
    expect((await mark()).heldBackBy).toBeNull();
  });

  it('counts a procedure that committed in its middle by the start of its statement', async () => {
    await admin.query(
      `CREATE PROCEDURE long_work() LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); COMMIT; PERFORM pg_sleep(20); END $$`,
    );
    const client = await connect('postgres', 'procedure');
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const working = client.query('CALL long_work()').catch(() => undefined);
    const state = async () =>
      (
        await admin.query(
          `SELECT to_char(query_start, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS query,
                                 xact_start > query_start + interval '200 ms' AS committed
                            FROM pg_stat_activity WHERE pid = $1`,
          [rows[0].pid],
        )
      ).rows[0];
    await expect.poll(async () => (await state()).committed).toBe(true);
    expect((await mark()).heldBackBy?.since).toBe((await state()).query);
    await admin.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
    await working;
  });

  it('leaves our own readers out, but not a session of ours that writes', async () => {
    const client = await connect('postgres', 'syncline/run-1');
    await client.query('BEGIN; SELECT 1');
    expect((await mark()).heldBackBy).toBeNull();
    await client.query('INSERT INTO sale VALUES (100)');
    expect((await mark()).heldBackBy?.what).toContain('syncline/run-1');
    await client.query('ROLLBACK');
  });

  it('leaves other databases out: what they do cannot write here', async () => {
    const other = new pg.Client({ connectionString: cluster.url('postgres') });
    await other.connect();
    await other.query('BEGIN; SELECT 1');
    expect((await mark()).heldBackBy).toBeNull();
    await other.end();
  });

  it('freezes at the previous mark while a transaction is prepared, and loses none of its rows', async () => {
    const before = await mark();
    const client = await connect();
    await client.query(
      `BEGIN; INSERT INTO sale VALUES (200); SELECT pg_sleep(0.05); PREPARE TRANSACTION 'two-phase'`,
    );
    const high = await mark(before.mark);
    expect(high.mark).toBe(before.mark);
    expect(high.heldBackBy?.what).toContain('two-phase');
    expect((await mark()).degraded.map((entry) => entry.code)).toEqual(['PREPARED_TRANSACTION']);
    await client.query(`COMMIT PREPARED 'two-phase'`);
    const plan = await planOf(source, {
      read: { kind: 'table', table: 'sale' },
      changedAt: changedAt('changed_at'),
    });
    const range = { low: high.mark, now: high.now, after: null };
    const stream = source.readChanges(plan, range, { format: 'rows', pieceBytes: 1e6, signal: never });
    expect(rowsOf(await piecesOf(stream)).map((row) => row[0])).toEqual(['200']);
  });

  it('says when the login may not see other logins’ transactions, and keeps the overlap', async () => {
    const url = new URL(cluster.url('shop'));
    url.username = 'seller';
    url.password = 'pw';
    const seller = openPostgres(url.href);
    const client = await connect();
    await client.query('BEGIN; SELECT 1');
    const high = await mark(null, seller);
    expect(high.degraded.map((entry) => entry.code)).toEqual(['TRANSACTIONS_HIDDEN']);
    expect(high.mark <= subtractMs(high.now, 15 * 60_000)).toBe(true);
    expect((await seller.testConnection(never)).degraded.map((entry) => entry.code)).toContain(
      'TRANSACTIONS_HIDDEN',
    );
    await admin.query('GRANT pg_read_all_stats TO seller');
    const seeing = await mark(null, seller);
    expect(seeing.degraded).toEqual([]);
    expect(seeing.heldBackBy).not.toBeNull();
    await client.query('COMMIT');
    await seller.close();
  });

  it('no longer waits beyond maxTransactionMs, and says so', async () => {
    const impatient = openPostgres(cluster.url('shop'), { maxTransactionMs: 1, slackMs: 0 });
    const client = await connect();
    await client.query('BEGIN; SELECT 1');
    await client.query('SELECT pg_sleep(0.02)');
    const high = await mark(null, impatient);
    expect(high.mark).toBe(subtractMs(high.now, 1));
    expect(high.degraded.map((entry) => entry.code)).toEqual(['TRANSACTION_NOT_AWAITED']);
    await client.query('COMMIT');
    await impatient.close();
  });

  it('loses no row of transactions that commit late, between any two marks', async () => {
    const eager = openPostgres(cluster.url('shop'), { slackMs: 0 });
    await admin.query('TRUNCATE sale');
    const plan = await planOf(eager, {
      read: { kind: 'table', table: 'sale' },
      changedAt: changedAt('changed_at'),
    });
    const writers = await Promise.all([0, 1, 2, 3].map(() => connect()));
    const written = Promise.all(
      writers.map(async (client, writer) => {
        for (let i = 0; i < 40; i++) {
          await client.query(`BEGIN; SELECT pg_sleep(random() * 0.03)`);
          await client.query('INSERT INTO sale VALUES ($1)', [writer * 1_000 + i]);
          await client.query('SELECT pg_sleep(random() * 0.03); COMMIT');
        }
      }),
    );
    let isWriting = true;
    void written.finally(() => {
      isWriting = false;
    });
    const seen = new Set<string>();
    let low = '2000-01-01T00:00:00.000000Z';
    let rounds = 0;
    for (let isLast = false; !isLast; rounds++) {
      isLast = !isWriting;
      const high = await mark(null, eager);
      const stream = eager.readChanges(
        plan,
        { low, now: high.now, after: null },
        { format: 'rows', pieceBytes: 1e6, signal: never },
      );
      // What the mark promises is at most what the read shows: only rows up to it are taken for granted.
      for (const row of rowsOf(await piecesOf(stream))) {
        const at = `${(row[1] as string).replace(' ', 'T').replace(/\+00$/, '').padEnd(26, '0')}Z`;
        if (at.slice(0, 26) <= high.mark.slice(0, 26)) seen.add(row[0] as string);
      }
      low = high.mark;
    }
    await written;
    expect(rounds).toBeGreaterThan(3);
    expect(seen.size).toBe(160);
    await eager.close();
  }, 60_000);
});
