/** O5LOGON with the 12c verifier (PBKDF2 and SHA-512), the server's side. */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  pbkdf2,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const VERIFIER_ROUNDS = 4096;
const SESSION_ROUNDS = 3;
const VERIFIER_12C = 0x4815;
const BLOCK_BYTES = 16;
const KEY_BYTES = 32;

export type Parameter = { readonly key: string; readonly value: string; readonly flags: number };

export type Verifier = {
  /** What the client needs to prove that it knows the password. */
  readonly challenge: readonly Parameter[];
  /** @returns the server's own proof (AUTH_SVR_RESPONSE), null for a wrong password. */
  verify(answer: ReadonlyMap<string, string>): Promise<string | null>;
};

/** With new salts for each logon. `null`: nobody of that name; the challenge does not tell. */
export async function createVerifier(password: string | null): Promise<Verifier> {
  const expected = Buffer.from(password ?? randomBytes(KEY_BYTES).toString('hex'), 'utf8');
  const verifierSalt = randomBytes(16);
  const sessionSalt = randomBytes(16);
  const serverPart = randomBytes(KEY_BYTES);
  const speedySalt = Buffer.concat([verifierSalt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
  const passwordKey = await derive(expected, speedySalt, VERIFIER_ROUNDS, 64, 'sha512');
  const hash = createHash('sha512').update(passwordKey).update(verifierSalt).digest().subarray(0, KEY_BYTES);
  return {
    challenge: [
      { key: 'AUTH_SESSKEY', value: hex(encrypt(hash, serverPart)), flags: 1 },
      { key: 'AUTH_VFR_DATA', value: hex(verifierSalt), flags: VERIFIER_12C },
      { key: 'AUTH_PBKDF2_CSK_SALT', value: hex(sessionSalt), flags: 0 },
      { key: 'AUTH_PBKDF2_VGEN_COUNT', value: String(VERIFIER_ROUNDS), flags: 0 },
      { key: 'AUTH_PBKDF2_SDER_COUNT', value: String(SESSION_ROUNDS), flags: 0 },
    ],
    async verify(answer) {
      const sessionKey = fromHex(answer.get('AUTH_SESSKEY'));
      const encrypted = fromHex(answer.get('AUTH_PASSWORD'));
      if (sessionKey === null || sessionKey.length < KEY_BYTES || encrypted === null) return null;
      const clientPart = decrypt(hash, sessionKey).subarray(0, KEY_BYTES);
      const material = hex(Buffer.concat([clientPart, serverPart]));
      const combined = await derive(material, sessionSalt, SESSION_ROUNDS, KEY_BYTES, 'sha512');
      const given = passwordOf(decrypt(combined, encrypted));
      if (password === null || given === null || !same(given, expected)) return null;
      return hex(encrypt(combined, serverProof()));
    },
  };
}

/** Behind 16 random bytes, in front of its padding. */
function passwordOf(clear: Buffer): Buffer | null {
  const padding = clear.at(-1) ?? 0;
  const end = clear.length - padding;
  return padding === 0 || padding > BLOCK_BYTES || end < BLOCK_BYTES
    ? null
    : clear.subarray(BLOCK_BYTES, end);
}

function serverProof(): Buffer {
  return Buffer.concat([
    randomBytes(16),
    Buffer.from('SERVER_TO_CLIENT'),
    Buffer.alloc(BLOCK_BYTES, BLOCK_BYTES),
  ]);
}

function same(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function encrypt(key: Buffer, clear: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(BLOCK_BYTES)).setAutoPadding(false);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
}

function decrypt(key: Buffer, encrypted: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(BLOCK_BYTES)).setAutoPadding(false);
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

/** null for what is not whole blocks in hexadecimal. */
function fromHex(text: string | undefined): Buffer | null {
  if (text === undefined || !/^(?:[0-9a-f]{32})+$/i.test(text)) return null;
  return Buffer.from(text, 'hex');
}
