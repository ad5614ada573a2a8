import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasUrlPassword, redact, registerSecret, registerUrlSecret } from '../../src/domain/redact.ts';

test('passwords of URLs and connection strings go, registered or not', () => {
  expect(redact('cannot reach postgres://reader:s3cr3t@db:5432/hr?x=1')).toBe(
    'cannot reach postgres://reader:[redacted]@db:5432/hr?x=1',
  );
  expect(redact('host=db password=abc, user=x')).toBe('host=db password=[redacted], user=x');
  expect(redact('{"password":"a\\"b","user":"x"}')).toBe('{"password":"[redacted]","user":"x"}');
});

test('plain sentences stay as they are', () => {
  const text =
    "sources.erp.password: is a secret, write env('ERP_PASSWORD'); token: 3 of 4 rows at http://a/b:c@d";
  expect(redact(text)).toBe(text);
});

test('a registered secret is hidden in each of its forms', () => {
  registerSecret('pä"ss w\\rd/1');
  for (const form of [
    'pä"ss w\\rd/1',
    encodeURIComponent('pä"ss w\\rd/1'),
    JSON.stringify('pä"ss w\\rd/1').slice(1, -1),
  ]) {
    expect(redact(`before ${form} after`)).toBe('before [redacted] after');
  }
});

test('of two secrets, the longer is hidden whole', () => {
  registerSecret('hunter');
  registerSecret('hunter2-and-more');
  expect(redact('hunter2-and-more')).toBe('[redacted]');
});

test('the password of a URL is registered as it is written and as it is meant', () => {
  registerUrlSecret('postgres://u:p%40ss%2Fword@h/db');
  expect(redact('p@ss/word')).toBe('[redacted]');
  expect(redact('p%40ss%2Fword')).toBe('[redacted]');
  registerUrlSecret('no url');
});

test('words of our own output are not blotted out', () => {
  registerSecret('postgres');
  registerSecret('abc');
  expect(redact('kind postgres, abc')).toBe('kind postgres, abc');
});

test('no secret of six characters and more comes through', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), fc.string(), (secret, around) => {
      fc.pre(!'[redacted]'.includes(secret) && secret.trim() !== '');
      registerSecret(secret);
      expect(redact(`${around}|${secret}|${around}`)).not.toContain(`|${secret}|`);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['postgres://u:p@h/db', true],
  ['postgres://u@h/db', false],
  ['postgres://h:5432/db', false],
  ['postgres://:p@h/db', true],
])('%s has a password: %s', (url, expected) => {
  expect(hasUrlPassword(url)).toBe(expected);
});
