/** Lists of operations as devices send them: good ones, repeated ones, and anything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/merge/json.ts';
import { type MergeResult, mergeValue } from '../../../src/domain/merge/merge-value.ts';
import type { MergeSpec } from '../../../src/domain/upload/upload-spec.ts';
import { countOr } from '../../campaign/counts.ts';
import {
  arrayScript,
  element,
  KINDS,
  keyed,
  object,
  objectScript,
  scalar,
  scalars,
  text,
  textScript,
} from './merge-arbitraries.ts';

const numRuns = countOr(1_000, 'CAMPAIGN_MERGES');
const MINUTES = 30 * 60_000;

type Case = { readonly base: Json; readonly server: Json; readonly script: readonly Json[] };
type Operation = Readonly<Record<string, Json>>;

function casesOf<T extends Json>(
  base: fc.Arbitrary<T>,
  script: (base: T) => fc.Arbitrary<readonly Json[]>,
): fc.Arbitrary<Case> {
  return base.chain((old) =>
    fc.record({
      base: fc.constant<Json>(old),
      server: fc.oneof(fc.constant<Json>(old), base),
      script: script(old).filter((operations) => operations.length > 0),
    }),
  );
}

const CASES: readonly { label: string; spec: MergeSpec; cases: fc.Arbitrary<Case> }[] = [
  { label: 'text', spec: { kind: 'text' }, cases: casesOf(text, textScript) },
  {
    label: 'array of scalars',
    spec: { kind: 'array' },
    cases: casesOf<readonly Json[]>(scalars, (base) => arrayScript(base, scalar)),
  },
  {
    label: 'array with a key',
    spec: { kind: 'array', key: 'id' },
    cases: casesOf<readonly Json[]>(keyed, (base) => arrayScript(base, element)),
  },
  { label: 'object', spec: { kind: 'object' }, cases: casesOf<Json>(object, () => objectScript) },
];

function run(spec: MergeSpec, { base, server, script }: Case): MergeResult {
  return mergeValue(spec, { base, server, client: undefined, operations: script });
}

/** What the operations make of the base when nobody else changed it; null when the list is invalid. */
function outcome(spec: MergeSpec, { base, script }: Case): Json | null {
  const result = run(spec, { base, server: base, script });
  if (result.kind === 'merged') return result.value;
  expect(result.reason).toContain('the list of operations is invalid');
  return null;
}

/** Applies a script in the plainest way. */
function plainText(base: string, script: readonly Json[]): string {
  let rest = base;
  let result = '';
  for (const { op, count, text: inserted } of script as readonly Operation[]) {
    if (op === 'insert') result += inserted;
    if (op === 'retain') result += rest.slice(0, count as number);
    if (op !== 'insert') rest = rest.slice(count as number);
  }
  return result + rest;
}

function plainArray(base: readonly Json[], script: readonly Json[]): readonly Json[] {
  const operations = script as readonly Operation[];
  return [...base, null].flatMap((value, gap) => {
    const before = operations.flatMap(({ op, at, from, to, value: inserted }): readonly Json[] => {
      if (op === 'insert' && at === gap) return [inserted as Json];
      return op === 'move' && to === gap ? [base[from as number] as Json] : [];
    });
    const gone = operations.some(
      ({ op, at, from }) => (op === 'remove' && at === gap) || (op === 'move' && from === gap),
    );
    return gone || gap === base.length ? before : [...before, value];
  });
}

describe.each(CASES)('operations of $label', ({ spec, cases }) => {
  it('take effect once: merging a result with them again changes nothing', { timeout: MINUTES }, () => {
    let merges = 0;
    fc.assert(
      fc.property(cases, (one) => {
        const value = outcome(spec, one);
        if (value === null) return;
        merges++;
        expect(run(spec, { ...one, server: value })).toEqual({ kind: 'merged', value });
      }),
      { numRuns },
    );
    expect(merges).toBeGreaterThan(numRuns / 10);
  });

  it('give the same state whenever they are replayed', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(cases, (one) => {
        const before = JSON.stringify(one);
        const first = run(spec, one);
        expect(JSON.stringify(one)).toBe(before);
        expect(run(spec, structuredClone(one))).toEqual(first);
      }),
      { numRuns },
    );
  });
});

/** Of what was not in the base: removing something and inserting it again changes nothing. */
describe('inserts', () => {
  const inserts = (script: readonly Json[]) =>
    (script as readonly Operation[]).filter(({ op }) => op === 'insert');

  it('into a text others changed are all there, in one piece', { timeout: MINUTES }, () => {
    const [{ cases, spec }] = CASES as [(typeof CASES)[0]];
    fc.assert(
      fc.property(cases, (one) => {
        const result = run(spec, one);
        if (result.kind === 'conflict') return;
        for (const { text: inserted } of inserts(one.script)) {
          if (!String(one.base).includes(String(inserted))) expect(result.value).toContain(inserted);
        }
      }),
      { numRuns },
    );
  });

  it('into an array others changed are all there', { timeout: MINUTES }, () => {
    const { cases, spec } = CASES[1] as (typeof CASES)[0];
    fc.assert(
      fc.property(cases, (one) => {
        const result = run(spec, one);
        if (result.kind === 'conflict') return;
        for (const { value } of inserts(one.script)) {
          if (!(one.base as readonly Json[]).includes(value as Json)) expect(result.value).toContain(value);
        }
      }),
      { numRuns },
    );
  });
});

describe('effect of operations', () => {
  it('is that of the script, for texts', { timeout: MINUTES }, () => {
    const [{ cases, spec }] = CASES as [(typeof CASES)[0]];
    fc.assert(
      fc.property(cases, (one) => {
        expect(outcome(spec, one)).toBe(plainText(one.base as string, one.script));
      }),
      { numRuns },
    );
  });

  it('is that of the script, for arrays', { timeout: MINUTES }, () => {
    const { cases, spec } = CASES[1] as (typeof CASES)[0];
    fc.assert(
      fc.property(cases, (one) => {
        expect(outcome(spec, one)).toEqual(plainArray(one.base as readonly Json[], one.script));
      }),
      { numRuns },
    );
  });

  it('on an object without arrays is done by then: a repetition on the result changes nothing', {
    timeout: MINUTES,
  }, () => {
    const { cases, spec } = CASES[3] as (typeof CASES)[0];
    fc.assert(
      fc.property(cases, (one) => {
        if (`${JSON.stringify(one.base)}${JSON.stringify(one.server)}`.includes('[')) return;
        const first = run(spec, one);
        if (first.kind === 'merged') expect(run(spec, { ...one, server: first.value })).toEqual(first);
      }),
      { numRuns },
    );
  });

  it('of a counter is the sum, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer(), (deltas, server) => {
        const operations = deltas.map((by) => ({ op: 'add', by: `${by}.50` }));
        const expected = deltas.reduce((sum, by) => sum + by * 100 + (by < 0 ? -50 : 50), server * 100);
        const result = mergeValue(
          { kind: 'counter' },
          { base: undefined, server: `${server}`, client: undefined, operations },
        );
        expect(result).toMatchObject({ kind: 'merged' });
        if (result.kind === 'merged') expect(Math.round(Number(result.value) * 100)).toBe(expected);
      }),
    );
  });
});

describe('anything that a device may send', () => {
  const op = fc.constantFrom(
    'insert',
    'remove',
    'move',
    'retain',
    'delete',
    'set',
    'unset',
    'merge',
    'add',
    'x',
  );
  const almost = fc.record(
    {
      op,
      at: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.double(), fc.anything()),
      from: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.anything()),
      to: fc.integer({ min: -1, max: 4 }),
      count: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.anything()),
      text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ud83d'), fc.anything()),
      path: fc.oneof(fc.array(fc.constantFrom('a', '__proto__', 'constructor')), fc.anything()),
      by: fc.oneof(fc.string(), fc.double(), fc.anything()),
      value: fc.oneof(fc.jsonValue(), fc.anything()),
    },
    { requiredKeys: ['op'] },
  );
  const list = fc.array(fc.oneof({ weight: 4, arbitrary: almost }, { weight: 1, arbitrary: fc.anything() }), {
    maxLength: 5,
  });
  const value = fc.oneof(fc.jsonValue(), fc.anything(), fc.string(), fc.constant([]), fc.constant({}));

  it.each(KINDS)('never throws: $label', { timeout: MINUTES }, ({ spec }) => {
    fc.assert(
      fc.property(fc.record({ base: value, server: value, client: value, operations: list }), (input) => {
        const result = mergeValue(spec, input as Parameters<typeof mergeValue>[1]);
        if (result.kind === 'conflict') expect(result.reason).not.toBe('');
        else expect(result.value).toBeDefined();
        expect(Object.prototype).not.toHaveProperty('a');
      }),
      { numRuns },
    );
  });
});
