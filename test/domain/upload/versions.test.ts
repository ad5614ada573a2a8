import { describe, expect, test } from 'vitest';
import { compareXids, formatVersion, parseVersion } from '../../../src/domain/upload/versions.ts';

describe('the version of a row', () => {
  test.each([
    ['0.0', { incarnation: 0, xid: '0' }],
    ['3.18446744073709551615', { incarnation: 3, xid: '18446744073709551615' }],
  ])('%s', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
    expect(formatVersion(version)).toBe(text);
  });

  test.each([
    '',
    '1',
    '1.',
    '.1',
    '01.1',
    '1.01',
    '1.1.1',
    '-1.1',
    '1.x',
    ' 1.1',
    '1.1\n',
    '1.123456789012345678901',
  ])('%j is none', (text) => {
    expect(parseVersion(text)).toBeNull();
  });

  test('xids compare as numbers, beyond those of JavaScript', () => {
    expect(compareXids('9', '10')).toBeLessThan(0);
    expect(compareXids('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
    expect(compareXids('10', '10')).toBe(0);
  });
});
