import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderOfGroup } from '../../../src/domain/upload/group-order.ts';

type Kind = readonly [entity: string, operation: 'insert' | 'update' | 'delete'];

const member = (ordinal: number, [entity, operation]: Kind, makers: string[] = []) => ({
  ...{ ordinal: String(ordinal), entity, operation, makers },
});

test('parents come before children, deletes last and the other way round, else as sent', () => {
  const members = [
    member(1, ['people', 'delete']),
    member(2, ['firms', 'delete']),
    member(3, ['people', 'insert'], ['4']),
    member(4, ['people', 'insert'], ['6']),
    member(5, ['people', 'update']),
    member(6, ['firms', 'insert']),
  ];
  expect(orderOfGroup(members, ['firms', 'people'])).toEqual({ order: ['6', '4', '3', '5', '1', '2'] });
});

test('a circle is told', () => {
  const members = [
    member(1, ['a', 'insert'], ['2']),
    member(2, ['a', 'insert'], ['1']),
    member(3, ['a', 'insert']),
  ];
  expect(orderOfGroup(members, [])).toHaveProperty('cycle');
  expect(orderOfGroup([member(1, ['a', 'insert'], ['1'])], [])).toEqual({ cycle: ['1'] });
});

test('whatever names what was made before it can be ordered, and keeps all members', () => {
  const names = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { maxLength: 20 });
  fc.assert(
    fc.property(names, fc.infiniteStream(fc.nat()), (made, random) => {
      const members = made.map((earlier, i) => {
        const makers = [...new Set(earlier.filter((maker) => maker < i))].map(String);
        return member(i, [['a', 'b', 'c'][i % 3] as string, 'insert'], makers);
      });
      const shuffled = members
        .map((each) => ({ each, at: random.next().value as number }))
        .sort((x, y) => x.at - y.at)
        .map(({ each }) => each);
      const result = orderOfGroup(shuffled, ['c', 'b', 'a']);
      const order = 'order' in result ? result.order : [];
      expect([...order].sort()).toEqual(members.map(({ ordinal }) => ordinal).sort());
      for (const { ordinal, makers } of members) {
        for (const maker of makers) expect(order.indexOf(maker)).toBeLessThan(order.indexOf(ordinal));
      }
    }),
  );
});
