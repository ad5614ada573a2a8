import { expect, test } from 'vitest';
import { mergePatch } from '../../../src/domain/merge/merge-patch.ts';

test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: { b: 'c', d: 1 } }, { a: { b: 'd' } }, { a: { b: 'd', d: 1 } }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [['a'], ['c'], ['c']],
  [{ a: 1 }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  ['x', { a: { b: null } }, { a: {} }],
  [null, { constructor: 1 }, { constructor: 1 }],
])('%j with %j', (target, patch, merged) => {
  expect(mergePatch(target, patch)).toEqual(merged);
});
