/** Tokens that were verified a moment ago: a device sends the same one with each request. */
import { decodeJwt } from 'jose';
import { LRUCache } from 'lru-cache';
import { MAX_DEVICE_TOKEN_S } from './tokens.ts';

const MAX_TOKENS = 10_000;
/** A key that its issuer withdrew is believed here so much longer. */
const KEPT_MS = 30_000;

/** What `verify` says of a token, kept for a moment, and no longer than the token is good for. Failures are not kept. */
export function rememberTokens<T extends object>(
  verify: (token: string) => Promise<T>,
): (token: string) => Promise<T> {
  const kept = new LRUCache<string, { readonly verified: T; readonly untilMs: number }>({ max: MAX_TOKENS });
  return async (token) => {
    const known = kept.get(token);
    if (known !== undefined && known.untilMs > Date.now()) return known.verified;
    const verified = await verify(token);
    const { exp = 0, iat = 0 } = decodeJwt(token);
    const endMs = Math.min(exp, iat + MAX_DEVICE_TOKEN_S) * 1_000;
    kept.set(token, { verified, untilMs: Math.min(Date.now() + KEPT_MS, endMs) });
    return verified;
  };
}
