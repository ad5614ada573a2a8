/** The way to a source: breaker, slots over all workers, counted failures. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { retryDelayMs, withSource } from '../../src/activities/source-access.ts';
import type { Source } from '../../src/connectors/contract.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { all, openTestStore, type TestStore } from '../store/load-kit.ts';
import { depsOf, entityOf, type Kit, RETRY, unavailable } from './kit.ts';

let at: TestStore;
let other: Store;
beforeAll(async () => {
  at = await openTestStore('source_access');
  other = await openStore({ url: at.url, poolMax: 6, applicationName: 'syncline/test-other' });
});
afterAll(async () => {
  await other.close();
  await at.drop();
});

const kitOf = (more: Parameters<typeof depsOf>[2] = {}, store: Store = at.store): Kit =>
  depsOf(store, [entityOf('sales')], more);

const ref = { pipeline: 'pos', runId: 'run-1' };
const use = <T>(
  kit: Kit,
  work: (source: Source) => Promise<T>,
  signal = new AbortController().signal,
): Promise<T> => withSource(kit, { ref, signal }, work);

const forget = () => at.store.pool.query('DELETE FROM syncline.source_state');
const back = (ms: number) =>
  at.store.pool.query(
    `UPDATE syncline.source_state SET last_failure_at = last_failure_at - $1 * interval '1 ms',
                                      open_until = open_until - $1 * interval '1 ms'`,
    [ms],
  );
const failures = async () =>
  (await all<{ failures: number }>(at.store, 'SELECT failures FROM syncline.source_state'))[0]?.failures ?? 0;

const failing = async (): Promise<never> => {
  throw unavailable();
};
const caught = (work: Promise<unknown>): Promise<SyncError> =>
  work.then(
    () => Promise.reject(new Error('no error')),
    (e) => e,
  );

function signalOf(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

describe('failures', () => {
  test('carry the delay that the store’s count asks for, until the breaker opens', async () => {
    await forget();
    const kit = kitOf();
    for (const [n, delayMs] of [1_000, 2_000, 4_000, 8_000, 16_000].entries()) {
      const error = await caught(use(kit, failing));
      expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { failures: n + 1 } });
      expect(error.details.retryAfterMs).toBeGreaterThanOrEqual(delayMs * 0.8);
      expect(error.details.retryAfterMs).toBeLessThanOrEqual(delayMs * 1.2);
      if (n < 4) await back(40_000);
    }
    const open = await caught(use(kit, async () => 'not reached'));
    expect(open).toMatchObject({ code: 'SOURCE_CIRCUIT_OPEN', retryable: true });
    expect(open.details.retryAfterMs).toBeGreaterThan(40_000);
  });

  test('start from zero after a success', async () => {
    await forget();
    const kit = kitOf();
    await caught(use(kit, failing));
    expect(await failures()).toBe(1);
    expect(await use(kit, async () => 'there')).toBe('there');
    expect(await failures()).toBe(0);
  });

  test('of data, queries and grants are not counted', async () => {
    await forget();
    const kit = kitOf();
    for (const error of [
      new SyncError('SOURCE_QUERY', { message: 'no such column' }),
      new SyncError('SOURCE_AUTH', { message: 'no SELECT on it', details: { scope: 'entity' } }),
      new Error('a defect'),
    ]) {
      expect(await caught(use(kit, () => Promise.reject(error)))).toBe(error);
    }
    expect(await failures()).toBe(0);
  });

  test('are given up after maxFailures', async () => {
    await forget();
    const kit = kitOf({ retry: { maxFailures: 2 } });
    expect(await caught(use(kit, failing))).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await back(40_000);
    expect(await caught(use(kit, failing))).toMatchObject({ code: 'SOURCE_GIVEN_UP', retryable: false });
  });

  test.each([
    [1, 0.5, 1_000],
    [1, 0, 800],
    [2, 0.5, 2_000],
    [6, 0.5, 32_000],
    [60, 0.5, 32_000],
  ])('delay after %i failures at chance %f: %i ms', (count, chance, ms) => {
    expect(retryDelayMs(RETRY, count, chance)).toBe(ms);
  });
});

describe('the half-open breaker', () => {
  async function halfOpen(): Promise<void> {
    await forget();
    const kit = kitOf();
    for (let n = 1; n <= 5; n++) {
      await caught(use(kit, failing));
      await back(61_000);
    }
  }

  test('asks the source one short question before the work, and closes by its answer', async () => {
    await halfOpen();
    const kit = kitOf();
    let failuresAtWork = -1;
    await use(kit, async () => {
      failuresAtWork = await failures();
    });
    expect(kit.source.calls).toEqual(['proveLogin']);
    expect(failuresAtWork).toBe(0);
  });

  test('opens again, and does not begin the work, when the question fails', async () => {
    await halfOpen();
    const kit = kitOf();
    kit.source.failures.push(unavailable());
    let begun = false;
    const error = await caught(
      use(kit, async () => {
        begun = true;
      }),
    );
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { failures: 6 } });
    expect(begun).toBe(false);
    expect(await caught(use(kit, async () => undefined))).toMatchObject({ code: 'SOURCE_CIRCUIT_OPEN' });
  });

  test('lets one lane probe while the others of the same worker wait', async () => {
    await halfOpen();
    const kit = kitOf();
    const answer = signalOf();
    const asked = signalOf();
    kit.source.proveLogin = async () => {
      asked.give();
      await answer.given;
    };
    const probe = use(kit, async () => 'probed');
    await asked.given;
    expect(await caught(use(kit, async () => undefined))).toMatchObject({ code: 'SOURCE_CIRCUIT_OPEN' });
    answer.give();
    expect(await probe).toBe('probed');
    expect(await use(kit, async () => 'open to all')).toBe('open to all');
  });
});

describe('slots', () => {
  test('two workers together hold no more connections than the limit; the rest waits for one', async () => {
    await forget();
    const workers = [
      kitOf({ concurrency: 3, workerId: 'a' }),
      kitOf({ concurrency: 3, workerId: 'b' }, other),
    ];
    let inUse = 0;
    let most = 0;
    const lane = (kit: Kit) =>
      use(kit, async () => {
        most = Math.max(most, ++inUse);
        await at.store.pool.query('SELECT pg_sleep(0.05)');
        inUse--;
      });
    await Promise.all(Array.from({ length: 9 }, (_, i) => lane(workers[i % 2] as Kit)));
    expect(most).toBe(3);
    expect(await all(at.store, 'SELECT FROM syncline.source_slot')).toEqual([]);
  });

  test('that stay taken make the caller come again', async () => {
    await forget();
    const kit = kitOf({ concurrency: 1 });
    await at.store.pool.query(
      `INSERT INTO syncline.source_slot VALUES ('shop', 1, 'somebody', clock_timestamp() + interval '1 minute')`,
    );
    const error = await caught(use(kit, async () => undefined));
    expect(error).toMatchObject({
      code: 'SOURCE_BUSY',
      retryable: true,
      details: { retryAfterMs: expect.any(Number) },
    });
    await at.store.pool.query('DELETE FROM syncline.source_slot');
  });

  test('are given back when the work throws', async () => {
    await forget();
    await caught(use(kitOf(), failing));
    expect(await all(at.store, 'SELECT FROM syncline.source_slot')).toEqual([]);
  });

  test('are not waited for after an abort', async () => {
    await forget();
    const reason = new Error('cancelled');
    await expect(use(kitOf(), async () => undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
