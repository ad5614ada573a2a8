/** Bearer tokens of the issuer: JSON web tokens with pinned algorithms, issuer and audience. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import { SyncError } from '../../domain/errors.ts';

/** Two clocks that are set by NTP differ by less. */
export const CLOCK_TOLERANCE_S = 5;
/** A device may be lost: its token is good for no longer, whatever its `exp` says. */
export const MAX_DEVICE_TOKEN_S = 15 * 60;

/** Other kinds of tokens of the same issuer, such as those of a logout, are nobody's right to call. */
const TOKEN_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);

/**
 * @throws SyncError UNAUTHENTICATED; what is wrong with a token is for the log of its issuer, not for its bearer.
 * ISSUER_UNAVAILABLE when its keys cannot be had.
 */
export type VerifyToken = (token: string) => Promise<JWTPayload>;

export function tokenVerifier({ issuer, audience, keys, algorithms, claims }: AuthSettings): VerifyToken {
  const options: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms: [...algorithms],
    requiredClaims: ['exp', claims.user],
    clockTolerance: CLOCK_TOLERANCE_S,
  };
  const verify = verifierOf(keys, options);
  return async (token) => {
    try {
      const { payload, protectedHeader } = await verify(token);
      if (!TOKEN_TYPES.has((protectedHeader.typ ?? 'jwt').toLowerCase())) throw notAccepted();
      if (payload[claims.device] !== undefined) requireFresh(payload);
      return payload;
    } catch (error) {
      throw whyNot(error);
    }
  };
}

type Verified = Awaited<ReturnType<typeof jwtVerify>>;

function verifierOf(
  keys: AuthSettings['keys'],
  options: JWTVerifyOptions,
): (token: string) => Promise<Verified> {
  if ('secret' in keys) {
    const secret = new TextEncoder().encode(keys.secret);
    return (token) => jwtVerify(token, secret, options);
  }
  // Keys are kept for ten minutes; one that is unknown is asked for at most every half minute.
  const jwks = createRemoteJWKSet(new URL(keys.jwksUrl));
  return (token) =>
    jwtVerify(
      token,
      async (header, signed) => {
        try {
          return await jwks(header, signed);
        } catch (error) {
          throw isOfToken(error) ? error : unavailable(error);
        }
      },
      options,
    );
}

function requireFresh({ iat }: JWTPayload): void {
  const age = iat === undefined ? Number.POSITIVE_INFINITY : Date.now() / 1_000 - iat;
  // A date to come would make it last for longer.
  if (age < -CLOCK_TOLERANCE_S) throw notAccepted();
  if (age > MAX_DEVICE_TOKEN_S + CLOCK_TOLERANCE_S) throw expired();
}

const expired = (): SyncError => new SyncError('UNAUTHENTICATED', { message: 'The token has expired' });
const notAccepted = (): SyncError =>
  new SyncError('UNAUTHENTICATED', { message: 'The token is not accepted here' });

/** Of looking for a token's key: the others are the issuer's fault, or the network's. */
function isOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWSInvalid
  );
}

const unavailable = (cause: unknown): SyncError =>
  new SyncError('ISSUER_UNAVAILABLE', {
    message: 'The keys of the token’s issuer cannot be had now',
    cause,
  });

/** What a verification that failed is to its caller. */
export function whyNot(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  return error instanceof errors.JWTExpired ? expired() : notAccepted();
}
