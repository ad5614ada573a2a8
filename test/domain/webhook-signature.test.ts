import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, webhookSignature } from '../../src/domain/webhook-signature.ts';

const secret = 'a-secret-of-the-tests';
const body = '{"a":"é"}';
const atMs = 1_767_225_600_000;
/** printf '%s' '1767225600.{"a":"é"}' | openssl dgst -sha256 -hmac 'a-secret-of-the-tests' */
const SIGNATURE = 't=1767225600,v1=b24fc47de7b0c6258bedf9e9c6607caa6f2d05b4529baa3d2910489591403db1';

test('is what openssl computes', () => {
  expect(webhookSignature({ secret, body, atMs: atMs + 999 })).toBe(SIGNATURE);
});

describe('verifyWebhook', () => {
  test('accepts what was signed, for five minutes before and after', () => {
    for (const offMs of [0, 300_000, -300_000]) {
      expect(verifyWebhook({ secret, body, signature: SIGNATURE, nowMs: atMs + offMs })).toBe(true);
    }
    for (const offMs of [301_000, -301_000]) {
      expect(verifyWebhook({ secret, body, signature: SIGNATURE, nowMs: atMs + offMs })).toBe(false);
    }
    const late = { secret, body, signature: SIGNATURE, nowMs: atMs + 301_000, toleranceSeconds: 400 };
    expect(verifyWebhook(late)).toBe(true);
  });

  test.each<[string, string | null | undefined]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty header', ''],
    ['no time', SIGNATURE.slice(13)],
    ['another time', SIGNATURE.replace('600,', '601,')],
    ['half a signature', SIGNATURE.slice(0, -2)],
    ['more behind it', `${SIGNATURE}00`],
    ['two of them', `${SIGNATURE},v1=${'0'.repeat(64)}`],
    ['another version', SIGNATURE.replace('v1', 'v2')],
  ])('refuses %s', (_, signature) => {
    expect(verifyWebhook({ secret, body, signature, nowMs: atMs })).toBe(false);
  });

  test('refuses another body or secret, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        const signature = webhookSignature({ secret, body: one, atMs });
        expect(verifyWebhook({ secret, body: one, signature, nowMs: atMs })).toBe(true);
        expect(verifyWebhook({ secret, body: other, signature, nowMs: atMs })).toBe(one === other);
        expect(verifyWebhook({ secret: `${secret}${other}x`, body: one, signature, nowMs: atMs })).toBe(
          false,
        );
      }),
    );
  });
});
