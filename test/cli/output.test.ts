import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findingsExit, findingsText } from '../../src/cli/findings.ts';
import { jsonText, worstExit } from '../../src/cli/output.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { registerSecret } from '../../src/domain/redact.ts';
import { printed } from './cli-kit.ts';

it('prints JSON that stays JSON, whatever its values look like', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'password=x"}',
      "pwd='a b'",
      'postgres://u:p"w@h/d',
      '"token": "abc"',
      'api_key="}\n',
      '\u009b31m',
    ),
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 9 }), fc.array(texts, { maxLength: 4 }), { maxKeys: 4 }),
      (value) => {
        const text = jsonText({ value });
        expect(() => JSON.parse(text)).not.toThrow();
        expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      },
    ),
  );
});

it('hides secrets by their value, their form and their name', () => {
  registerSecret('open-sesame-42');
  const text = jsonText({
    message: 'login with open-sesame-42 at postgres://ada:in-the-url@host/db',
    password: 'by-its-name',
    rows: 3,
  });
  expect(text).not.toMatch(/open-sesame-42|in-the-url|by-its-name/);
  expect(JSON.parse(text)).toMatchObject({ rows: 3 });
});

it('reports an error with its code, and what to do next', async () => {
  const error = new SyncError('STORE_UNAVAILABLE', { message: 'no route\u001b[2J', remedy: 'Plug it in.' });
  const { exit, stdout, stderr } = await printed(error, { json: false });
  expect({ exit, stdout, stderr }).toEqual({
    exit: 4,
    stdout: '',
    stderr: 'STORE_UNAVAILABLE: no route\\u001b[2J\n  → Plug it in.\n',
  });
  const json = await printed(error, { json: true });
  expect(JSON.parse(json.stderr)).toEqual({
    error: { code: 'STORE_UNAVAILABLE', message: 'no route\u001b[2J', remedy: 'Plug it in.' },
  });
});

it('says where a defect happened', async () => {
  const { exit, stderr } = await printed(new TypeError('x is undefined'), { json: false });
  expect(exit).toBe(1);
  expect(stderr).toMatch(/^INTERNAL: x is undefined\n {4}at .*output\.test\.ts/);
  expect(stderr).toContain('please report it');
});

it('ends as the worst part did', () => {
  expect(worstExit([])).toBe(0);
  expect(worstExit([0, 2, 0])).toBe(2);
  expect(worstExit([2, 1])).toBe(1);
  expect(worstExit([1, 3])).toBe(3);
  expect(worstExit([3, 4, 1])).toBe(4);
});

it('check ends by its errors, not by advice', () => {
  const ok = { subject: 'store', level: 'ok', message: 'here' } as const;
  const advice = { subject: 'entity', level: 'advice', message: 'slow', remedy: 'CREATE INDEX …' } as const;
  const degraded = {
    subject: 'source',
    level: 'degraded',
    message: 'weak',
    code: 'TRANSACTIONS_HIDDEN',
  } as const;
  const error = { subject: 'source', level: 'error', message: 'gone', code: 'SOURCE_AUTH' } as const;
  expect(findingsExit([ok, advice, degraded])).toBe(0);
  expect(findingsExit([ok, error])).toBe(4);
  expect(findingsText([ok, advice, degraded, error])).toBe(
    [
      '✓ store: here',
      '· entity: slow',
      '    → CREATE INDEX …',
      '! source: TRANSACTIONS_HIDDEN: weak',
      '✗ source: SOURCE_AUTH: gone',
      '1 problem',
    ].join('\n'),
  );
});
