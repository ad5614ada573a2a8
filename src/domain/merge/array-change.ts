/** What one side did to an array: the fate of each element of the base, and what was put between them. */
import type { Json } from './json.ts';
import { canonicalText, isObject, property } from './json-values.ts';
import { diffSequences } from './sequence-diff.ts';

export type Fate =
  /** `value`: of an element with a key, as it was edited. */
  | { readonly kind: 'kept' | 'moved'; readonly value: Json }
  /** `replacedBy`: what was put where it was, as one text; empty when nothing was. */
  | { readonly kind: 'removed'; readonly replacedBy: string };

export type Placed =
  /** An element of the base, by its position there. */
  | { readonly kind: 'moved'; readonly element: number }
  | { readonly kind: 'inserted'; readonly token: string; readonly value: Json };

export type ArrayChange = {
  readonly fates: readonly Fate[];
  /** By position in the base: what comes before that element; the last one is the array's end. */
  readonly gaps: readonly (readonly Placed[])[];
};

/**
 * By which two elements are the same: objects that have the declared key by its value, all others by being equal.
 * The first character keeps the two apart.
 */
export function tokenOf(value: Json, key: string | undefined): string {
  const id = key !== undefined && isObject(value) ? property(value, key) : undefined;
  return id === undefined || id === null ? `=${canonicalText(value)}` : `#${canonicalText(id)}`;
}

export function hasKey(token: string): boolean {
  return token.startsWith('#');
}

/** True when two elements have one key: nobody could say which of them a change means. */
export function repeatsKey(values: readonly Json[], key: string | undefined): boolean {
  const keys = values.map((value) => tokenOf(value, key)).filter(hasKey);
  return new Set(keys).size < keys.length;
}

/** The change that makes `value` of `base`. An element that is in both, but in another order, was moved. */
export function arrayChangeBetween(
  base: readonly Json[],
  value: readonly Json[],
  key: string | undefined,
): ArrayChange {
  const baseTokens = base.map((element) => tokenOf(element, key));
  const valueTokens = value.map((element) => tokenOf(element, key));
  const hunks = diffSequences(baseTokens, valueTokens);
  const removed = positionsByToken(baseTokens, hunks);
  const fates: Fate[] = [];
  const gaps: Placed[][] = [...base, null].map(() => []);
  let at = 0;
  const keep = (until: number, shift: number): void => {
    for (; at < until; at++) fates[at] = { kind: 'kept', value: value[at + shift] as Json };
  };
  for (const { start, end, from, to } of hunks) {
    keep(start, from - start);
    at = end;
    const placed = gaps[start] as Placed[];
    for (let index = from; index < to; index++) {
      const token = valueTokens[index] as string;
      const element = removed.get(token)?.shift();
      const inserted = value[index] as Json;
      if (element === undefined) placed.push({ kind: 'inserted', token, value: inserted });
      else placed.push({ kind: 'moved', element });
      if (element !== undefined) fates[element] = { kind: 'moved', value: inserted };
    }
  }
  keep(base.length, value.length - base.length);
  for (const { start, end } of hunks) {
    const replacedBy = insertedTokens(gaps[start] as Placed[]);
    for (let index = start; index < end; index++) fates[index] ??= { kind: 'removed', replacedBy };
  }
  return { fates, gaps };
}

function positionsByToken(
  tokens: readonly string[],
  hunks: readonly { readonly start: number; readonly end: number }[],
): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (const { start, end } of hunks) {
    for (let index = start; index < end; index++) {
      const token = tokens[index] as string;
      const known = positions.get(token);
      if (known === undefined) positions.set(token, [index]);
      else known.push(index);
    }
  }
  return positions;
}

/** What was newly put there, as one text. */
export function insertedTokens(placed: readonly Placed[]): string {
  return placed.flatMap((item) => (item.kind === 'inserted' ? [item.token] : [])).join('\n');
}
