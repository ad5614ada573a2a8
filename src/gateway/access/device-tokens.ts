/**
 * Tokens that the gateway signs itself, for a device of a user whom the issuer's token has named: the issuer need not
 * know devices. Their markers differ from the issuer's in type, issuer and audience, so neither passes for the other.
 */
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { CLOCK_TOLERANCE_S, whyNot } from './tokens.ts';

const TYPE = 'syncline-device+jwt';
const ISSUER = 'syncline-gateway';
const ALGORITHM = 'HS256';

/** What nobody carries about on a device. */
const NOT_ON_DEVICES: ReadonlySet<string> = new Set(['admin', 'operator']);

export function rolesOnDevices(roles: readonly string[]): string[] {
  return roles.filter((role) => !NOT_ON_DEVICES.has(role));
}

export type DeviceToken = { readonly token: string; readonly expiresInSeconds: number };

export type DeviceTokens = {
  sign(principal: Principal & { readonly device: string }): Promise<DeviceToken>;
  /** @throws SyncError UNAUTHENTICATED */
  verify(token: string): Promise<Principal>;
};

const texts = z.array(z.string());
const payloadSchema = z.object({
  sub: z.string(),
  device: z.string(),
  roles: texts,
  permissions: texts,
  partitions: z.record(z.string(), texts),
});

/** @returns null where the configuration has no `auth.deviceTokens`. */
export function deviceTokens({ deviceTokens: own, audience: wanted }: AuthSettings): DeviceTokens | null {
  if (own === null) return null;
  const secret = new TextEncoder().encode(own.secret);
  const audience = `${wanted}#device`;
  const lifetimeSeconds = Math.floor(own.lifetimeMs / 1_000);
  return {
    sign: async ({ user, device, roles, permissions, partitions }) => ({
      token: await new SignJWT({
        device,
        roles: rolesOnDevices(roles),
        permissions: [...permissions],
        partitions,
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setSubject(user)
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds} seconds`)
        .sign(secret),
      expiresInSeconds: lifetimeSeconds,
    }),
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, secret, {
          typ: TYPE,
          issuer: ISSUER,
          audience,
          algorithms: [ALGORITHM],
          requiredClaims: ['exp', 'iat', 'sub'],
          maxTokenAge: lifetimeSeconds,
          clockTolerance: CLOCK_TOLERANCE_S,
        });
        const { sub, ...rest } = payloadSchema.parse(payload);
        return { user: sub, ...rest };
      } catch (error) {
        throw whyNot(error);
      }
    },
  };
}

/** By what the token says of itself; which key it has to fit follows from it. */
export function isDeviceToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === TYPE;
  } catch {
    return false;
  }
}
