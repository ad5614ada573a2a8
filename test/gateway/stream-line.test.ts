/** A stream to a slow reader: what moves meanwhile is told once, as it is then. */
import type { FastifyReply } from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { streamLine, toldBefore } from '../../src/gateway/device/stream-line.ts';

type Sent = { readonly id: string; readonly data: { readonly entity: string } };

/** A connection that takes the next event when the test says so. */
function slowReply() {
  const sent: Sent[] = [];
  const drains: (() => void)[] = [];
  const sse = {
    isConnected: true,
    send: (event: Sent) => {
      sent.push(event);
      return new Promise<void>((resolve) => drains.push(resolve));
    },
    close: () => {
      sse.isConnected = false;
    },
  };
  const raw = { destroy: vi.fn(), write: vi.fn() };
  const take = async (): Promise<void> => {
    drains.shift()?.();
    await vi.advanceTimersByTimeAsync(1);
  };
  return { reply: { sse, raw } as unknown as FastifyReply, sse, raw, sent, take };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const line = (reply: FastifyReply, told: ReadonlyMap<string, string> = new Map()) =>
  streamLine(reply, { told, sent: () => undefined });

test('tells the newest head of each entity, however many it missed', async () => {
  const { reply, sent, take } = slowReply();
  const stream = line(reply);
  for (let head = 1; head <= 100; head++) {
    stream.tell('orders', `1.${head}`);
    stream.tell('lines', `1.${head}`);
  }
  for (let i = 0; i < 10; i++) await take();
  expect(sent.map(({ id }) => id)).toEqual([
    'orders=1.1',
    'orders=1.1&lines=1.100',
    'orders=1.100&lines=1.100',
  ]);
});

test('says nothing that the reader knows from before', async () => {
  const { reply, sent } = slowReply();
  const told = toldBefore('orders=1.5&lines=1.4&strange=1.9', ['orders', 'lines']);
  expect([...told.keys()]).toEqual(['orders', 'lines']);
  const stream = line(reply, told);
  stream.tell('orders', '1.5');
  expect(sent).toEqual([]);
  stream.tell('lines', '1.6');
  expect(sent).toMatchObject([{ id: 'orders=1.5&lines=1.6', data: { entity: 'lines' } }]);
  expect(toldBefore(null, ['orders']).size).toBe(0);
});

test('gives up a reader that takes nothing', async () => {
  const { reply, raw, take } = slowReply();
  line(reply).tell('orders', '1.1');
  await vi.advanceTimersByTimeAsync(59_000);
  expect(raw.destroy).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(raw.destroy).toHaveBeenCalledOnce();

  const quick = slowReply();
  line(quick.reply).tell('orders', '1.1');
  await quick.take();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(quick.raw.destroy).not.toHaveBeenCalled();
  await take();
});

test('ends with the reason, once', () => {
  const { reply, raw, sse } = slowReply();
  const stream = line(reply);
  stream.end({ code: 'DEVICE_REVOKED', detail: 'Device d1 may not call any more' });
  stream.end({ code: 'UNAUTHENTICATED', detail: 'The token has expired' });
  expect(raw.write).toHaveBeenCalledOnce();
  expect(raw.write.mock.calls[0]?.[0]).toMatch(/^event: end\ndata: \{"code":"DEVICE_REVOKED".*\n\n$/);
  expect(sse.isConnected).toBe(false);
});
