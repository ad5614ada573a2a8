import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderByKeys, parentsFirst } from '../../src/domain/foreign-key-order.ts';

describe('parents come first', () => {
  test('whatever the order they are given in', () => {
    const keys = [
      { child: 'employees', parent: 'departments' },
      { child: 'departments', parent: 'locations' },
      { child: 'employees', parent: 'employees' },
      { child: 'history', parent: 'employees' },
      { child: 'locations', parent: 'not in the batch' },
    ];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(['history', 'employees', 'departments', 'locations'], { minLength: 4 }),
        (items) => {
          expect(parentsFirst(items, keys)).toEqual(['locations', 'departments', 'employees', 'history']);
        },
      ),
    );
  });

  test('a cycle keeps its order, and what hangs on it comes behind', () => {
    const keys = [
      { child: 'a', parent: 'b' },
      { child: 'b', parent: 'a' },
      { child: 'c', parent: 'a' },
    ];
    expect(parentsFirst(['c', 'b', 'a'], keys)).toEqual(['b', 'a', 'c']);
  });

  test('in any graph, every edge outside a cycle is kept', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const edge = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }));
    fc.assert(
      fc.property(
        fc.array(edge, { maxLength: 12 }),
        fc.shuffledSubarray(nodes, { minLength: 6 }),
        (edges, items) => {
          // From a higher number to a lower one: no cycle.
          const keys = edges
            .filter(([from, to]) => from > to)
            .map(([from, to]) => ({ child: nodes[from] as string, parent: nodes[to] as string }));
          const ordered = parentsFirst(items, keys);
          expect([...ordered].sort()).toEqual(nodes);
          for (const { child, parent } of keys) {
            expect(ordered.indexOf(parent)).toBeLessThan(ordered.indexOf(child));
          }
        },
      ),
    );
  });
});

test('entities of one table stay together, in the order given', () => {
  const tables = [
    { entity: 'staff', table: 'employees' },
    { entity: 'places', table: 'locations' },
    { entity: 'managers', table: 'employees' },
  ];
  const keys = [{ child: 'employees', parent: 'locations' }];
  expect(orderByKeys(tables, keys)).toEqual(['places', 'staff', 'managers']);
});
