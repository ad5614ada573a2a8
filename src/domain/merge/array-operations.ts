/**
 * Operations of an array. Positions count the elements of the base, as the device saw it, whatever else the list does:
 *
 * - `{op: 'insert', at, value}`: before element `at`; the base's length puts it at the end. Inserts at one position stay
 *   in the list's order.
 * - `{op: 'remove', at}`: element `at` goes.
 * - `{op: 'move', from, to}`: element `from` goes before element `to`.
 *
 * Removing an element and inserting one with the same key edits it; with an equal value, moves it.
 */
import { z } from 'zod';
import {
  type ArrayChange,
  type Fate,
  insertedTokens,
  type Placed,
  repeatsKey,
  tokenOf,
} from './array-change.ts';
import type { Json } from './json.ts';
import { invalid, jsonValue, type Parsed, parseOperations, position } from './parse-operations.ts';

const arrayOperation = z.discriminatedUnion(
  'op',
  [
    z.strictObject({ op: z.literal('insert'), at: position, value: jsonValue }),
    z.strictObject({ op: z.literal('remove'), at: position }),
    z.strictObject({ op: z.literal('move'), from: position, to: position }),
  ],
  'must be insert, remove or move: operations of an array have these',
);

type ArrayOperation = z.infer<typeof arrayOperation>;

/** The change that the operations make of the base. */
export function readArrayOperations(
  base: readonly Json[],
  operations: readonly unknown[],
  key: string | undefined,
): Parsed<ArrayChange> {
  const parsed = parseOperations(arrayOperation, operations);
  if (!parsed.ok) return parsed;
  const problem = firstProblem(base, parsed.value);
  if (problem !== null) return problem;
  const change = changeOf(base, parsed.value, key);
  if (repeatsKey(arrayAfter(change), key)) {
    return { ok: false, problem: 'its result has two elements with the same key' };
  }
  return { ok: true, value: change };
}

/** Positions that do not exist, and elements that two operations take away. */
function firstProblem(base: readonly Json[], operations: readonly ArrayOperation[]) {
  const taken = new Set<number>();
  for (const [index, operation] of operations.entries()) {
    const element =
      operation.op === 'insert' ? null : operation.op === 'remove' ? operation.at : operation.from;
    const gap = operation.op === 'insert' ? operation.at : operation.op === 'move' ? operation.to : 0;
    if (gap > base.length || (element !== null && element >= base.length)) {
      return invalid(index, `position is outside of the base, which has ${base.length} elements`);
    }
    if (element === null) continue;
    if (taken.has(element)) return invalid(index, 'the element was removed or moved by an operation before');
    taken.add(element);
  }
  return null;
}

function changeOf(
  base: readonly Json[],
  operations: readonly ArrayOperation[],
  key: string | undefined,
): ArrayChange {
  const fates: Fate[] = base.map((value) => ({ kind: 'kept', value }));
  const gaps: Placed[][] = [...base, null].map(() => []);
  const removed = new Map<string, number[]>();
  for (const operation of operations) {
    if (operation.op !== 'remove') continue;
    const token = tokenOf(base[operation.at] as Json, key);
    removed.set(token, [...(removed.get(token) ?? []), operation.at]);
  }
  for (const operation of operations) {
    if (operation.op === 'insert') {
      const token = tokenOf(operation.value, key);
      const element = removed.get(token)?.shift();
      if (element !== undefined) fates[element] = { kind: 'moved', value: operation.value };
      gaps[operation.at]?.push(
        element === undefined
          ? { kind: 'inserted', token, value: operation.value }
          : { kind: 'moved', element },
      );
    } else if (operation.op === 'move') {
      fates[operation.from] = { kind: 'moved', value: base[operation.from] as Json };
      gaps[operation.to]?.push({ kind: 'moved', element: operation.from });
    }
  }
  for (const element of [...removed.values()].flat()) {
    const around = [...(gaps[element] as Placed[]), ...(gaps[element + 1] as Placed[])];
    fates[element] = { kind: 'removed', replacedBy: insertedTokens(around) };
  }
  return { fates, gaps: gaps.map((placed, gap) => settle(fates, placed, gap)) };
}

/** An element that was moved to where it is already was not moved: the last one before its own place is it. */
function settle(fates: Fate[], placed: readonly Placed[], gap: number): readonly Placed[] {
  const last = placed.at(-1);
  const fate = fates[gap];
  if (last?.kind !== 'moved' || last.element !== gap || fate?.kind !== 'moved') return placed;
  fates[gap] = { kind: 'kept', value: fate.value };
  return placed.slice(0, -1);
}

/** The array as its side has it after the change. */
export function arrayAfter({ fates, gaps }: ArrayChange): readonly Json[] {
  return gaps.flatMap((placed, gap) => {
    const before = placed.map((item) =>
      item.kind === 'inserted' ? item.value : survivor(fates[item.element]),
    );
    const fate = fates[gap];
    return fate?.kind === 'kept' ? [...before, fate.value] : before;
  });
}

function survivor(fate: Fate | undefined): Json {
  return fate === undefined || fate.kind === 'removed' ? null : fate.value;
}
