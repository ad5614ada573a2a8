/** Lists of operations that people can check by reading: what they do, and what is said of wrong ones. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/merge/json.ts';
import { mergeValue } from '../../../src/domain/merge/merge-value.ts';
import type { MergeSpec } from '../../../src/domain/upload/upload-spec.ts';

function perform(
  spec: MergeSpec,
  [base, server]: readonly [Json | undefined, Json],
  operations: readonly Json[],
) {
  return mergeValue(spec, { base, server, client: undefined, operations });
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

describe('operations', () => {
  it.each<[string, MergeSpec, readonly [Json | undefined, Json], readonly Json[], Json]>([
    [
      'a word',
      TEXT,
      ['red car', 'my red car'],
      [
        { op: 'retain', count: 4 },
        { op: 'delete', count: 3 },
        { op: 'insert', text: 'bike' },
      ],
      'my red bike',
    ],
    ['into NULL', TEXT, [null, null], [{ op: 'insert', text: 'new' }], 'new'],
    [
      'at positions of the base',
      ARRAY,
      [
        [1, 2],
        [0, 1, 2],
      ],
      [
        { op: 'remove', at: 0 },
        { op: 'insert', at: 2, value: 3 },
      ],
      [0, 2, 3],
    ],
    [
      'a move',
      ARRAY,
      [
        [1, 2, 3],
        [1, 2, 3, 4],
      ],
      [{ op: 'move', from: 0, to: 3 }],
      [2, 3, 4, 1],
    ],
    [
      'an edit by remove and insert',
      KEYED,
      [FIRST_TWO, FIRST_TWO.toReversed()],
      [
        { op: 'remove', at: 1 },
        { op: 'insert', at: 1, value: { id: 2, n: 'x' } },
      ],
      [
        { id: 2, n: 'x' },
        { id: 1, n: 'a' },
      ],
    ],
    [
      'paths',
      OBJECT,
      [{ a: { b: 1, c: 1 } }, { a: { b: 1, c: 2 } }],
      [
        { op: 'set', path: ['a', 'b'], value: 3 },
        { op: 'merge', value: { d: { e: null } } },
      ],
      { a: { b: 3, c: 2 }, d: { e: null } },
    ],
    [
      'removing',
      OBJECT,
      [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
      ],
      [
        { op: 'unset', path: ['a'] },
        { op: 'unset', path: ['x', 'y'] },
      ],
      { b: 2 },
    ],
    [
      'deltas without a base',
      COUNTER,
      [undefined, '10.00'],
      [
        { op: 'add', by: '-2.5' },
        { op: 'add', by: 1 },
      ],
      '8.50',
    ],
  ])('%s', (...[, spec, versions, operations, value]) => {
    expect(perform(spec, versions, operations)).toEqual({ kind: 'merged', value });
  });

  it.each<[string, MergeSpec, Json, readonly Json[], RegExp]>([
    [
      'an unknown one',
      TEXT,
      'a',
      [{ op: 'set', path: ['a'], value: 1 }],
      /operation 1: op must be retain, delete or insert/,
    ],
    [
      'a count of zero',
      TEXT,
      'a',
      [
        { op: 'retain', count: 1 },
        { op: 'delete', count: 0 },
      ],
      /operation 2: count must be a whole number, 1 or more/,
    ],
    ['beyond the end', TEXT, 'abc', [{ op: 'retain', count: 4 }], /beyond the end of the base, which has 3/],
    ['half a character', TEXT, '😀', [{ op: 'delete', count: 1 }], /surrogate pair/],
    ['half a character inserted', TEXT, '', [{ op: 'insert', text: '\ud83d' }], /text must be well-formed/],
    [
      'a property too many',
      TEXT,
      'a',
      [{ op: 'delete', count: 1, note: 'secret' }],
      /operation 1: has a property/,
    ],
    [
      'a position outside',
      ARRAY,
      [1],
      [{ op: 'remove', at: 1 }],
      /outside of the base, which has 1 elements/,
    ],
    [
      'an element removed twice',
      ARRAY,
      [1],
      [
        { op: 'remove', at: 0 },
        { op: 'move', from: 0, to: 1 },
      ],
      /operation 2: the element was removed or moved/,
    ],
    [
      'a key twice',
      KEYED,
      [{ id: 1 }],
      [{ op: 'insert', at: 0, value: { id: 1 } }],
      /two elements with the same key/,
    ],
    [
      'a path through a scalar',
      OBJECT,
      { a: 1 },
      [{ op: 'set', path: ['a', 'b'], value: 1 }],
      /operation 1: path goes through/,
    ],
    [
      'an empty path',
      OBJECT,
      {},
      [{ op: 'set', path: [], value: 1 }],
      /operation 1: path must name a property/,
    ],
    ['no number', COUNTER, '1', [{ op: 'add', by: 'many' }], /operation 1: by must be a decimal number/],
    [
      'too many',
      COUNTER,
      '1',
      Array.from({ length: 10_001 }, () => ({ op: 'add', by: 1 })),
      /more than 10000 operations/,
    ],
  ])('refuses %s', (...[, spec, base, operations, reason]) => {
    expect(perform(spec, [base, base], operations)).toEqual({
      kind: 'conflict',
      draft: null,
      reason: expect.stringMatching(reason),
    });
  });

  it('does not put two halves of one word together', () => {
    const operations = [
      { op: 'retain', count: 3 },
      { op: 'insert', text: 'fish' },
    ];
    expect(perform(TEXT, ['cat sat', 'dog sat'], operations)).toEqual({
      kind: 'conflict',
      draft: 'dog catfish sat',
      reason: 'both sides changed the same words',
    });
  });

  it('lets the later of two moves of one element win', () => {
    const versions = { base: [1, 2, 3, 4], server: [2, 1, 3, 4], client: undefined };
    const operations = [{ op: 'move', from: 0, to: 4 }];
    const server = mergeValue(ARRAY, { ...versions, operations });
    const client = mergeValue(ARRAY, { ...versions, operations, clientIsLater: true });
    expect(client).toEqual({ kind: 'merged', value: [2, 3, 4, 1] });
    expect(server).toEqual({ kind: 'merged', value: [2, 1, 3, 4] });
  });

  it('refuses values that are nested too deeply', () => {
    const value = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as Json;
    const result = perform(OBJECT, [{}, {}], [{ op: 'set', path: ['a'], value }]);
    expect(result).toMatchObject({ kind: 'conflict', draft: null });
  });
});
