import { Context } from '@temporalio/activity';
import { expect, test, vi } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import { followRun, startRun } from '../../src/client.ts';
import { fakeRun, syncError } from './fake-run.ts';
import { startWorld } from './world.ts';

// They wait for seconds, side by side, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

async function runToEnd(activities: Activities) {
  const world = await startWorld(activities);
  const { client, config, pipeline } = world;
  try {
    return await followRun(client, await startRun(client, config, { pipeline, mode: 'incremental' }));
  } finally {
    await world.close();
  }
}

/** Milliseconds between the attempts of the first `fails` calls and their successors. */
function failing(fails: number, error: Error) {
  const at: number[] = [];
  return {
    gaps: () => at.slice(1).map((time, index) => time - (at[index] as number)),
    tryOnce: () => {
      at.push(performance.now());
      if (Context.current().info.attempt <= fails) throw error;
    },
  };
}

test.concurrent('the delay that an error names is the delay that passes', async () => {
  const source = failing(1, syncError('SOURCE_UNAVAILABLE', 'away', { retryAfterMs: 2_500 }));
  const fake = fakeRun([{ entity: 'sales' }], {
    copyChanges: async (input, base) => {
      source.tryOnce();
      return base(input);
    },
  });
  expect(await runToEnd(fake.activities)).toMatchObject({ status: 'SUCCESS' });
  // Without it, the first delay is a second. Servers keep time to about a second.
  expect(source.gaps()).toHaveLength(1);
  expect(source.gaps()[0]).toBeGreaterThanOrEqual(2_490);
});

test.concurrent('where no delay is named, attempts begin a second apart and double', async () => {
  const store = failing(2, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  const fake = fakeRun([{ entity: 'sales' }], {
    prepareEntity: async (input, base) => {
      store.tryOnce();
      return base(input);
    },
  });
  expect(await runToEnd(fake.activities)).toMatchObject({ status: 'SUCCESS' });
  const [first, second] = store.gaps() as [number, number];
  expect(first).toBeGreaterThanOrEqual(990);
  expect(second).toBeGreaterThanOrEqual(1_990);
});

test.concurrent('a full run waits for the lease as long as it takes', async () => {
  const lease = failing(5, syncError('LEASE_HELD', 'another run is at work', { retryAfterMs: 20 }));
  const fake = fakeRun([{ entity: 'sales' }], {
    openRun: async (input, base) => {
      lease.tryOnce();
      return base(input);
    },
  });
  expect(await runToEnd(fake.activities)).toMatchObject({ status: 'SUCCESS' });
  // Five delays of its own would be 1 + 2 + 4 + 8 + 16 s.
  expect(lease.gaps()).toHaveLength(5);
  expect(lease.gaps().reduce((sum, gap) => sum + gap, 0)).toBeLessThan(15_000);
});
