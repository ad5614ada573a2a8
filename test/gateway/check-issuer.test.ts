import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthSettings } from '../../src/domain/access/gateway-settings.ts';
import { checkIssuer } from '../../src/gateway/access/check-issuer.ts';

let server: Server;
let origin: string;
const replies: Record<string, unknown> = {
  '/keys': {
    keys: [
      { kty: 'RSA', n: 'x', e: 'AQAB' },
      { kty: 'EC', crv: 'P-256', alg: 'ES256', x: 'x', y: 'y' },
      { kty: 'RSA', use: 'enc', n: 'x', e: 'AQAB' },
    ],
  },
  '/others': { keys: [{ kty: 'EC', crv: 'P-384', alg: 'ES384', x: 'x', y: 'y' }] },
  '/page': 'not found, but nicely',
};

beforeAll(async () => {
  server = createServer((request, reply) => {
    const said = replies[request.url ?? ''];
    reply.writeHead(said === undefined ? 404 : 200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(said ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

function authOf(keys: AuthSettings['keys']): AuthSettings {
  return {
    issuer: 'https://login.example.com',
    audience: 'syncline',
    keys,
    algorithms: ['RS256', 'ES256'],
    claims: { user: 'sub', device: 'device_id', roles: 'roles', permissions: 'permissions' },
    deviceTokens: null,
  };
}
const at = (path: string) => checkIssuer(authOf({ jwksUrl: `${origin}${path}` }));

test('keys that tokens can be verified with are counted', async () => {
  expect(await at('/keys')).toEqual([
    { subject: 'issuer', level: 'ok', message: 'has 2 keys for RS256 or ES256' },
  ]);
  expect(await at('/others')).toMatchObject([
    {
      level: 'error',
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('no key for RS256 or ES256'),
    },
  ]);
});

test('keys that cannot be had are an error, with the address and the reason', async () => {
  for (const path of ['/missing', '/page']) {
    expect(await at(path)).toMatchObject([
      { level: 'error', code: 'ISSUER_UNAVAILABLE', message: expect.stringContaining(`${origin}${path}`) },
    ]);
  }
});

test('keys that come over plain HTTP from another machine are a degraded mode, whether they come or not', async () => {
  const found = await checkIssuer(authOf({ jwksUrl: 'http://issuer.invalid/keys' }));
  expect(found).toMatchObject([
    { level: 'error', code: 'ISSUER_UNAVAILABLE' },
    { level: 'degraded', message: expect.stringContaining('issuer.invalid') },
  ]);
});

test('a shared secret is looked for nowhere', async () => {
  expect(await checkIssuer(authOf({ secret: 'x'.repeat(64) }))).toEqual([]);
});
