/** Silence is not death: who is found at work is waited for, who is not is cut off. */
import type { Socket } from 'node:net';
import type oracledb from 'oracledb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SessionState, watchSilence } from '../../../src/connectors/oracle/silence.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(ask: () => Promise<SessionState>) {
  const stream = { bytesRead: 0, bytesWritten: 0 } as unknown as Socket & { bytesRead: number };
  const connection = { _impl: { nscon: { ntAdapter: { stream } } } } as unknown as oracledb.Connection;
  const seen = { alive: 0, dead: [] as string[], asked: 0 };
  const stop = watchSilence(connection, {
    silenceMs: 1_000,
    ask: () => {
      seen.asked++;
      return ask();
    },
    onAlive: () => seen.alive++,
    onDead: (reason) => seen.dead.push(reason),
  });
  return { stop, seen, stream };
}

describe('a silent session', () => {
  test.each(['working', 'unknown'] as const)('that is %s is waited for', async (state) => {
    const { seen, stop } = watch(async () => state);
    await vi.advanceTimersByTimeAsync(5_500);
    expect(seen).toEqual({ alive: 5, dead: [], asked: 5 });
    stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen.asked).toBe(5);
  });

  test('is not asked for while bytes move', async () => {
    const { seen, stream } = watch(async () => 'gone');
    for (let i = 0; i < 5; i++) {
      stream.bytesRead += 100;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(seen).toEqual({ alive: 5, dead: [], asked: 0 });
  });

  test('that is gone is cut off at once', async () => {
    const { seen } = watch(async () => 'gone');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toMatchObject({ asked: 1, dead: ['silent, and the server has no such session any more'] });
  });

  test('that has answered gets a second look: the answer may be on its way', async () => {
    const { seen } = watch(async () => 'idle');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(seen.dead).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen.dead).toEqual(['silent, though the server has answered']);
  });

  test('whose answer arrives is not cut off', async () => {
    const { seen, stream } = watch(async () => 'idle');
    await vi.advanceTimersByTimeAsync(1_500);
    stream.bytesRead += 10;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen.dead).toEqual([]);
  });

  test('of a server out of reach is cut off', async () => {
    const { seen } = watch(() =>
      Promise.reject(Object.assign(new Error('NJS-503: no connection'), { code: 'NJS-503' })),
    );
    await vi.advanceTimersByTimeAsync(1_500);
    expect(seen.dead).toEqual(['silent, and the server is out of reach (NJS-503)']);
  });

  test.each([1017, 2391, 942])(
    'is waited for where the second one is refused with ORA-%i',
    async (number) => {
      const { seen } = watch(() => Promise.reject(Object.assign(new Error('no'), { errorNum: number })));
      await vi.advanceTimersByTimeAsync(1_500);
      expect(seen).toMatchObject({ alive: 1, dead: [] });
    },
  );

  test('is not judged by an answer that comes after its call has ended', async () => {
    let tell: (state: SessionState) => void = () => undefined;
    const { seen, stop } = watch(
      () =>
        new Promise((resolve) => {
          tell = resolve;
        }),
    );
    await vi.advanceTimersByTimeAsync(1_500);
    stop();
    tell('gone');
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.dead).toEqual([]);
  });
});
