/** A device makes itself known, and is told what it may do. */
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';
import { type Registration, readDevice, registerDevice } from '../../store/registrations.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { stampReply } from '../device/server-hlc.ts';
import { isName } from './claims.ts';
import { rolesOnDevices } from './device-tokens.ts';
import { notYours, requireNewEnough, revoked } from './known-devices.ts';
import { offeredEntities, schemaVersionOf } from './offered-entities.ts';

/** Names of this kind stand for people without a device: who changes mirrors by SQL, uses the command line, or HTTP. */
const RESERVED = /^(sql|http|cli)(:|$)/;

const deviceId = z.string().refine((id) => isName(id) && !RESERVED.test(id), {
  error:
    'must have 1 to 200 characters, none of them a control character, and be none of sql:…, http:… and cli',
});

const bodySchema = z.object({
  deviceId: deviceId
    .optional()
    .describe('Chosen by the app, one for each user of an installation. Left out where the token names it.'),
  appVersion: z.string().max(100).optional().describe('Three numbers: 2.4.0'),
});

const pageSize = z.object({ default: z.int(), max: z.int() });

const replySchema = z.object({
  deviceId: z.string(),
  nodeId: z.string().describe('The node of the clocks with which this device stamps its changes'),
  userId: z.string(),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
  dataFilters: z
    .record(z.string(), z.record(z.string(), z.array(z.string())))
    .describe(
      'By entity and column, the values of the rows that are served; entities that are not listed have none',
    ),
  entities: z.array(
    z.object({
      name: z.string(),
      operations: z.array(z.enum(['insert', 'update', 'delete'])).describe('What may be pushed'),
      schemaVersion: z.string().nullable().describe('null: it has not been loaded yet'),
    }),
  ),
  schemaVersion: z.string().describe('Changes when any of the schemas that this device sees does'),
  pageSizes: z.object({ pull: pageSize, push: pageSize }),
  maxBodyBytes: z.int(),
  serverHlc: z.string(),
  token: z
    .string()
    .optional()
    .describe('For all other calls of this device, where the issuer’s token names none'),
  expiresIn: z.int().optional().describe('Seconds that the token is good for; then register again'),
});

export function registrationRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/register',
    {
      config: { access: ['device'], device: 'registering' },
      schema: {
        summary:
          'Register a device, and get its token, pages and entities; again after each update of the app',
        tags: ['device'],
        body: bodySchema,
        response: { 200: replySchema },
      },
    },
    async (request, reply) => {
      const { appVersion = null } = request.body;
      const device = deviceOf(request.principal, request.body.deviceId, deps);
      requireNewEnough(appVersion, deps.settings.minAppVersion);
      const { user, permissions } = request.principal;
      const namedBy = request.principal.device === null ? 'app' : 'token';
      const { node } = await register(deps, { device, user, appVersion, namedBy });
      const caller = { ...request.principal, device };
      const token = await deps.access.exchange(caller, request);
      // What is told holds for the calls to come, which are made with that token.
      const roles = token === null ? [...caller.roles] : rolesOnDevices(caller.roles);
      const { entities, dataFilters } = await offeredEntities(deps, { ...caller, roles });
      return {
        deviceId: device,
        nodeId: node,
        userId: user,
        roles,
        permissions: [...permissions],
        dataFilters,
        entities,
        schemaVersion: schemaVersionOf(entities),
        ...limitsOf(deps),
        serverHlc: await stampReply(deps, reply),
        ...(token !== null && { token: token.token, expiresIn: token.expiresInSeconds }),
      };
    },
  );
}

/** The token's, where it names one: a body proves nothing. */
function deviceOf(principal: Principal, asked: string | undefined, { settings }: GatewayDeps): string {
  if (principal.device !== null) {
    if (RESERVED.test(principal.device) || (asked ?? principal.device) !== principal.device) {
      throw new SyncError('FORBIDDEN', {
        message: 'The token is of another device',
        remedy: 'Leave deviceId out, or use the token of this device.',
      });
    }
    return principal.device;
  }
  if (settings.auth.deviceTokens === null) {
    throw new SyncError('FORBIDDEN', {
      message: 'The token names no device, and this gateway gives out no tokens for devices',
      remedy: `Have the issuer put the device's id into the claim ${settings.auth.claims.device}, or set gateway.auth.deviceTokens.`,
    });
  }
  if (asked !== undefined) return asked;
  throw new SyncError('REQUEST_INVALID', {
    message: 'body/deviceId: is missing, and the token names no device',
  });
}

async function register(
  { store, access }: GatewayDeps,
  registration: Registration,
): Promise<{ node: string }> {
  const { device } = registration;
  const registered = await registerDevice(store.pool, registration);
  access.forget({ device });
  if (registered !== null) return registered;
  throw (await readDevice(store.pool, device))?.isRevoked ? revoked(device) : notYours();
}

function limitsOf({ settings }: GatewayDeps) {
  const { pull, push, maxBodyBytes } = settings;
  return {
    maxBodyBytes,
    pageSizes: {
      pull: { default: pull.defaultRows, max: pull.maxRows },
      push: { default: push.defaultRows, max: push.maxRows },
    },
  };
}
