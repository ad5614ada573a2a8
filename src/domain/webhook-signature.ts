/** Signatures of webhooks: the receiver learns that we sent a body, and when, so that nobody can send it again later. */
import { createHmac, timingSafeEqual } from 'node:crypto';

type Signed = {
  readonly secret: string;
  /** Exactly the bytes that travel: parsed and written anew they may differ. */
  readonly body: string;
};

const TOLERANCE_S = 300;

/** @returns `t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>.<body>">` */
export function webhookSignature({ secret, body, atMs }: Signed & { readonly atMs: number }): string {
  const seconds = Math.floor(atMs / 1_000);
  return `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`).toString('hex')}`;
}

export type SignedWebhook = Signed & {
  /** The header `Syncline-Signature`; anything, also nothing. */
  readonly signature: string | null | undefined;
  /** `Date.now()` */
  readonly nowMs: number;
  /** How far the sender's clock and ours may differ, and how long a body may travel. Default 300. */
  readonly toleranceSeconds?: number;
};

/** For receivers: was this body signed with the secret, and lately? */
export function verifyWebhook({ secret, body, signature, nowMs, toleranceSeconds }: SignedWebhook): boolean {
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? '');
  const [, seconds, hex] = parts ?? [];
  if (seconds === undefined || hex === undefined) return false;
  if (Math.abs(nowMs / 1_000 - Number(seconds)) > (toleranceSeconds ?? TOLERANCE_S)) return false;
  return timingSafeEqual(hmac(secret, `${seconds}.${body}`), Buffer.from(hex, 'hex'));
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text, 'utf8').digest();
}
