/** Bases, edits of them, and lists of operations. Few words and few elements, so that the sides meet. */
import fc from 'fast-check';
import type { Json } from '../../../src/domain/merge/json.ts';
import { isArray, isObject } from '../../../src/domain/merge/json-values.ts';
import { splitsPair, tokensOf } from '../../../src/domain/merge/text-tokens.ts';
import type { MergeSpec } from '../../../src/domain/upload/upload-spec.ts';

/** A base and what the two sides made of it. */
export type Sides<T extends Json> = { readonly base: T; readonly one: T; readonly other: T };

const word = fc.constantFrom(
  'red',
  'car',
  '10.5',
  '😀',
  '👩‍💻',
  'é',
  '東京',
  'a',
  'ab',
  '.',
  '\n',
  '\r\n',
  ',',
);
const words = fc.array(fc.tuple(word, fc.constantFrom(' ', ' ', '')), { maxLength: 8 });
const text = words.map((list) => list.flat().join(''));

function edited<T>(inner: fc.Arbitrary<T>, base: readonly T[]): fc.Arbitrary<readonly T[]> {
  const edit = fc.record({
    at: fc.nat({ max: base.length }),
    removed: fc.nat({ max: 2 }),
    added: fc.array(inner, { maxLength: 2 }),
  });
  return fc
    .array(edit, { maxLength: 3 })
    .map((edits) =>
      edits.reduce<readonly T[]>(
        (list, { at, removed, added }) => [...list.slice(0, at), ...added, ...list.slice(at + removed)],
        base,
      ),
    );
}

function sidesOf<T extends Json>(base: fc.Arbitrary<T>, change: (base: T) => fc.Arbitrary<T>) {
  return base.chain((old): fc.Arbitrary<Sides<T>> => {
    const side = fc.oneof({ weight: 4, arbitrary: change(old) }, base);
    return fc.record({ base: fc.constant(old), one: side, other: side });
  });
}

const textSides = sidesOf(text, (base) =>
  edited(
    fc.oneof(
      word,
      word.map((next) => ` ${next}`),
    ),
    tokensOf(base),
  ).map((tokens) => tokens.join('')),
);

const scalar: fc.Arbitrary<Json> = fc.constantFrom<Json>(1, 2, 3, 'x', 'y', null, true, '😀');
const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString');
const { value: nested } = fc.letrec<{ value: Json; object: Json; array: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 2, depthIdentifier: 'json' }, scalar, tie('object'), tie('array')),
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 3, depthIdentifier: 'json' })
    .map((list) => Object.fromEntries(list)),
  array: fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'json' }),
}));
const object = fc.array(fc.tuple(name, nested), { maxLength: 4 }).map((list) => objectOf(list));

function objectOf(properties: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(properties);
}

/** Most of the base stays, down to the leaves. */
function editedJson(base: Json): fc.Arbitrary<Json> {
  if (isArray(base)) return edited(nested, base);
  if (!isObject(base)) return fc.oneof({ weight: 3, arbitrary: fc.constant(base) }, nested);
  const kept = Object.entries(base).map(([property, value]) =>
    fc.option(fc.tuple(fc.constant(property), editedJson(value)), { freq: 5, nil: null }),
  );
  const added = fc.array(fc.tuple(name, nested), { maxLength: 1 });
  return fc
    .tuple(fc.tuple(...kept), added)
    .map(([old, fresh]) => objectOf([...fresh, ...old.filter((entry) => entry !== null)]));
}

const scalars = fc.array(scalar, { maxLength: 6 });
const element = fc.record({ id: fc.nat({ max: 5 }), n: fc.nat({ max: 2 }), m: fc.nat({ max: 1 }) });
const keyed = fc.uniqueArray(element, { selector: ({ id }) => id, maxLength: 5 });
const withoutDoubles = (list: readonly Json[]): readonly Json[] => [
  ...new Map(list.map((item) => [isObject(item) ? item.id : item, item])).values(),
];
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 12 }))
  .map(([whole, decimals]) => `${whole}${decimals === 0 ? '' : `.${decimals}`}`);

/** Per kind of merge: values that both sides may have. */
export const KINDS: readonly { spec: MergeSpec; label: string; sides: fc.Arbitrary<Sides<Json>> }[] = [
  { label: 'text', spec: { kind: 'text' }, sides: textSides },
  {
    label: 'array of scalars',
    spec: { kind: 'array' },
    sides: sidesOf<readonly Json[]>(scalars, (base) => edited(scalar, base)),
  },
  {
    label: 'array with a key',
    spec: { kind: 'array', key: 'id' },
    sides: sidesOf<readonly Json[]>(keyed, (base) => edited<Json>(element, base).map(withoutDoubles)),
  },
  {
    label: 'array of anything',
    spec: { kind: 'array' },
    sides: sidesOf<readonly Json[]>(fc.array(nested, { maxLength: 4 }), (base) => edited(nested, base)),
  },
  { label: 'object', spec: { kind: 'object' }, sides: sidesOf<Json>(object, editedJson) },
  { label: 'counter', spec: { kind: 'counter' }, sides: sidesOf<Json>(decimal, () => decimal) },
];

export { text };

/** A script for a text of that many units: valid, but for no particular purpose. */
export function textScript(base: string): fc.Arbitrary<readonly Json[]> {
  const step = fc.oneof(
    fc.record({ op: fc.constantFrom('retain', 'delete'), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ op: fc.constant('insert'), text: fc.oneof(word, fc.constant(' ')) }),
  );
  return fc.array(step, { maxLength: 8 }).map((steps) => {
    let at = 0;
    return steps.flatMap((operation): Json[] => {
      if (!('count' in operation)) return [operation];
      let end = Math.min(base.length, at + operation.count);
      if (splitsPair(base, end)) end++;
      const count = end - at;
      at = end;
      return count === 0 ? [] : [{ op: operation.op, count }];
    });
  });
}

export function arrayScript(base: readonly Json[], inner: fc.Arbitrary<Json>): fc.Arbitrary<readonly Json[]> {
  const gap = fc.nat({ max: base.length });
  const inserts = fc.array(fc.record({ op: fc.constant('insert'), at: gap, value: inner }), { maxLength: 3 });
  const fates = fc.array(fc.tuple(fc.constantFrom('keep', 'keep', 'remove', 'move'), gap), {
    minLength: base.length,
    maxLength: base.length,
  });
  return fc.tuple(inserts, fates).map(([added, taken]) => [
    ...added,
    ...taken.flatMap(([fate, to], index): Json[] => {
      if (fate === 'keep') return [];
      return fate === 'remove' ? [{ op: 'remove', at: index }] : [{ op: 'move', from: index, to }];
    }),
  ]);
}

const path = fc.array(name, { minLength: 1, maxLength: 3 });
export const objectScript: fc.Arbitrary<readonly Json[]> = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant('set'), path, value: nested }),
    fc.record({ op: fc.constant('unset'), path }),
    fc.record({ op: fc.constant('merge'), value: object }),
  ),
  { maxLength: 4 },
);
export { element, keyed, object, scalar, scalars };
