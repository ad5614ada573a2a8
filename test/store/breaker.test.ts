/** The breaker of a source, by the database's clock: time passes by setting its columns back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  countFailure,
  countSuccess,
  enterBreaker,
  leaveProbe,
  OPEN_AFTER_FAILURES,
  OPEN_MS,
  openForRefusal,
  REFUSED_MS,
} from '../../src/store/breaker.ts';
import { all, openTestStore, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('breaker');
});
afterAll(() => at.drop());

const retry = { baseMs: 1_000, multiplier: 2, maxMs: 32_000, jitter: 0.2 };
const error = { code: 'SOURCE_UNAVAILABLE', message: 'gone' };

const enter = (source: string, holder = 'one') => enterBreaker(at.store.pool, { source, holder });

async function entered(source: string): Promise<string> {
  const answer = await enter(source);
  if (answer.state === 'open') throw new Error('open');
  return answer.enteredAt;
}

const fail = (source: string, enteredAt: string) =>
  countFailure(at.store.pool, { source, error, enteredAt, retry });

const succeed = (source: string, enteredAt = 'infinity') =>
  countSuccess(at.store.pool, { source, enteredAt });

const refusal = { message: 'Source erp: ORA-28000: the account is locked', remedy: 'Have it unlocked.' };
const refuse = (source: string) => openForRefusal(at.store.pool, { source, error: refusal });

async function retryAfter(source: string): Promise<number> {
  const answer = await enter(source);
  return answer.state === 'open' ? answer.retryAfterMs : 0;
}

/** The last failure's delay has passed. */
async function pass(source: string, ms: number): Promise<void> {
  await at.store.pool.query(
    `UPDATE syncline.source_state
        SET last_failure_at = last_failure_at - $2 * interval '1 ms', open_until = open_until - $2 * interval '1 ms',
            probe_until = probe_until - $2 * interval '1 ms'
      WHERE source = $1`,
    [source, ms],
  );
}

async function failUntilOpen(source: string): Promise<void> {
  for (let n = 1; n <= OPEN_AFTER_FAILURES; n++) {
    expect(await fail(source, await entered(source))).toBe(n);
    if (n < OPEN_AFTER_FAILURES) await pass(source, 40_000);
  }
}

describe('the breaker', () => {
  test('stays closed below five failures in a row, and a success starts the count again', async () => {
    for (let n = 1; n < OPEN_AFTER_FAILURES; n++) {
      expect(await fail('few', await entered('few'))).toBe(n);
      await pass('few', 40_000);
    }
    expect(await enter('few')).toMatchObject({ state: 'closed' });
    await succeed('few');
    expect(await fail('few', await entered('few'))).toBe(1);
  });

  test('opens for a minute at the fifth, and says for how long', async () => {
    await failUntilOpen('down');
    const answer = await enter('down');
    expect(answer.state).toBe('open');
    if (answer.state !== 'open') return;
    expect(answer.retryAfterMs).toBeGreaterThan(OPEN_MS - 20_000);
    expect(answer.retryAfterMs).toBeLessThanOrEqual(OPEN_MS);
    await pass('down', OPEN_MS - 5_000);
    expect((await enter('down')).state).toBe('open');
  });

  test('lets one caller probe after the minute; the others wait for its news', async () => {
    await failUntilOpen('half');
    await pass('half', OPEN_MS);
    expect((await enter('half', 'one')).state).toBe('probe');
    expect((await enter('half', 'two')).state).toBe('open');
    await leaveProbe(at.store.pool, { source: 'half', holder: 'two' });
    expect((await enter('half', 'two')).state).toBe('open');
    await leaveProbe(at.store.pool, { source: 'half', holder: 'one' });
    expect((await enter('half', 'two')).state).toBe('probe');
    await succeed('half');
    expect((await enter('half', 'one')).state).toBe('closed');
  });

  test('gives the probe to one of many that ask at once', async () => {
    await failUntilOpen('crowd');
    await pass('crowd', OPEN_MS);
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => enter('crowd', `holder-${i}`)));
    expect(answers.filter(({ state }) => state === 'probe')).toHaveLength(1);
    expect(answers.filter(({ state }) => state === 'open')).toHaveLength(5);
  });

  test('lets another caller probe when the first one died', async () => {
    await failUntilOpen('dead');
    await pass('dead', OPEN_MS);
    expect((await enter('dead', 'one')).state).toBe('probe');
    await pass('dead', 31_000);
    expect((await enter('dead', 'two')).state).toBe('probe');
  });

  test('opens again when the probe fails', async () => {
    await failUntilOpen('still');
    await pass('still', OPEN_MS);
    const probe = await enter('still');
    if (probe.state === 'open') throw new Error('open');
    expect(await fail('still', probe.enteredAt)).toBe(OPEN_AFTER_FAILURES + 1);
    expect((await enter('still')).state).toBe('open');
  });
});

test('lanes that lose their connections in one restart of the source count as one failure', async () => {
  const lanes = await Promise.all(Array.from({ length: 8 }, () => entered('burst')));
  const counts = await Promise.all(lanes.map((enteredAt) => fail('burst', enteredAt)));
  expect(new Set(counts)).toEqual(new Set([1]));
  // A try that comes before the delay of 1 s ± 20 % is the same outage still; one after it counts.
  await pass('burst', 500);
  expect(await fail('burst', await entered('burst'))).toBe(1);
  await pass('burst', 400);
  expect(await fail('burst', await entered('burst'))).toBe(2);
  expect(
    await all(
      at.store,
      `SELECT failures, last_error->>'code' AS code FROM syncline.source_state WHERE source = 'burst'`,
    ),
  ).toEqual([{ failures: 2, code: 'SOURCE_UNAVAILABLE' }]);
});

describe('a refused login', () => {
  test('opens the breaker at once, and says why', async () => {
    const enteredAt = await entered('refused');
    await refuse('refused');
    expect(await enter('refused')).toEqual({
      state: 'open',
      retryAfterMs: expect.any(Number),
      refusal: { code: 'SOURCE_AUTH', ...refusal },
    });
    expect(await retryAfter('refused')).toBeGreaterThan(REFUSED_MS - 20_000);
    // Work on a session that was open before says nothing of the login.
    expect(await succeed('refused', enteredAt)).toBe(false);
    expect((await enter('refused')).state).toBe('open');
  });

  test('is probed by one caller after a minute, then after two, and so on up to an hour', async () => {
    await Promise.all([refuse('again'), refuse('again'), refuse('again')]);
    let restMs = REFUSED_MS;
    for (const expectedMs of [1, 2, 4, 8, 16, 32, 60, 60].map((minutes) => minutes * 60_000)) {
      restMs = await retryAfter('again');
      expect(restMs).toBeGreaterThan(expectedMs - 20_000);
      expect(restMs).toBeLessThanOrEqual(expectedMs);
      await pass('again', expectedMs);
      expect((await enter('again', 'one')).state).toBe('probe');
      expect(await enter('again', 'two')).toMatchObject({ state: 'open', refusal: null });
      await refuse('again');
    }
    await pass('again', 3_600_000);
    const probe = await enter('again', 'one');
    if (probe.state === 'open') throw new Error('open');
    expect(await succeed('again', probe.enteredAt)).toBe(true);
    expect((await enter('again', 'two')).state).toBe('closed');
    await refuse('again');
    expect(await retryAfter('again')).toBeLessThanOrEqual(REFUSED_MS);
  });

  test('that another failure follows at the probe leaves the counting to that', async () => {
    await refuse('gone');
    await pass('gone', REFUSED_MS);
    const probe = await enter('gone');
    if (probe.state === 'open') throw new Error('open');
    await fail('gone', probe.enteredAt);
    expect((await enter('gone')).state).toBe('closed');
  });
});
