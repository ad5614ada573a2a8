import { expect, test } from 'vitest';
import { columnsOf, groupsOf, portions, stretches } from '../../src/store/in-sets.ts';

const rowOf = (each: string): string => each.slice(0, 1);

test('a stretch has no row twice, and nothing overtakes what comes before it', () => {
  expect(stretches(['a1', 'b1', 'a2', 'c1', 'a3', 'a4'], rowOf)).toEqual([
    ['a1', 'b1'],
    ['a2', 'c1'],
    ['a3'],
    ['a4'],
  ]);
  expect(stretches([], rowOf)).toEqual([]);
});

test('portions are small, but for a single large row', () => {
  const sizes = [5_000_000, 3_000_000, 1, 20_000_000, 2, 3];
  expect(portions(sizes, (size) => size)).toEqual([[5_000_000, 3_000_000], [1], [20_000_000], [2, 3]]);
});

test('groups and columns keep the order', () => {
  expect(groupsOf(['a1', 'b1', 'a2'], rowOf)).toEqual([['a1', 'a2'], ['b1']]);
  expect(
    columnsOf(
      [
        { id: 1, name: 'x' },
        { id: 2, name: 'y' },
      ],
      ['name', 'id'],
    ),
  ).toEqual([
    ['x', 'y'],
    [1, 2],
  ]);
  expect(columnsOf<{ id: number }, 'id'>([], ['id'])).toEqual([[]]);
});
