import { Readable } from 'node:stream';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type BareGateway, startBareGateway } from './bare-kit.ts';

const MAX_BYTES = 64 * 1_024;

let gateway: BareGateway;

beforeAll(async () => {
  gateway = await startBareGateway({
    settings: { maxBodyBytes: MAX_BYTES },
    routes: (app) => {
      app.post('/echo', { config: { access: 'public' } }, async ({ body }) => ({ body: body ?? 'none' }));
      const body = z.object({ days: z.int().default(30) }).prefault({});
      app.post('/optional', { config: { access: 'public' }, schema: { body } }, async (request) => ({
        body: request.body,
      }));
      app.post('/rows', { config: { access: 'public', judgesRows: true } }, async ({ body }) => ({ body }));
    },
  });
});
afterAll(() => gateway.stop());

type Body = NonNullable<RequestInit['body']>;
type Sent = { path?: string; body?: Body; headers?: Record<string, string> };

async function post({ path = '/echo', body, headers }: Sent): Promise<{ status: number; json: unknown }> {
  const reply = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body, duplex: 'half' }),
  } as RequestInit);
  const isProblem = reply.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  expect(isProblem).toBe(reply.status >= 400);
  return { status: reply.status, json: await reply.json() };
}

describe('a body of JSON', () => {
  test.each([
    ['{"a":[1,1.5,-0.1,"x",null,true]}', { a: [1, 1.5, -0.1, 'x', null, true] }],
    ['[9007199254740993]', ['9007199254740993']],
    [
      '[0.1234567890123456789,1e400,12345678901234567890]',
      ['0.1234567890123456789', '1e400', '12345678901234567890'],
    ],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"a":9007199254740993,"a":9007199254740995}', { a: '9007199254740995' }],
    ['\uFEFF{"a":1}', { a: 1 }],
    ['{"constructor":"a builder","prototype":1}', { constructor: 'a builder', prototype: 1 }],
    [`${'['.repeat(64)}${']'.repeat(64)}`, expect.anything()],
    ['{"text":"[[[[{{{{\\"[["}', { text: '[[[[{{{{"[[' }],
  ])('is read without loss: %.60s', async (body, read) => {
    expect(await post({ body })).toEqual({ status: 200, json: { body: read } });
  });

  test('may be missing, also where a schema says what it is then', async () => {
    expect(await post({})).toEqual({ status: 200, json: { body: 'none' } });
    expect(await post({ path: '/optional' })).toEqual({ status: 200, json: { body: { days: 30 } } });
    expect(await post({ path: '/optional', body: 'null' })).toMatchObject({ status: 400 });
  });

  test('has to say that it is JSON', async () => {
    expect(await post({ body: '{}', headers: { 'content-type': 'text/plain' } })).toMatchObject({
      status: 400,
      json: { code: 'REQUEST_INVALID', remedy: expect.stringContaining('Content-Type: application/json') },
    });
  });

  test.each([
    ['no JSON', '{"a":'],
    ['more than one', '{"a":1}{"b":2}'],
    ['a number of its own', '{"a":NaN}'],
    ['too deep', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['far too deep', '['.repeat(60_000)],
    ['far too deep, with long numbers', `[12345678901234567890,${'['.repeat(40_000)}`],
    ['a prototype', '{"__proto__":{"isAdmin":true}}'],
    ['a prototype in disguise', '{"a":[{"\\u005f_proto__":{"isAdmin":true}}]}'],
    ['a constructor', '{"constructor":{"prototype":{"isAdmin":true}}}'],
    ['a constructor in disguise', '{"c\\u006fnstructor":{"prototype":{"isAdmin":true}}}'],
    ['NUL', '{"a":"x\\u0000y"}'],
    ['NUL in a name', '{"x\\u0000y":1}'],
    ['half a character', '{"a":"\\ud83d"}'],
    ['the other half', '{"a":"\\uDE00\\ud83d"}'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a surrogate as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
  ])('is refused: %s', async (_what, body) => {
    expect(await post({ body })).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
    expect('isAdmin' in {}).toBe(false);
  });

  test('keeps whole characters that are written as escapes', async () => {
    expect(await post({ body: '"\\ud83d\\ude00"' })).toEqual({ status: 200, json: { body: '😀' } });
  });

  test('comes as it is to routes that judge each row', async () => {
    const reply = await post({ path: '/rows', body: '{"rows":["\\u0000"]}' });
    expect(reply).toEqual({ status: 200, json: { body: { rows: ['\u0000'] } } });
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['x'],
    [''],
  ])('is nothing else: %s', async (type) => {
    expect(await post({ body: '{}', headers: { 'content-type': type } })).toMatchObject({ status: 400 });
  });
});

describe('a packed body', () => {
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const packers = {
    gzip: gzipSync,
    deflate: deflateSync,
    br: (plain: Buffer | string): Buffer => brotliCompressSync(plain, quick),
  };

  test.each(Object.entries(packers))('is unpacked: %s', async (encoding, pack) => {
    const body = pack(JSON.stringify({ a: 'x'.repeat(50_000) }));
    const reply = await post({ body, headers: { 'content-encoding': encoding } });
    expect(reply).toEqual({ status: 200, json: { body: { a: 'x'.repeat(50_000) } } });
  });

  test.each(Object.entries(packers))(
    'that becomes too large ends early, in little memory: %s',
    async (encoding, pack) => {
      const bomb = pack(Buffer.alloc(60_000_000, ' '));
      expect(bomb.length).toBeLessThan(MAX_BYTES);
      const before = process.memoryUsage();
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => post({ body: bomb, headers: { 'content-encoding': encoding } })),
      );
      for (const reply of replies)
        expect(reply).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } });
      const grown = process.memoryUsage().rss - before.rss;
      expect(grown).toBeLessThan(100_000_000);
    },
  );

  test.each([
    ['gzip', Buffer.from('{"a":1}')],
    ['gzip', gzipSync('{"a":1}').subarray(0, 12)],
    ['br', Buffer.from('{"a":1}')],
    ['zstd', Buffer.from('{"a":1}')],
    ['gzip, gzip', gzipSync(gzipSync('{"a":1}'))],
    ['constructor', Buffer.from('{}')],
  ])('that is none is refused: %s', async (encoding, body) => {
    const reply = await post({ body, headers: { 'content-encoding': encoding } });
    expect(reply).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
  });
});

describe('a body that is too large', () => {
  test('is refused by what it says', async () => {
    const reply = await post({ body: `"${'x'.repeat(MAX_BYTES)}"` });
    expect(reply).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } });
  });

  test('is refused while it comes, where it does not say how long it is', async () => {
    const parts = Array.from({ length: 50 }, () => Buffer.alloc(4_096, ' '));
    const body = Readable.toWeb(Readable.from(parts)) as unknown as Body;
    expect(await post({ body })).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } });
  });
});
