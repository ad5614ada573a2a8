import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonMembers } from '../../src/domain/json-members.ts';

test('splits any object into the texts of its members', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(4), (object, indent) => {
      const found = [...jsonMembers(JSON.stringify(object, null, indent))];
      expect(found.map(([name]) => name)).toEqual(Object.keys(object));
      for (const [name, value] of found) {
        expect(JSON.stringify(JSON.parse(value))).toBe(JSON.stringify(object[name]));
      }
    }),
  );
});

test('keeps every digit, and the spaces of PostgreSQL', () => {
  const json =
    '{ "id" : "a\\"}", "big":12345678901234567890.10 ,"deep": {"x": [1, "]", {"y": 2}]}, "no":null}';
  expect([...jsonMembers(json)]).toEqual([
    ['id', '"a\\"}"'],
    ['big', '12345678901234567890.10'],
    ['deep', '{"x": [1, "]", {"y": 2}]}'],
    ['no', 'null'],
  ]);
  expect([...jsonMembers('{}')]).toEqual([]);
});
