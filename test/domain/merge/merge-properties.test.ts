/** What holds for every merge, whatever both sides did. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/merge/json.ts';
import { canonicalText, isArray } from '../../../src/domain/merge/json-values.ts';
import { type MergeInput, type MergeResult, mergeValue } from '../../../src/domain/merge/merge-value.ts';
import { applyEdits, editsBetween, type TextEdits } from '../../../src/domain/merge/text-edits.ts';
import { readTextOperations } from '../../../src/domain/merge/text-operations.ts';
import { tokensOf } from '../../../src/domain/merge/text-tokens.ts';
import { rebase, weave } from '../../../src/domain/merge/text-transform.ts';
import type { MergeSpec } from '../../../src/domain/upload/upload-spec.ts';
import { countOr } from '../../campaign/counts.ts';
import { KINDS, text, textScript } from './merge-arbitraries.ts';

const numRuns = countOr(1_000, 'CAMPAIGN_MERGES');
const MINUTES = 30 * 60_000;

type Values = Pick<MergeInput, 'server' | 'client' | 'base'>;

function merge(spec: MergeSpec, values: Values, clientIsLater = false): MergeResult {
  return mergeValue(spec, { ...values, operations: [], clientIsLater });
}

function merged(value: Json): MergeResult {
  return { kind: 'merged', value };
}

function counted(parts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  return counts;
}

/** Words of a text, elements of an array, properties of an object. */
function partsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return tokensOf(value);
  if (isArray(value)) return value.map((item) => canonicalText(item));
  return Object.keys(value as object);
}

describe.each(KINDS)('$label', ({ spec, sides }) => {
  it('keeps what only one side changed', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(sides, ({ base, one }) => {
        expect(merge(spec, { base, server: one, client: base })).toEqual(merged(one));
        expect(merge(spec, { base, server: base, client: one })).toEqual(merged(one));
      }),
      { numRuns },
    );
  });

  it('gives the same when the sides are swapped', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(sides, fc.boolean(), ({ base, one, other }, later) => {
        const there = merge(spec, { base, server: one, client: other }, later);
        const back = merge(spec, { base, server: other, client: one }, !later);
        expect(back.kind).toBe(there.kind);
        if (there.kind === 'merged') expect(back).toEqual(there);
      }),
      { numRuns },
    );
  });

  it('merges well-formed values to well-formed ones', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(sides, ({ base, one, other }) => {
        const result = merge(spec, { base, server: one, client: other });
        const value = result.kind === 'merged' ? result.value : result.draft;
        // JSON.stringify escapes a lone surrogate; encodeURIComponent throws on one.
        expect(() => encodeURIComponent(JSON.stringify(value))).not.toThrow();
        expect(JSON.stringify(value)).not.toMatch(/\\ud[89a-f]/);
      }),
      { numRuns },
    );
  });
});

// Counters add: two who took one each took two.
describe.each(KINDS.filter(({ spec }) => spec.kind !== 'counter'))('$label', ({ spec, sides }) => {
  it('takes the same change of both sides once', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(sides, ({ base, one }) => {
        expect(merge(spec, { base, server: one, client: one })).toEqual(merged(one));
        expect(merge(spec, { base: undefined, server: one, client: one })).toEqual(merged(one));
      }),
      { numRuns },
    );
  });
});

describe.each(KINDS.filter(({ label }) => label === 'text' || label === 'array of scalars'))(
  'inserts into a $label',
  ({ spec, sides }) => {
    it('are never lost', { timeout: MINUTES }, () => {
      let met = 0;
      fc.assert(
        fc.property(sides, ({ base, one, other }) => {
          const result = merge(spec, { base, server: one, client: other });
          if (result.kind !== 'merged') return;
          met++;
          const [before, after] = [counted(partsOf(base)), counted(partsOf(result.value))];
          for (const side of [one, other]) {
            for (const [part, count] of counted(partsOf(side))) {
              // Of a part that the other side removed elsewhere, what this one added is left.
              const added = count - (before.get(part) ?? 0);
              if (added > 0) expect(after.get(part) ?? 0).toBeGreaterThanOrEqual(added);
            }
          }
        }),
        { numRuns },
      );
      expect(met).toBeGreaterThan(numRuns / 10);
    });
  },
);

describe('transform of text edits', () => {
  const scripts = text.chain((base) =>
    fc.record({ base: fc.constant(base), server: textScript(base), client: textScript(base) }),
  );
  function read(base: string, script: readonly Json[]): TextEdits {
    const edits = readTextOperations(base, script);
    if (!edits.ok) throw new Error(edits.problem);
    return edits.value;
  }

  it('ends in the same text in both orders (TP1)', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(scripts, ({ base, ...script }) => {
        const sides = { server: read(base, script.server), client: read(base, script.client) };
        const pieces = weave(base, sides);
        const serverFirst = applyEdits(applyEdits(base, sides.server), rebase(pieces, 'client'));
        const clientFirst = applyEdits(applyEdits(base, sides.client), rebase(pieces, 'server'));
        expect(serverFirst).toBe(clientFirst);
        const swapped = weave(base, { server: sides.client, client: sides.server });
        expect(applyEdits(applyEdits(base, sides.client), rebase(swapped, 'client'))).toBe(clientFirst);
        for (const { text: inserted } of [...sides.server, ...sides.client]) {
          expect(serverFirst).toContain(inserted.trim() === '' ? '' : tokensOf(inserted)[0]);
        }
      }),
      { numRuns },
    );
  });

  it('finds edits that make one text of another', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(applyEdits(from, editsBetween(from, to))).toBe(to);
      }),
      { numRuns },
    );
  });
});
