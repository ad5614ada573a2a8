import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { GatewaySettings } from '../../src/domain/access/gateway-settings.ts';
import { SyncError } from '../../src/domain/errors.ts';
import type { GatewayApp } from '../../src/gateway/app.ts';
import { dependsOnCaller } from '../../src/gateway/browsers.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { healthRoutes } from '../../src/gateway/health.ts';
import { type BareGateway, startBareGateway } from './bare-kit.ts';

let gateway: BareGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

const MINUTE_MS = 60_000;
const limits = (changed: Partial<GatewaySettings['limits']>): Partial<GatewaySettings> => ({
  limits: {
    address: { requests: 1_000, windowMs: MINUTE_MS },
    device: { requests: 1_000, windowMs: MINUTE_MS },
    sourceReads: { requests: 1_000, windowMs: MINUTE_MS },
    ...changed,
  },
});

function routes(app: GatewayApp): void {
  app.get('/open', { config: { access: 'public' } }, async () => ({ ok: true }));
  app.get('/closed', { config: { access: ['device'] } }, async () => ({ ok: true }));
  app.get('/kept', { config: { access: 'public' } }, async (_request, reply) =>
    dependsOnCaller(reply).header('cache-control', 'private, no-cache').send({ ok: true }),
  );
  app.get('/broken', { config: { access: 'public' } }, async () => {
    throw new Error('a row says PRIVATE-ROW-VALUE');
  });
  app.get('/no-store', { config: { access: 'public' } }, async () => {
    throw new SyncError('STORE_UNAVAILABLE', { message: 'connect ECONNREFUSED db.internal:5432' });
  });
  app.get('/events', { config: { access: 'public' }, sse: 'only' } as never, async () => undefined);
  app.get('/from-source', { config: { access: ['device'] } }, async (request, reply) => {
    await app.limits.sourceReads(request, reply);
    return { ok: true };
  });
  app.get(
    '/things/:name',
    { config: { access: 'public' }, schema: { params: z.object({ name: z.string() }) } },
    async ({ params }) => params,
  );
}

async function start(settings: Partial<GatewaySettings> = {}): Promise<BareGateway> {
  gateway = await startBareGateway({ settings, routes });
  return gateway;
}

const as = (who: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${who}` },
});

/** Bytes as they are, over a connection of its own. @returns what comes back until it is closed. */
function speak(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    let heard = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      heard += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
    socket.write(bytes);
  });
}

describe('replies', () => {
  test('say nothing of the framework, and are for nobody to guess or keep', async () => {
    const { url } = await start();
    const reply = await fetch(`${url}/open`);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-powered-by')).toBeNull();
    expect(reply.headers.get('server')).toBeNull();
    const missing = await fetch(`${url}/nowhere`);
    expect(missing.headers.get('cache-control')).toBe('no-store');
    expect(missing.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('to HEAD are as guarded as those to GET', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/closed`, { method: 'HEAD' })).status).toBe(401);
    expect((await fetch(`${url}/closed`, { method: 'HEAD', ...as('anna/phone') })).status).toBe(200);
  });

  test('have the id that a proxy gave, if it is one, or a new one', async () => {
    const { url } = await start();
    const idOf = async (given: string): Promise<string | null> =>
      (await fetch(`${url}/open`, { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await idOf('edge-1234.abcd')).toBe('edge-1234.abcd');
    for (const odd of ['short', 'with spaces in it', '"quoted","x":1', 'x'.repeat(65)]) {
      expect(await idOf(odd)).toMatch(/^[0-9a-f-]{36}$/);
    }
    const problem = (await (await fetch(`${url}/nowhere`)).json()) as { requestId: string };
    expect(problem.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('are problems also where a plugin refuses', async () => {
    const { url } = await start();
    const reply = await fetch(`${url}/events`, { headers: { accept: 'application/json' } });
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(await reply.json()).toMatchObject({ status: 406, code: 'REQUEST_INVALID' });
  });

  test('keep to themselves what nobody foresaw', async () => {
    const { url, logged } = await start();
    const reply = await fetch(`${url}/broken`);
    expect(reply.status).toBe(500);
    const text = await reply.text();
    expect(text).not.toContain('PRIVATE');
    expect(logged()).toContain((JSON.parse(text) as { requestId: string }).requestId);
  });
});

test('where servers are is not said to everybody', async () => {
  const { url, logged } = await start();
  const reply = await fetch(`${url}/no-store`);
  expect(reply.status).toBe(503);
  expect(await reply.json()).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    detail: 'The store cannot be used now',
  });
  expect(logged()).toContain('db.internal');
});

describe('the log', () => {
  test('has a line for each request, without what is in its address', async () => {
    const { url, logged } = await start();
    await fetch(`${url}/things/SECRET-KEY?filter=SECRET-FILTER`, as('anna/phone'));
    await fetch(`${url}/closed?cursor=SECRET-CURSOR`, as('anna/phone'));
    await fetch(`${url}/SECRET-PATH`);
    const lines = logged()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { route: '/things/:name', method: 'GET', status: 200 },
      { route: '/closed', user: 'anna', device: 'phone', status: 200 },
      { route: null, status: 404 },
    ]);
    expect(logged()).not.toContain('SECRET');
    expect(logged()).not.toContain('Bearer');
  });
});

describe('addresses', () => {
  test.each([
    ['/things/a%00b', 400],
    ['/things/%', 400],
    ['/things/%ed%a0%80', 400],
    ['/things/ok?x=%00', 400],
    ['/things/ok?filter[%00]=x', 400],
    ['/things/ok?filter[__proto__]=x', 400],
    [`/things/${'x'.repeat(9_000)}`, 400],
    [`/things/ok?${'x=1&'.repeat(65)}`, 400],
    [`/things/${'x'.repeat(3_000)}`, 200],
    ['/things/%F0%9F%98%80', 200],
    ['/things/..%2f..%2fetc%2fpasswd', 200],
    ['/v1/docs/static/..%2f..%2f..%2fpackage.json', 404],
  ])('are read, or refused: %.40s', async (path, status) => {
    const { url } = await start();
    const reply = await fetch(`${url}${path}`);
    expect(reply.status).toBe(status);
    if (status < 400) return;
    const { requestId, ...problem } = (await reply.json()) as { requestId: string };
    expect(problem).toMatchObject({ status });
    expect(reply.headers.get('x-request-id')).toBe(requestId);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n', 400],
    ['GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['HELO gateway\r\n\r\n', 400],
    [`GET /open HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ])('of no HTTP are answered: %.30s', async (bytes, status) => {
    const { url } = await start();
    const heard = await speak(url, bytes);
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(heard).toContain('application/problem+json');
    expect(heard).toContain('"code":"REQUEST_INVALID"');
  });
});

describe('limits of rate', () => {
  test('hold for an address, before anybody is known', async () => {
    const { url } = await start(limits({ address: { requests: 3, windowMs: MINUTE_MS } }));
    for (const status of [401, 401, 401, 429]) {
      const reply = await fetch(`${url}/closed`);
      expect(reply.status).toBe(status);
      if (status !== 429) continue;
      expect(await reply.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    // Paths that do not exist, too.
    expect((await fetch(`${url}/nowhere`)).status).toBe(429);
  });

  test('hold for a device, or for a user without one', async () => {
    const { url } = await start(limits({ device: { requests: 2, windowMs: MINUTE_MS } }));
    const statusOf = async (who: string): Promise<number> => (await fetch(`${url}/closed`, as(who))).status;
    for (const who of ['anna/phone', 'anna/tablet', 'anna', 'ben']) {
      expect([await statusOf(who), await statusOf(who), await statusOf(who)]).toEqual([200, 200, 429]);
    }
    expect((await fetch(`${url}/open`)).status).toBe(200);
  });

  test('hold for what a device has under way at a time', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    gateway = await startBareGateway({
      routes: (app) => {
        app.get('/slow', { config: { access: ['device'] } }, async () => {
          await finished;
          return { ok: true };
        });
      },
    });
    const ask = async (who: string): Promise<number> => {
      const reply = await fetch(`${gateway?.url}/slow`, as(who));
      if (reply.status === 429) finish();
      return reply.status;
    };
    const statuses = await Promise.all(Array.from({ length: 33 }, () => ask('anna/phone')));
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect(await ask('anna/phone')).toBe(200);
  });

  test('hold for reads from sources beside the others', async () => {
    const { url } = await start(limits({ sourceReads: { requests: 1, windowMs: MINUTE_MS } }));
    expect((await fetch(`${url}/from-source`, as('anna/phone'))).status).toBe(200);
    expect((await fetch(`${url}/from-source`, as('anna/phone'))).status).toBe(429);
    expect((await fetch(`${url}/closed`, as('anna/phone'))).status).toBe(200);
  });

  test('believe an address that a proxy tells only where the proxy is named', async () => {
    const one = { address: { requests: 1, windowMs: MINUTE_MS } };
    const twice = async (url: string): Promise<number[]> =>
      Promise.all(
        ['203.0.113.1', '203.0.113.2'].map(
          async (address) => (await fetch(`${url}/open`, { headers: { 'x-forwarded-for': address } })).status,
        ),
      );
    expect((await twice((await start(limits(one))).url)).sort()).toEqual([200, 429]);
    await gateway?.stop();
    expect(await twice((await start({ ...limits(one), trustedProxies: ['127.0.0.1'] })).url)).toEqual([
      200, 200,
    ]);
  });
});

describe('browsers', () => {
  const ORIGIN = 'https://app.example.com';
  const preflight = (url: string, origin: string): Promise<Response> =>
    fetch(`${url}/closed`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,if-match,if-none-match,idempotency-key',
      },
    });

  test('may call from nowhere, unless the configuration says so', async () => {
    const { url } = await start();
    const reply = await preflight(url, ORIGIN);
    expect(reply.status).toBe(404);
    expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    const plain = await fetch(`${url}/open`, { headers: { origin: ORIGIN } });
    expect(plain.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('may call from the origins that are listed', async () => {
    const { url } = await start({ corsOrigins: [ORIGIN] });
    const reply = await preflight(url, ORIGIN);
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(reply.headers.get('access-control-allow-credentials')).toBeNull();
    const allowed = reply.headers.get('access-control-allow-headers')?.toLowerCase().split(/, */);
    for (const name of [
      'etag',
      'if-match',
      'if-none-match',
      'idempotency-key',
      'authorization',
      'content-type',
    ]) {
      expect(allowed).toContain(name);
    }
    const call = await fetch(`${url}/closed`, { headers: { origin: ORIGIN } });
    expect(call.status).toBe(401);
    expect(call.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const exposed = call.headers.get('access-control-expose-headers')?.toLowerCase();
    for (const name of ['etag', 'retry-after', 'location', 'syncline-server-hlc']) {
      expect(exposed).toContain(name);
    }
    expect(call.headers.get('vary')).toContain('Origin');
    const kept = await fetch(`${url}/kept`, { headers: { origin: ORIGIN } });
    expect(kept.headers.get('vary')).toBe('Origin, Authorization, Accept-Encoding');
  });

  test('of other origins learn nothing', async () => {
    const { url } = await start({ corsOrigins: [ORIGIN] });
    for (const origin of ['https://evil.example.com', 'null', `${ORIGIN}.evil.com`]) {
      const reply = await preflight(url, origin);
      expect(reply.headers.get('access-control-allow-origin')).not.toBe(origin);
      expect(reply.headers.get('access-control-allow-origin')).not.toBe('*');
    }
  });
});

describe('readiness', () => {
  const broken = { query: () => Promise.reject(new Error('connect ECONNREFUSED db.internal:5432')) };

  test('says what is missing, and not where it is', async () => {
    gateway = await startBareGateway({
      routes: healthRoutes,
      deps: {
        store: { pool: broken, probePool: broken } as unknown as GatewayDeps['store'],
        client: { withDeadline: async () => ({}) } as unknown as GatewayDeps['client'],
      },
    });
    expect((await fetch(`${gateway.url}/v1/health`)).status).toBe(200);
    const reply = await fetch(`${gateway.url}/v1/ready`);
    expect(reply.status).toBe(503);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    const text = await reply.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'NOT_READY' });
    expect(text).not.toContain('internal');
    expect(gateway.logged()).toContain('ECONNREFUSED');
  });
});
