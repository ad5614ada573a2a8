/** A gateway over the world of a test: its own port on loopback, tokens of anybody, the real store and Temporal. */

import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { createAccess } from '../../src/gateway/access/access.ts';
import { buildGateway, type GatewayApp } from '../../src/gateway/app.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { createLogger } from '../../src/logging.ts';
import { entitiesOf } from '../../src/service/names.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { setUpReader } from '../../src/store/reader-setup.ts';
import { createReader, type World } from '../e2e/world.ts';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'syncline-test';
export const SECRET = 'a secret of the tests, at least thirty-two characters long';

/** Text of `auth` for the configuration of a world; give the world `gatewayEnvironment` too. */
export const AUTH = `{ issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, secret: env('JWT_SECRET') }`;
export const gatewayEnvironment = { JWT_SECRET: SECRET } as const;

export type TokenOf = {
  readonly user?: string;
  readonly device?: string;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  /** More claims, such as those of partitions. */
  readonly claims?: Readonly<Record<string, unknown>>;
};

export async function tokenOf({
  user = 'anna',
  device,
  roles = ['device'],
  permissions = [],
  claims,
}: TokenOf): Promise<string> {
  return new SignJWT({ ...claims, roles, permissions, ...(device !== undefined && { device_id: device }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(SECRET));
}

export type RunningGateway = {
  readonly app: GatewayApp;
  readonly deps: GatewayDeps;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  stop(): Promise<void>;
};

type Parts = Pick<World, 'config' | 'store' | 'client'>;

/** @param changed what this gateway has instead of the configuration's. */
export async function startTestGateway(
  world: Parts,
  changed: Partial<GatewayDeps> = {},
): Promise<RunningGateway> {
  const settings = changed.settings ?? world.config.gateway;
  if (settings === null) throw new Error('The configuration of the world has no gateway');
  const deps: GatewayDeps = {
    config: world.config,
    settings,
    store: world.store,
    client: world.client,
    access: createAccess({ settings, config: world.config, store: changed.store ?? world.store }),
    logger: createLogger({ level: 'silent' }),
    now: Date.now,
    ...changed,
  };
  const app = await buildGateway(deps);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, deps, url: `http://127.0.0.1:${port}`, stop: () => app.close() };
}

export type Reader = {
  readonly login: string;
  /** As the login sees it, for `startTestGateway`. */
  readonly store: Store;
  /** Before the world is closed. */
  close(): Promise<void>;
};

/** The gateway's own login, of `store: { url: env('READER_URL') }` in the world's configuration: it owns nothing. */
export async function openReader(world: World): Promise<Reader> {
  const { login, drop } = await createReader(world);
  await setUpReader(world.store, { login, entities: entitiesOf(world.config) });
  const url = world.environment.READER_URL as string;
  const store = await openStore({ url, poolMax: 6, applicationName: 'test-gateway' });
  return {
    login,
    store,
    close: async () => {
      await store.close();
      await drop();
    },
  };
}

/** Makes the token's device known, as an app does at its start. @returns what the gateway told it. */
export async function registered(
  gateway: Pick<RunningGateway, 'url'>,
  token: string,
  body: { readonly deviceId?: string; readonly appVersion?: string } = {},
): Promise<Registered> {
  const reply = await fetch(`${gateway.url}/v1/sync/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (reply.status !== 200) throw new Error(`Not registered: ${reply.status} ${await reply.text()}`);
  return (await reply.json()) as Registered;
}

export type Registered = {
  readonly deviceId: string;
  readonly nodeId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly dataFilters: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly entities: readonly {
    readonly name: string;
    readonly operations: readonly string[];
    readonly schemaVersion: string | null;
  }[];
  readonly schemaVersion: string;
  readonly pageSizes: Readonly<Record<'pull' | 'push', { readonly default: number; readonly max: number }>>;
  readonly serverHlc: string;
  readonly token?: string;
  readonly expiresIn?: number;
};
