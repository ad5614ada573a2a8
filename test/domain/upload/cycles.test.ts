import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inCycles } from '../../../src/domain/upload/cycles.ts';

const cycles = (edges: Record<string, string[]>) =>
  [...inCycles(new Map(Object.entries(edges).map(([name, others]) => [name, new Set(others)])))].sort();

test('circles are found, and not what hangs on them or leads to them', () => {
  expect(cycles({ a: ['b'], b: ['c'], c: ['a'], d: ['a'], e: ['z'] })).toEqual(['a', 'b', 'c']);
  expect(cycles({ a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'], x: ['x'] })).toEqual([
    'a',
    'b',
    'c',
    'd',
    'x',
  ]);
  expect(cycles({ a: ['b'], b: ['a', 'm'], m: ['c'], c: ['c'] })).toEqual(['a', 'b', 'c']);
  expect(cycles({})).toEqual([]);
});

test('what names earlier ones alone is in none; closing a chain makes all of it one', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(40), { maxLength: 4 }), { maxLength: 40 }), (made) => {
      const edges = Object.fromEntries(
        made.map((others, i) => [`n${i}`, others.filter((other) => other < i).map((other) => `n${other}`)]),
      );
      expect(cycles(edges)).toEqual([]);
      const chain = Object.fromEntries(made.map((_, i) => [`n${i}`, [`n${(i + 1) % made.length}`]]));
      expect(cycles(chain)).toHaveLength(made.length);
    }),
  );
});
