import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { settledOf } from '../../src/domain/approval/notification.ts';
import { retryAfter } from '../../src/notify/http-post.ts';
import { deadPort, failureOf, notification, notifierOf, PATIENT_MS, SECRET, startReceiver } from './kit.ts';

const webhook = (url: string, timeoutMs = PATIENT_MS) => ({ webhook: { url, secret: SECRET, timeoutMs } });

test('posts the notification as JSON, signed over the bytes that travel', async () => {
  const { url, received } = await startReceiver();
  const given = { row: 'Zoë "✓"', title: 'a title' };
  const deliveries = await notifierOf(webhook(url)).send(given);
  expect(deliveries).toEqual([{ channel: 'webhook', to: null, outcome: 'delivered', why: null }]);
  expect(received).toHaveLength(1);
  const [{ method, headers, body } = { method: '', headers: {}, body: '' }] = received;
  expect(method).toBe('POST');
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['syncline-id']).toBe('conflict/7f3c/1/proposed');
  expect(JSON.parse(body)).toEqual({ format: 1, ...notification(given) });
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['syncline-signature'])) ?? [];
  expect(Math.abs(Number(seconds) - Date.now() / 1_000)).toBeLessThan(3_600);
  expect(hex).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'));
});

test('an id that a header cannot carry is percent-encoded there', async () => {
  const { url, received } = await startReceiver();
  await notifierOf(webhook(url)).send({ id: 'conflict/é\r\nX-Evil: 1/1' });
  expect(received[0]?.headers['syncline-id']).toBe('conflict%2F%C3%A9%0D%0AX-Evil%3A%201%2F1');
  expect(received[0]?.headers['x-evil']).toBeUndefined();
});

describe('refused for good, logged, and no error', () => {
  test.each([400, 401, 404, 410, 413, 422])('%i', async (status) => {
    const { url } = await startReceiver((response) => response.writeHead(status).end('no'));
    const notifier = notifierOf(webhook(url));
    const why = `${new URL(url).host} answered ${status}`;
    expect(await notifier.send()).toEqual([{ channel: 'webhook', to: null, outcome: 'refused', why }]);
    expect(notifier.warnings).toEqual([
      {
        fields: { notification: 'conflict/7f3c/1/proposed', channel: 'webhook', to: null, why },
        message: 'a notification was refused for good',
      },
    ]);
  });
});

describe('to be tried again', () => {
  test.each([408, 429, 500, 502, 503])('%i', async (status) => {
    const { url } = await startReceiver((response) => response.writeHead(status).end());
    const error = await failureOf(notifierOf(webhook(url)).send());
    expect(error.retryable).toBe(true);
    expect(error.message).toBe(
      `Conflict 7f3c was not told everywhere: webhook: ${new URL(url).host} answered ${status}`,
    );
    expect(error.details).not.toHaveProperty('retryAfterMs');
    expect(JSON.stringify([error.message, error.details])).not.toContain('hidden');
  });

  test('a pause that the receiver asks for is in the details', async () => {
    const { url } = await startReceiver((response) => response.writeHead(429, { 'retry-after': '17' }).end());
    expect((await failureOf(notifierOf(webhook(url)).send())).details).toMatchObject({
      retryAfterMs: 17_000,
    });
  });

  test('a redirect, which is not followed', async () => {
    const elsewhere = await startReceiver();
    const { url } = await startReceiver((response) =>
      response.writeHead(302, { location: elsewhere.url }).end(),
    );
    const error = await failureOf(notifierOf(webhook(url)).send());
    expect(error.message).toContain('answered 302, a redirect, which is not followed: configure the address');
    expect(elsewhere.received).toEqual([]);
  });

  test('a receiver that never answers', async () => {
    const { url } = await startReceiver(() => undefined);
    expect((await failureOf(notifierOf(webhook(url, 300)).send())).message).toMatch(
      /127\.0\.0\.1:\d+ did not answer within 300 ms$/,
    );
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['hangs up', (response) => response.socket?.destroy(), /could not be reached \(ECONNRESET\)/],
    ['speaks another protocol', (response) => response.socket?.end('220 mail\r\n'), /\(HPE_INVALID/],
  ])('a receiver that %s', async (_, answer, message) => {
    const { url } = await startReceiver(answer);
    expect((await failureOf(notifierOf(webhook(url)).send())).message).toMatch(message);
  });

  test('nobody listens', async () => {
    const url = `http://127.0.0.1:${await deadPort()}/`;
    expect((await failureOf(notifierOf(webhook(url)).send())).message).toContain('(ECONNREFUSED)');
  });
});

describe('the status is what counts', () => {
  const taken = [{ channel: 'webhook', to: null, outcome: 'delivered', why: null }];

  test('of an answer that does not end', async () => {
    const { url } = await startReceiver((response) => response.writeHead(200).write('a beginning'));
    expect(await notifierOf(webhook(url, 3_000)).send()).toEqual(taken);
  });

  test('of an answer that is cut off', async () => {
    const { url } = await startReceiver((response) => {
      response.writeHead(202, { 'content-length': '100' });
      response.write('a beginning', () => response.socket?.destroy());
    });
    expect(await notifierOf(webhook(url)).send()).toEqual(taken);
  });

  test('of an answer without end', async () => {
    const { url } = await startReceiver((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    expect(await notifierOf(webhook(url)).send()).toEqual(taken);
  });
});

test('a cancelled send ends with the reason of its signal', async () => {
  const { url, firstRequest } = await startReceiver(() => undefined);
  const controller = new AbortController();
  const sending = notifierOf(webhook(url)).send({}, { signal: controller.signal });
  await firstRequest;
  const reason = new Error('the activity is cancelled');
  controller.abort(reason);
  await expect(sending).rejects.toBe(reason);
});

test('a notifier that closes ends what is under way, to be tried elsewhere', async () => {
  const { url, firstRequest } = await startReceiver(() => undefined);
  const notifier = notifierOf(webhook(url));
  const failure = failureOf(notifier.send());
  await firstRequest;
  await notifier.close();
  expect((await failure).message).toContain('this process stopped before there was an answer');
  expect((await failureOf(notifier.send())).message).toContain('this process stopped');
});

test('Retry-After is seconds or a date, an hour at most', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  expect(retryAfter(undefined, nowMs)).toBeNull();
  expect(retryAfter('soon', nowMs)).toBeNull();
  expect(retryAfter(' 30 ', nowMs)).toBe(30_000);
  expect(retryAfter('99999999999999999999', nowMs)).toBe(3_600_000);
  expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', nowMs)).toBe(60_000);
  expect(retryAfter('Thu, 01 Jan 2015 00:00:00 GMT', nowMs)).toBe(0);
});

test('what is settled is read from details, whatever they are', () => {
  const done = { channel: 'webhook', to: null, outcome: 'delivered', why: null } as const;
  expect(settledOf({ settled: [done], failed: [], retryAfterMs: 5 })).toEqual([done]);
  expect(settledOf({ settled: [{ ...done, outcome: 'failed' }] })).toEqual([]);
  for (const odd of [undefined, null, 'x', [], {}, { settled: 'all' }, { settled: [{ channel: 'fax' }] }]) {
    expect(settledOf(odd)).toEqual([]);
  }
});
