/** Devices register, get tokens of their own, and are told apart; whoever may not is refused. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewaySettings } from '../../src/domain/access/gateway-settings.ts';
import { revokeDevice } from '../../src/store/devices.ts';
import { createWorld, type World } from '../e2e/world.ts';
import {
  AUDIENCE,
  AUTH,
  gatewayEnvironment,
  ISSUER,
  type RunningGateway,
  registered,
  SECRET,
  startTestGateway,
  tokenOf,
} from './kit.ts';

const DEVICE_SECRET = 'a secret of devices, also at least thirty-two characters';

let world: World;
let gateway: RunningGateway;
/** Its issuer knows devices; this gateway gives out no tokens. */
let strict: RunningGateway;

beforeAll(async () => {
  world = await createWorld('gateway_registration', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY, region text, price numeric)',
    pipelines: `{ gateway_registration: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item',
        upload: { writeBack: 'source', writable: ['price'], operations: ['insert', 'update'] },
        feed: { partitions: { region: 'region' } } } } } },
      gateway: { auth: ${AUTH}, partitions: { region: { claim: 'regions', groups: { NA: ['US', 'CA'] } } } }`,
    environment: gatewayEnvironment,
  });
  const settings = world.config.gateway as GatewaySettings;
  strict = await startTestGateway(world);
  gateway = await startTestGateway(world, {
    settings: {
      ...settings,
      auth: { ...settings.auth, deviceTokens: { secret: DEVICE_SECRET, lifetimeMs: 600_000 } },
    },
  });
});
afterAll(async () => {
  await Promise.all([gateway?.stop(), strict?.stop()]);
  await world?.close();
});

async function register(token: string | null, body: unknown, at = gateway) {
  const reply = await fetch(`${at.url}/v1/sync/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

test('exchanges a user’s token for one of the device, which is told what it may do', async () => {
  const user = await tokenOf({ permissions: ['price:read'], claims: { regions: ['NA'] } });
  const told = await registered(gateway, user, { deviceId: 'phone-1', appVersion: '2.4.0' });
  expect(told).toMatchObject({
    deviceId: 'phone-1',
    nodeId: expect.stringMatching(/^d\d+$/),
    userId: 'anna',
    permissions: ['price:read'],
    entities: [{ name: 'item', operations: ['insert', 'update'], schemaVersion: null }],
    pageSizes: { pull: { default: 1_000, max: 5_000 }, push: { default: 100, max: 500 } },
    serverHlc: expect.stringMatching(/^[0-9a-f]{16}-/),
    expiresIn: 600,
  });
  // The device's token is one of the same device: it registers again, keeps its node, and gets no longer life.
  const again = await registered(gateway, told.token as string, { appVersion: '2.5.0' });
  expect(again).toMatchObject({ deviceId: 'phone-1', nodeId: told.nodeId });
  expect(again.token).toBeUndefined();
});

test('leaves out of a device’s token what nobody carries about', async () => {
  const root = await tokenOf({ user: 'root', roles: ['device', 'admin', 'boss'] });
  const { token, roles, dataFilters } = await registered(gateway, root, { deviceId: 'roots-phone' });
  expect({ roles, dataFilters }).toEqual({ roles: ['device', 'boss'], dataFilters: {} });
  const claims = JSON.parse(Buffer.from((token as string).split('.')[1] as string, 'base64url').toString());
  expect(claims.roles).toEqual(['device', 'boss']);
});

test('takes the device from the issuer’s token, and from nowhere else', async () => {
  const token = await tokenOf({ device: 'phone-2' });
  expect(await register(token, {})).toMatchObject({ status: 200, body: { deviceId: 'phone-2' } });
  expect(await register(token, { deviceId: 'phone-3' })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  expect(await register(await tokenOf({}), { deviceId: 'phone-4' }, strict)).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  expect(await register(await tokenOf({}), {})).toMatchObject({ status: 400 });
  for (const deviceId of ['sql:anna', 'http', 'cli']) {
    expect(await register(await tokenOf({}), { deviceId })).toMatchObject({ status: 400 });
    expect((await register(await tokenOf({ device: deviceId }), {})).status).toBe(403);
  }
});

test('gives a device that sent changes before, for nobody, to whom the issuer names, and to nobody who asks', async () => {
  await world.store.pool.query(`INSERT INTO syncline.device (id) VALUES ('till')`);
  expect(await register(await tokenOf({ user: 'eve' }), { deviceId: 'till' })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  expect((await register(await tokenOf({ user: 'bert', device: 'till' }), {})).status).toBe(200);
});

test('keeps a device for who registered it first, and a revoked one for nobody', async () => {
  await registered(gateway, await tokenOf({ user: 'bert' }), { deviceId: 'berts' });
  const other = await register(await tokenOf({ user: 'carla' }), { deviceId: 'berts' });
  expect(other).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  expect(JSON.stringify(other)).not.toContain('bert"');
  const stolen = await register(await tokenOf({ user: 'carla', device: 'berts' }), {});
  expect(stolen).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });

  await revokeDevice(world.store.pool, { id: 'berts', by: 'test' });
  const again = await register(await tokenOf({ user: 'bert' }), { deviceId: 'berts' });
  expect(again).toMatchObject({ status: 403, body: { code: 'DEVICE_REVOKED' } });
  // What this gateway remembered went with it.
  const known = await register(await tokenOf({ user: 'bert', device: 'berts' }), {});
  expect(known).toMatchObject({ status: 403, body: { code: 'DEVICE_REVOKED' } });
});

test('refuses apps that are too old', async () => {
  const settings = world.config.gateway as GatewaySettings;
  const modern = await startTestGateway(world, { settings: { ...settings, minAppVersion: '2.4.0' } });
  try {
    const token = await tokenOf({ device: 'phone-5' });
    for (const appVersion of ['2.3.9', '1', 'latest', undefined]) {
      expect(await register(token, { appVersion }, modern)).toMatchObject({
        status: 426,
        body: { code: 'APP_TOO_OLD', minAppVersion: '2.4.0' },
      });
    }
    // One that registered before the oldest version was raised is refused with its next call, until it is updated.
    expect((await register(token, { appVersion: '2.3.9' }, strict)).status).toBe(200);
    const call = async () => {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${modern.url}/v1/sync/status`, { headers });
      return { status: reply.status, body: await reply.json() };
    };
    expect(await call()).toMatchObject({
      status: 426,
      body: { code: 'APP_TOO_OLD', minAppVersion: '2.4.0' },
    });
    expect((await register(token, { appVersion: '2.10.0-beta.1' }, modern)).status).toBe(200);
    expect((await call()).status).toBe(200);
    expect((await register(token, { appVersion: 'v2.4' }, modern)).status).toBe(200);
  } finally {
    await modern.stop();
  }
});

type Forged = {
  readonly header?: Record<string, string>;
  readonly claims?: Record<string, unknown>;
  readonly secret?: string;
};

function forge({ header = {}, claims = {}, secret = SECRET }: Forged): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({
    sub: 'eve',
    iss: ISSUER,
    aud: AUDIENCE,
    iat: now,
    exp: now + 300,
    roles: ['device'],
    device_id: 'eves',
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret));
}

test.each<[string, Forged]>([
  ['another key', { secret: DEVICE_SECRET }],
  ['another algorithm', { header: { alg: 'HS512' } }],
  ['another kind of token', { header: { typ: 'logout+jwt' } }],
  ['another issuer', { claims: { iss: 'https://elsewhere.test' } }],
  ['another audience', { claims: { aud: 'another' } }],
  ['no end', { claims: { exp: undefined } }],
  ['an end that has passed', { claims: { exp: 1_700_000_000 } }],
  ['a device, and older than fifteen minutes', { claims: { iat: Math.floor(Date.now() / 1_000) - 1_000 } }],
  ['a device, and a date to come', { claims: { iat: Math.floor(Date.now() / 1_000) + 1_000 } }],
  ['a device, and no date', { claims: { iat: undefined } }],
  ['no user', { claims: { sub: undefined } }],
  ['a user that is no text', { claims: { sub: 7 } }],
  ['a user with a control character', { claims: { sub: 'eve\n' } }],
  ['a device that is no text', { claims: { device_id: ['eves'] } }],
  ['the type of a device’s token under the issuer’s key', { header: { typ: 'syncline-device+jwt' } }],
])('lets nobody in whose token has %s', async (_, forged) => {
  const reply = await register(await forge(forged), {});
  expect(reply).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
});

test('lets nobody in without a token, or with something else', async () => {
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"eve"}').toString('base64url')}.`;
  for (const token of [null, 'nothing', unsigned, `${await forge({})}x`]) {
    expect((await register(token, {})).status).toBe(401);
  }
});

test('asks the issuer for its keys, and says so when they cannot be had', async () => {
  const pair = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' };
  let isUp = true;
  const issuer: Server = createServer((_, reply) => {
    reply
      .writeHead(isUp ? 200 : 500, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const { port } = issuer.address() as AddressInfo;
  const settings = world.config.gateway as GatewaySettings;
  const auth = {
    ...settings.auth,
    algorithms: ['ES256'],
    keys: { jwksUrl: `http://127.0.0.1:${port}/jwks.json` },
  };
  const token = (kid: string) =>
    new SignJWT({ roles: ['device'], device_id: 'phone-6' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setSubject('anna')
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('5 minutes')
      .sign(pair.privateKey);
  const [up, down] = [
    await startTestGateway(world, { settings: { ...settings, auth } }),
    await startTestGateway(world, { settings: { ...settings, auth } }),
  ];
  try {
    expect((await register(await token('one'), {}, up)).status).toBe(200);
    expect((await register(await token('two'), {}, up)).status).toBe(401);
    // A token under the shared secret of old is no way around the keys.
    expect((await register(await tokenOf({ device: 'phone-6' }), {}, up)).status).toBe(401);
    isUp = false;
    expect(await register(await token('one'), {}, down)).toMatchObject({
      status: 503,
      body: { code: 'ISSUER_UNAVAILABLE' },
    });
    expect((await register(await token('one'), {}, up)).status).toBe(200);
  } finally {
    await Promise.all([up.stop(), down.stop()]);
    await new Promise((resolve) => issuer.close(resolve));
  }
});
