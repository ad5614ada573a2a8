/** Who speaks, and what they may see: from tokens and the configuration. */
import type { FastifyRequest } from 'fastify';
import type { GatewaySettings } from '../../domain/access/gateway-settings.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { EVERYTHING } from '../../domain/access/scope.ts';
import { SyncError } from '../../domain/errors.ts';
import type { Access } from '../deps.ts';
import { principalOf, tokenVerifier } from './tokens.ts';

export function createAccess(settings: GatewaySettings): Access {
  const verify = tokenVerifier(settings.auth);
  const claims = Object.values(settings.partitions).flatMap((partition) =>
    partition.kind === 'membership' ? [] : [partition.claim],
  );
  return {
    authenticate: async (request): Promise<Principal> =>
      principalOf(await verify(bearerOf(request)), settings.auth, claims),
    scopeOf: async () => EVERYTHING,
    forget: () => undefined,
  };
}

function bearerOf({ headers }: FastifyRequest): string {
  const match = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(headers.authorization ?? '');
  if (match !== null) return match[1] as string;
  throw new SyncError('UNAUTHENTICATED', { message: 'The request has no bearer token' });
}
