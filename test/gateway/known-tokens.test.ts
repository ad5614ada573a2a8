import { SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rememberTokens } from '../../src/gateway/access/known-tokens.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => vi.useRealTimers());

const signed = (expiresInS: number, ageS = 0): Promise<string> =>
  new SignJWT({ sub: 'anna' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt(Date.now() / 1_000 - ageS)
    .setExpirationTime(Date.now() / 1_000 + expiresInS)
    .sign(new Uint8Array(32));

function counted() {
  let asked = 0;
  const verify = rememberTokens(async () => ({ asked: ++asked }));
  return { verify, asked: () => asked };
}

test('verifies a token once in a while, not with each request', async () => {
  const { verify, asked } = counted();
  const token = await signed(600);
  for (let i = 0; i < 5; i++) await verify(token);
  expect(asked()).toBe(1);
  vi.advanceTimersByTime(31_000);
  await verify(token);
  expect(asked()).toBe(2);
});

test('remembers none for longer than it is good for', async () => {
  for (const [expiresInS, ageS] of [
    [3, 0],
    [600, 15 * 60 - 3],
  ] as const) {
    const { verify, asked } = counted();
    const token = await signed(expiresInS, ageS);
    await verify(token);
    vi.advanceTimersByTime(2_000);
    await verify(token);
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(2_000);
    await verify(token);
    expect(asked()).toBe(2);
  }
});

test('remembers no failure', async () => {
  let asked = 0;
  const verify = rememberTokens(async (): Promise<object> => {
    asked++;
    throw new Error('no');
  });
  const token = await signed(600);
  await expect(verify(token)).rejects.toThrow('no');
  await expect(verify(token)).rejects.toThrow('no');
  expect(asked).toBe(2);
});
