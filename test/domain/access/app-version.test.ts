import { expect, test } from 'vitest';
import { isOlderThan } from '../../../src/domain/access/app-version.ts';

test.each<[string | null, string, boolean]>([
  ['2.4.0', '2.4.0', false],
  ['2.4', '2.4.0', false],
  ['v2.4.1', '2.4', false],
  ['2.10.0', '2.9.9', false],
  ['3', '2.9.9', false],
  ['2.4.0-beta.1', '2.4.0', false],
  ['2.4.0+77', '2.4.0', false],
  ['2.3.99', '2.4', true],
  ['1.99', '2', true],
  ['2.04.0', '2.4.0', false],
  ['latest', '0.0.1', true],
  ['', '0', true],
  [null, '0', true],
  ['99999999999.0', '2', true],
])('%s against %s', (version, wanted, isOlder) => {
  expect(isOlderThan(version, wanted)).toBe(isOlder);
});
