/** The gateway's server without what is behind it: routes of the test, callers by name, no store, no Temporal. */

import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { resolveGateway } from '../../src/config/resolve-gateway.ts';
import { gatewaySchema } from '../../src/domain/access/gateway-schema.ts';
import type { GatewaySettings } from '../../src/domain/access/gateway-settings.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { buildGateway, type GatewayApp } from '../../src/gateway/app.ts';
import type { Access, GatewayDeps } from '../../src/gateway/deps.ts';
import { createLogger } from '../../src/logging.ts';
import { AUDIENCE, ISSUER, SECRET } from './kit.ts';

export type BareGateway = {
  readonly app: GatewayApp;
  readonly url: string;
  /** What was logged until now. */
  logged(): string;
  stop(): Promise<void>;
};

export function bareSettings(changed: Partial<GatewaySettings> = {}): GatewaySettings {
  const parsed = gatewaySchema.parse({ auth: { issuer: ISSUER, audience: AUDIENCE, secret: SECRET } });
  return { ...(resolveGateway(parsed) as GatewaySettings), ...changed };
}

/** `Bearer anna` is the user anna, `Bearer anna/phone` her device; all have all roles. */
const access: Access = {
  authenticate: async ({ headers }) => {
    const [, user, device = null] = /^Bearer ([a-z]+)(?:\/(\w+))?$/.exec(headers.authorization ?? '') ?? [];
    if (user === undefined) throw new SyncError('UNAUTHENTICATED', { message: 'No token' });
    return { user, device, roles: ['admin'], permissions: [], partitions: {} };
  },
  requireRegistered: async () => undefined,
  exchange: async () => null,
  scopeOf: async () => ({ partitions: {}, hidden: [], readOnly: [] }),
  forget: () => undefined,
};

const nowhere = { query: () => Promise.reject(new Error('There is no store')) };

type Bare = {
  readonly settings?: Partial<GatewaySettings>;
  readonly routes: (app: GatewayApp, deps: GatewayDeps) => void | Promise<void>;
  readonly deps?: Partial<GatewayDeps>;
};

export async function startBareGateway({ settings, routes, deps: changed }: Bare): Promise<BareGateway> {
  const lines = new PassThrough();
  const parts: Buffer[] = [];
  lines.on('data', (part: Buffer) => parts.push(part));
  const deps = {
    config: { pipelines: {} } as GatewayDeps['config'],
    settings: bareSettings(settings),
    store: { pool: nowhere, probePool: nowhere } as unknown as GatewayDeps['store'],
    client: null as never,
    access,
    logger: createLogger({ level: 'debug', destination: lines }),
    now: Date.now,
    ...changed,
  } satisfies GatewayDeps;
  const app = await buildGateway(deps, async (built) => routes(built, deps));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    logged: () => Buffer.concat(parts).toString(),
    stop: () => app.close(),
  };
}
