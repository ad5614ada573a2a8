/** What `syncline check` says of whoever signs tokens: whether the keys can be had, and are the issuer's. */
import { createRemoteJWKSet, type JWK } from 'jose';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import { SyncError } from '../../domain/errors.ts';
import { type Finding, findingOf } from '../../domain/finding.ts';

const SUBJECT = 'issuer';
/** Nobody is on the way to one's own machine. */
const OWN_MACHINE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export async function checkIssuer(auth: AuthSettings): Promise<Finding[]> {
  if ('secret' in auth.keys) return [];
  const url = new URL(auth.keys.jwksUrl);
  const found = await keysOf(url).then(
    (keys) => keysFinding(auth, keys),
    (error: unknown) => findingOf(SUBJECT, error),
  );
  return url.protocol === 'https:' || OWN_MACHINE.test(url.hostname) ? [found] : [found, unprotected(url)];
}

/** @throws ISSUER_UNAVAILABLE */
async function keysOf(url: URL): Promise<readonly JWK[]> {
  const issuer = createRemoteJWKSet(url);
  try {
    await issuer.reload();
    return issuer.jwks()?.keys ?? [];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError('ISSUER_UNAVAILABLE', {
      message: `The keys at ${url.origin}${url.pathname} cannot be had: ${why}`,
      cause,
    });
  }
}

function keysFinding({ algorithms }: AuthSettings, keys: readonly JWK[]): Finding {
  const usable = keys.filter((key) => key.use !== 'enc' && algorithms.some((name) => fits(key, name)));
  if (usable.length > 0) {
    const count = usable.length === 1 ? 'a key' : `${usable.length} keys`;
    return { subject: SUBJECT, level: 'ok', message: `has ${count} for ${algorithms.join(' or ')}` };
  }
  return {
    subject: SUBJECT,
    level: 'error',
    code: 'UNAUTHENTICATED',
    message: `has no key for ${algorithms.join(' or ')}, so no token can be accepted`,
    remedy: 'Name in gateway.auth.algorithms what the issuer signs with.',
  };
}

/** A key may name its only algorithm, and else is good for those of its kind. */
function fits({ alg, kty }: JWK, algorithm: string): boolean {
  if (alg !== undefined) return alg === algorithm;
  if (/^[RP]S/.test(algorithm)) return kty === 'RSA';
  return kty === (algorithm.startsWith('ES') ? 'EC' : 'OKP');
}

function unprotected({ hostname }: URL): Finding {
  return {
    subject: SUBJECT,
    level: 'degraded',
    message: `whoever stands between the gateway and ${hostname} can put keys of their own there, and sign tokens for anybody`,
    remedy: 'Write an address in gateway.auth.jwksUrl that begins with https://.',
  };
}
