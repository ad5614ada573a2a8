/** Sessions are opened, kept, asked and given up in bounded time, and a refused login is left alone. */
import type oracledb from 'oracledb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { oracleOptions } from '../../../src/connectors/oracle/config.ts';
import { type PoolSettings, SessionPool } from '../../../src/connectors/oracle/pool.ts';
import { never } from '../kit.ts';

type Fake = { pings: number; closed: boolean; destroyed: boolean; failPing: boolean };

/** A server that gives fake connections, as `answer` says. */
function server(answer: () => Promise<void> = async () => undefined) {
  const made: Fake[] = [];
  let tried = 0;
  const connect = async (): Promise<oracledb.Connection> => {
    tried++;
    await answer();
    const fake: Fake = { pings: 0, closed: false, destroyed: false, failPing: false };
    made.push(fake);
    const connection = {
      clientInfo: '',
      _impl: { nscon: { forceDisconnect: () => (fake.destroyed = true) } },
      ping: async () => {
        fake.pings++;
        if (fake.failPing) throw new Error('NJS-500: closed');
      },
      close: async () => {
        fake.closed = true;
      },
    };
    return connection as unknown as oracledb.Connection;
  };
  return { connect, made, tried: () => tried };
}

const { pool: defaults } = oracleOptions.parse({ connectString: 'h/s', user: 'u', password: 'p' });
const poolOf = (settings: Partial<PoolSettings>, connect: () => Promise<oracledb.Connection>) =>
  new SessionPool('erp', { ...defaults, max: 2, connectTimeoutMs: 1_000, ...settings }, connect);
const refusal = (number: number) => Object.assign(new Error(`ORA-${number}: no`), { errorNum: number });

afterEach(() => {
  vi.useRealTimers();
});

describe('a pool', () => {
  test('opens a session for each who asks, up to its limit, and gives the last used first', async () => {
    const { connect, made } = server();
    const pool = poolOf({}, connect);
    const [first, second] = await Promise.all([pool.acquire(never), pool.acquire(never)]);
    expect(pool.statistics()).toMatchObject({ open: 2, inUse: 2, waiting: 0, opened: 2 });
    const third = pool.acquire(never);
    expect(pool.statistics().waiting).toBe(1);
    pool.release(first, 'keep');
    expect(await third).toBe(first);
    pool.release(second, 'keep');
    pool.release(first, 'keep');
    expect(await pool.acquire(never)).toBe(first);
    expect(made).toHaveLength(2);
  });

  test('names each session, so that another one finds it', async () => {
    const pool = poolOf({}, server().connect);
    const { connection, token } = await pool.acquire(never);
    expect(connection.clientInfo).toBe(token);
    expect(token).toMatch(/^syncline\/[0-9a-f-]{36}$/);
  });

  test('lets nobody wait longer than waitMs, nor after they were stopped', async () => {
    const pool = poolOf({ max: 1, waitMs: 20 }, server().connect);
    const held = await pool.acquire(never);
    await expect(pool.acquire(never)).rejects.toMatchObject({ code: 'SOURCE_BUSY' });
    const stop = new AbortController();
    const stopped = pool.acquire(stop.signal);
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    await expect(pool.acquire(stop.signal)).rejects.toThrow('enough');
    pool.release(held, 'keep');
    expect(await pool.acquire(never)).toBe(held);
  });

  test('hangs up on a session that is dropped', async () => {
    const { connect, made } = server();
    const pool = poolOf({}, connect);
    pool.release(await pool.acquire(never), 'drop');
    expect(made[0]).toMatchObject({ destroyed: true, closed: false });
    expect(pool.statistics().open).toBe(0);
  });

  test('opens `increment` at a time, and keeps `min`', async () => {
    const { connect } = server();
    const pool = poolOf({ max: 5, increment: 2 }, connect);
    await pool.acquire(never);
    await pool.acquire(never);
    await expect.poll(() => pool.statistics().open).toBe(3);
    const keeping = poolOf({ max: 5, min: 3 }, connect);
    await keeping.acquire(never);
    await expect.poll(() => keeping.statistics().open).toBe(3);
  });

  test('does not go on opening for `min` while the server is out of reach', async () => {
    let isUp = true;
    const { connect, tried } = server(async () => {
      if (!isUp) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    const pool = poolOf({ max: 5, min: 3 }, connect);
    await pool.acquire(never);
    isUp = false;
    await expect.poll(tried).toBeGreaterThan(1);
    const before = tried();
    await expect(pool.acquire(new AbortController().signal)).resolves.toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tried() - before).toBeLessThan(3);
  });

  test('closes what was not used for idleMs, down to `min`', async () => {
    vi.useFakeTimers();
    const { connect, made } = server();
    const pool = poolOf({ max: 3, min: 1, idleMs: 1_000 }, connect);
    const sessions = await Promise.all([pool.acquire(never), pool.acquire(never), pool.acquire(never)]);
    for (const session of sessions) pool.release(session, 'keep');
    await vi.advanceTimersByTimeAsync(2_500);
    expect(pool.statistics().open).toBe(1);
    expect(made.filter(({ closed }) => closed)).toHaveLength(2);
  });

  test('does not give a session that is older than lifetimeMs', async () => {
    vi.useFakeTimers();
    const { connect } = server();
    const pool = poolOf({ lifetimeMs: 1_000, idleMs: 0 }, connect);
    const old = await pool.acquire(never);
    pool.release(old, 'keep');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await pool.acquire(never)).not.toBe(old);
  });

  test('asks a session that rested, and opens another when it does not answer', async () => {
    vi.useFakeTimers();
    const { connect, made } = server();
    const pool = poolOf({ pingMs: 1_000, idleMs: 0 }, connect);
    const first = await pool.acquire(never);
    pool.release(first, 'keep');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await pool.acquire(never)).toBe(first);
    expect(made[0]?.pings).toBe(1);
    (made[0] as Fake).failPing = true;
    pool.release(first, 'keep');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await pool.acquire(never)).not.toBe(first);
    expect(made[0]?.destroyed).toBe(true);
  });

  test('asks all that rest when one was found lost', async () => {
    const { connect, made } = server();
    const pool = poolOf({}, connect);
    const [first, second] = await Promise.all([pool.acquire(never), pool.acquire(never)]);
    pool.release(first, 'keep');
    pool.release(second, 'drop');
    expect(await pool.acquire(never)).toBe(first);
    expect(made[0]?.pings).toBe(1);
    pool.release(first, 'keep');
    expect(await pool.acquire(never)).toBe(first);
    expect(made[0]?.pings).toBe(1);
  });

  test('gives a logon that hangs up, and hangs up on what comes of it later', async () => {
    vi.useFakeTimers();
    let answer = (): void => undefined;
    const { connect, made } = server(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const pool = poolOf({}, connect);
    const failure = expect(pool.acquire(never)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(1_100);
    await failure;
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(made[0]?.destroyed).toBe(true);
  });

  test('is closed once and for all', async () => {
    const { connect, made } = server();
    const pool = poolOf({ max: 1 }, connect);
    const held = await pool.acquire(never);
    const waiting = pool.acquire(never);
    const closed = pool.close();
    await expect(waiting).rejects.toThrow('is closed');
    pool.release(held, 'keep');
    await closed;
    expect(made[0]?.closed).toBe(true);
    await expect(pool.acquire(never)).rejects.toThrow('is closed');
  });
});

describe('a refused login', () => {
  test.each([1017, 28000])('ORA-%i is tried once, however many ask for how long', async (number) => {
    vi.useFakeTimers();
    const { connect, tried } = server(() => Promise.reject(refusal(number)));
    const pool = poolOf({ max: 5, min: 5, increment: 3 }, connect);
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => pool.acquire(never)));
    for (const each of asked) {
      expect(each).toMatchObject({ reason: { code: 'SOURCE_AUTH', details: { scope: 'source' } } });
    }
    await vi.advanceTimersByTimeAsync(30_000);
    await expect(pool.acquire(never)).rejects.toMatchObject({ code: 'SOURCE_AUTH' });
    expect(tried()).toBe(1);
  });

  test('is tried again once a minute', async () => {
    vi.useFakeTimers();
    const { connect, tried } = server(() => Promise.reject(refusal(1017)));
    const pool = poolOf({ max: 1 }, connect);
    const ask = () => pool.acquire(never).catch(() => undefined);
    await ask();
    await vi.advanceTimersByTimeAsync(61_000);
    await ask();
    await ask();
    expect(tried()).toBe(2);
    await vi.advanceTimersByTimeAsync(61_000);
    await ask();
    expect(tried()).toBe(3);
  });

  test('is forgotten when the login is taken', async () => {
    vi.useFakeTimers();
    let isLocked = true;
    const { connect } = server(async () => {
      if (isLocked) throw refusal(28000);
    });
    const pool = poolOf({ max: 1 }, connect);
    await expect(pool.acquire(never)).rejects.toMatchObject({ code: 'SOURCE_AUTH' });
    isLocked = false;
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(pool.acquire(never)).resolves.toBeDefined();
  });
});
