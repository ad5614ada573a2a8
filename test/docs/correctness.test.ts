/** docs/correctness.md has every rule, and each that is built names the code that implements it and a test that proves it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/correctness.md'), 'utf8');
const rules = page
  .split(/^## (?=C\d)/m)
  .slice(1)
  .map((text) => ({ name: /^C\d+/.exec(text)?.[0] as string, text }));

test('the rules C1 to C26 stand on the page, in order', () => {
  expect(rules.map(({ name }) => name)).toEqual(Array.from({ length: 26 }, (_, i) => `C${i + 1}`));
});

test.each(rules)('$name names its code and its tests', ({ text }) => {
  const paths = (label: string): string[] => {
    const line = new RegExp(`^\\*\\*${label}:\\*\\* ((?:.+\\n)+)`, 'm').exec(text)?.[1] ?? '';
    return [...line.matchAll(/`((?:src|test)\/[^`]+)`/g)].map((path) => path[1] as string);
  };
  expect(paths('Code')).not.toEqual([]);
  expect(paths('Tests')).not.toEqual([]);
});

test('code and tests speak of no other rules', () => {
  const known = new Set(rules.map(({ name }) => name));
  const named = new Set<string>();
  for (const folder of ['src', 'test', 'docs']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(ts|sql|md)$/.test(file)) continue;
      const text = readFileSync(join(root, folder, file), 'utf8');
      for (const [rule] of text.matchAll(/\bC\d{1,2}\b/g)) named.add(rule);
    }
  }
  expect([...named].filter((rule) => !known.has(rule))).toEqual([]);
});
