/** Bearer tokens: JSON web tokens of one issuer, with pinned algorithms, issuer and audience. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';

/** @throws SyncError UNAUTHENTICATED; what is wrong with a token is for the log of its issuer, not for its bearer. */
export type VerifyToken = (token: string) => Promise<JWTPayload>;

export function tokenVerifier({ issuer, audience, keys, algorithms }: AuthSettings): VerifyToken {
  const options = { issuer, audience, algorithms: [...algorithms], requiredClaims: ['exp', 'sub'] };
  const secret = 'secret' in keys ? new TextEncoder().encode(keys.secret) : null;
  const jwks = 'jwksUrl' in keys ? createRemoteJWKSet(new URL(keys.jwksUrl)) : null;
  return async (token) => {
    try {
      const verified =
        secret === null
          ? await jwtVerify(token, jwks as NonNullable<typeof jwks>, options)
          : await jwtVerify(token, secret, options);
      return verified.payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) {
        const expired = error instanceof errors.JWTExpired;
        throw new SyncError('UNAUTHENTICATED', {
          message: expired ? 'The token has expired' : 'The token is not accepted here',
        });
      }
      throw error;
    }
  };
}

export function principalOf(
  payload: JWTPayload,
  { claims }: AuthSettings,
  partitionClaims: readonly string[],
): Principal {
  const text = (name: string): string | null => {
    const value = payload[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const user = text(claims.user);
  if (user === null) {
    throw new SyncError('UNAUTHENTICATED', { message: 'The token names no user' });
  }
  return {
    user,
    device: text(claims.device),
    roles: textsOf(payload[claims.roles]),
    permissions: textsOf(payload[claims.permissions]),
    partitions: Object.fromEntries(partitionClaims.map((name) => [name, textsOf(payload[name])])),
  };
}

/** A list of texts or numbers, or one text with spaces between, as `scope` has it. */
function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  if (typeof claim === 'number') return [String(claim)];
  if (!Array.isArray(claim)) return [];
  return claim.flatMap((item) =>
    typeof item === 'string' || typeof item === 'number' ? [String(item)] : [],
  );
}
