/** Merges that people can check by reading. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/merge/json.ts';
import { mergeValue } from '../../../src/domain/merge/merge-value.ts';
import type { MergeSpec } from '../../../src/domain/upload/upload-spec.ts';

type Three = readonly [base: Json | undefined, server: Json, client: Json | undefined];

function merge(spec: MergeSpec, [base, server, client]: Three) {
  return mergeValue(spec, { base, server, client, operations: [] });
}

const TEXT: MergeSpec = { kind: 'text' };
const ARRAY: MergeSpec = { kind: 'array' };
const KEYED: MergeSpec = { kind: 'array', key: 'id' };
const OBJECT: MergeSpec = { kind: 'object' };
const COUNTER: MergeSpec = { kind: 'counter' };
const FIRST_TWO = [
  { id: 1, n: 'a' },
  { id: 2, n: 'b' },
];

describe('values that merge', () => {
  it.each<[string, MergeSpec, Three, Json]>([
    ['words apart', TEXT, ['the red car', 'the blue car', 'the red bike'], 'the blue bike'],
    ['a word before one that is replaced', TEXT, ['red car', 'blue car', 'my red car'], 'my blue car'],
    ['a word deleted, one behind it added', TEXT, ['a b c', 'b c', 'a b c d'], 'b c d'],
    ['lines that both appended', TEXT, ['log', 'log\nfirst', 'log\nsecond'], 'log\nfirst\nsecond'],
    ['the same word replaced by both', TEXT, ['a b c', 'a x c', 'a x c.'], 'a x c.'],
    ['more of what the other appended', TEXT, ['log', 'log. One. ', 'log. One. Two.'], 'log. One. Two.'],
    ['both deleted, one of them more', TEXT, ['a b c d', 'a d', 'a c d'], 'a d'],
    [
      'characters of a text without spaces',
      TEXT,
      ['東京は大きい', '大阪は大きい', '東京は小さい'],
      '大阪は小さい',
    ],
    ['NULL before', TEXT, [null, 'one', 'one'], 'one'],
    ['scalars that both inserted', ARRAY, [['a'], ['a', 'b'], ['a', 'c']], ['a', 'b', 'c']],
    ['the same scalar from both', ARRAY, [['a'], ['b', 'a'], ['a', 'b', 'c']], ['b', 'a', 'c']],
    ['a removed and an added scalar', ARRAY, [['a', 'b'], ['b'], ['a', 'b', 'c']], ['b', 'c']],
    ['NULL before, of an array', ARRAY, [null, [1], [2]], [1, 2]],
    [
      'different properties of one element',
      KEYED,
      [[{ id: 1, n: 'a', m: 1 }], [{ id: 1, n: 'b', m: 1 }], [{ id: 1, n: 'a', m: 2 }]],
      [{ id: 1, n: 'b', m: 2 }],
    ],
    [
      'an element moved here and edited there',
      KEYED,
      [
        FIRST_TWO,
        [
          { id: 2, n: 'b' },
          { id: 1, n: 'a' },
        ],
        [
          { id: 1, n: 'x' },
          { id: 2, n: 'b' },
        ],
      ],
      [
        { id: 2, n: 'b' },
        { id: 1, n: 'x' },
      ],
    ],
    [
      'properties apart',
      OBJECT,
      [
        { a: 1, b: 1 },
        { a: 2, b: 1 },
        { a: 1, c: 3 },
      ],
      { a: 2, c: 3 },
    ],
    [
      'objects and arrays within',
      OBJECT,
      [{ a: { x: 1, tags: ['p'] } }, { a: { x: 2, tags: ['p', 'q'] } }, { a: { x: 1, tags: ['p', 'r'] } }],
      { a: { x: 2, tags: ['p', 'q', 'r'] } },
    ],
    ['an object that both made', OBJECT, [{}, { a: { x: 1 } }, { a: { y: 1 } }], { a: { x: 1, y: 1 } }],
    ['what both added', COUNTER, ['10.50', '12.50', '9.5'], '11.50'],
    [
      'decimals that no double holds',
      COUNTER,
      ['0', '12345678901234567890.1', '0.2'],
      '12345678901234567890.3',
    ],
    ['JSON numbers, exactly', COUNTER, [0, 0.1, 0.2], 0.3],
    ['the same change twice, which is two', COUNTER, [5, 4, 4], 3],
    ['below zero', COUNTER, ['1', '0', '-0.5'], '-1.5'],
    ['decimals that only one side shows', COUNTER, ['12.1', '0', '12.10'], '0.00'],
    ['numbers and texts', COUNTER, [1, 2, '3'], '4'],
    ['a counter that both left', COUNTER, ['1.0', '1.0', '1.0'], '1.0'],
  ])('%s', (...[, spec, three, value]) => {
    expect(merge(spec, three)).toEqual({ kind: 'merged', value });
  });

  it('treats every name of a property as data', () => {
    const parse = (text: string): Json => JSON.parse(text) as Json;
    const result = merge(OBJECT, [
      parse('{"__proto__":{"x":1},"constructor":1}'),
      parse('{"__proto__":{"x":1,"polluted":true},"constructor":1}'),
      parse('{"__proto__":{"x":2},"constructor":2}'),
    ]);
    expect(JSON.stringify(result)).toBe(
      '{"kind":"merged","value":{"__proto__":{"x":2,"polluted":true},"constructor":2}}',
    );
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('conflicts', () => {
  it.each<[string, MergeSpec, Three, Json | null, RegExp]>([
    ['the same word', TEXT, ['a red car', 'a blue car', 'a green car'], 'a blue green car', /same words/],
    [
      'parts of one number',
      TEXT,
      ['costs 10.5', 'costs 11.5', 'costs 10.7'],
      'costs 11.5 10.7',
      /same words/,
    ],
    [
      'an insert into what was deleted',
      TEXT,
      ['a b c d e', 'a e', 'a b c x d e'],
      'a b c x d e',
      /same words/,
    ],
    ['words that would run together', TEXT, ['', 'one', 'two'], 'one two', /same place/],
    ['no base', TEXT, [undefined, 'a', 'b'], null, /not known/],
    ['no text', TEXT, ['a', 'b', 7], 'b', /no well-formed text/],
    ['nothing from the device', TEXT, ['a', 'b', undefined], null, /neither/],
    [
      'an element edited and removed',
      KEYED,
      [
        FIRST_TWO,
        [
          { id: 1, n: 'x' },
          { id: 2, n: 'b' },
        ],
        [{ id: 2, n: 'b' }],
      ],
      [
        { id: 1, n: 'x' },
        { id: 2, n: 'b' },
      ],
      /^0: one side edited/,
    ],
    [
      'an element moved and removed',
      ARRAY,
      [
        [1, 2, 3],
        [2, 3, 1],
        [2, 3],
      ],
      [2, 3, 1],
      /^0: one side moved/,
    ],
    [
      'one property of one element',
      KEYED,
      [FIRST_TWO, [{ id: 1, n: 'x' }], [{ id: 1, n: 'y' }]],
      [{ id: 1, n: 'x' }],
      /^0\.n: both/,
    ],
    [
      'an element that both made',
      KEYED,
      [[], [{ id: 1, n: 1 }], [{ id: 1, n: 2 }]],
      [{ id: 1, n: 1 }],
      /^new\.n: both/,
    ],
    [
      'elements without a key, both replaced',
      ARRAY,
      [[{ a: 1 }], [{ a: 2 }], [{ a: 3 }]],
      [{ a: 2 }, { a: 3 }],
      /^0: both sides replaced/,
    ],
    ['a key twice', KEYED, [[], [{ id: 1 }, { id: 1 }], [{ id: 2 }]], [{ id: 1 }, { id: 1 }], /same key/],
    [
      'a property changed and removed',
      OBJECT,
      [{ a: 1 }, {}, { a: 2 }],
      { a: 2 },
      /^a: one side changed it, one removed/,
    ],
    [
      'a property deep inside',
      OBJECT,
      [{ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 3 } }],
      { a: { b: 2 } },
      /^a\.b: both/,
    ],
    ['a counter without base', COUNTER, [undefined, '1', '2'], null, /not known/],
    ['a counter that is none', COUNTER, ['1', 'NaN', '2'], 'NaN', /needs numbers/],
  ])('%s', (...[, spec, three, draft, reason]) => {
    expect(merge(spec, three)).toEqual({ kind: 'conflict', draft, reason: expect.stringMatching(reason) });
  });
});

describe('hostile values', () => {
  it('are refused when they are nested too deeply', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as Json;
    expect(merge(OBJECT, [{}, { a: 1 }, { b: deep }])).toMatchObject({ kind: 'conflict', draft: null });
  });

  it('that are long and different throughout cost little', { timeout: 60_000 }, () => {
    const words = (seed: string) => Array.from({ length: 20_000 }, (_, index) => `${seed}${index}`).join(' ');
    expect(merge(TEXT, [words('a'), words('b'), words('c')]).kind).toBe('conflict');
    const zeros = `1.${'0'.repeat(100_000)}`;
    expect(merge(COUNTER, [zeros, '2', '3'])).toEqual({ kind: 'merged', value: '4' });
  });
});
