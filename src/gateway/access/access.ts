/** Who speaks, and what they may see: from tokens, the configuration, and what the store says of device and user. */
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/access/principal.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { Access, GatewayDeps } from '../deps.ts';
import { principalOf } from './claims.ts';
import { deviceTokens, isDeviceToken } from './device-tokens.ts';
import { knownDevices } from './known-devices.ts';
import { rememberTokens } from './known-tokens.ts';
import { createScopes } from './scopes.ts';
import { tokenVerifier } from './tokens.ts';

export function createAccess(deps: Pick<GatewayDeps, 'settings' | 'config' | 'store'>): Access {
  const { auth, partitions } = deps.settings;
  const verify = tokenVerifier(auth);
  const own = deviceTokens(auth);
  const devices = knownDevices(deps);
  const scopes = createScopes(deps);
  const principalOfToken = rememberTokens(
    async (token: string): Promise<Principal> =>
      own !== null && isDeviceToken(token)
        ? own.verify(token)
        : principalOf(await verify(token), auth, partitions),
  );
  return {
    authenticate: async (request) => {
      const principal = await principalOfToken(bearerOf(request));
      await devices.requireOwn(principal).catch((error: unknown) => {
        // Elsewhere maybe: what this gateway remembers of its user is dropped as well.
        if (isSyncError(error, 'DEVICE_REVOKED')) scopes.forget(principal.user);
        throw error;
      });
      return principal;
    },
    requireRegistered: devices.requireRegistered,
    scopeOf: scopes.scopeOf,
    // A token of ours gets no other: whoever lost the right to the issuer's loses it here within its lifetime.
    exchange: async (principal, request) =>
      own === null || isDeviceToken(bearerOf(request)) ? null : own.sign(principal),
    forget: ({ device, user }) => {
      if (device !== undefined) devices.forget(device);
      if (user !== undefined) scopes.forget(user);
    },
  };
}

function bearerOf({ headers }: FastifyRequest): string {
  const match = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(headers.authorization ?? '');
  if (match !== null) return match[1] as string;
  throw new SyncError('UNAUTHENTICATED', { message: 'The request has no bearer token' });
}
