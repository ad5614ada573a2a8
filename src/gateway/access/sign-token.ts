/** Tokens as the issuer would give them, for development: only where its secret is shared can we sign in its place. */
import { SignJWT } from 'jose';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import { SyncError } from '../../domain/errors.ts';
import { MAX_DEVICE_TOKEN_S } from './tokens.ts';

export type TokenWish = {
  readonly user: string;
  readonly device: string | null;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** More claims, such as those of partitions. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly lifetimeSeconds: number;
};

/** @throws SyncError CONFIG_INVALID where the issuer alone can sign; COMMAND_INVALID */
export async function signToken(auth: AuthSettings, wish: TokenWish): Promise<string> {
  const { keys, algorithms, claims: names, issuer, audience } = auth;
  const [algorithm] = algorithms;
  if (!('secret' in keys) || algorithm === undefined) {
    throw new SyncError('CONFIG_INVALID', {
      message: 'gateway.auth.jwksUrl names an issuer whose keys are its own: nobody else can sign its tokens',
      remedy:
        'Get a token from the issuer. For development, write gateway.auth.secret in place of jwksUrl, then try again.',
    });
  }
  const { user, device, roles, permissions, claims, lifetimeSeconds } = wish;
  if (device !== null && lifetimeSeconds > MAX_DEVICE_TOKEN_S) {
    throw new SyncError('COMMAND_INVALID', {
      message: 'A token that names a device is good for 15 minutes at most',
      remedy: "Write --expires with '15 minutes' or less, or leave --device out.",
    });
  }
  return new SignJWT({
    ...claims,
    [names.user]: user,
    [names.roles]: [...roles],
    [names.permissions]: [...permissions],
    ...(device !== null && { [names.device]: device }),
  })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds} seconds`)
    .sign(new TextEncoder().encode(keys.secret));
}
