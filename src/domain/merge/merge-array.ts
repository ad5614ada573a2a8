/** Three-way merge of arrays, by the identity of their elements. */
import { type ArrayChange, hasKey, type Placed } from './array-change.ts';
import type { Json } from './json.ts';
import { isArray, isObject, sameJson } from './json-values.ts';
import {
  agreed,
  clashed,
  type MergeClash,
  type MergeContext,
  type MergeInner,
  type Outcome,
} from './outcome.ts';

export type ArrayVersions = {
  readonly base: readonly Json[];
  readonly server: ArrayChange;
  readonly client: ArrayChange;
};

/** `mergeInner` merges an element that both sides edited. */
export function mergeArray(versions: ArrayVersions, context: MergeContext, mergeInner: MergeInner): Outcome {
  const places = { server: placesByGap(versions.server), client: placesByGap(versions.client) };
  const elements = versions.base.map((_, index) => mergeElement(versions, index, { context, mergeInner }));
  const inserted = mergeInserted(places, { context, mergeInner });
  const gapOf = new Map([...inserted.gapOf, ...movesOf(places, context.later)]);
  const merged: Json[] = [];
  for (let gap = 0; gap <= versions.base.length; gap++) {
    const server = (places.server[gap] as Places).filter(({ id }) => gapOf.get(id) === gap);
    const client = (places.client[gap] as Places).filter(({ id }) => gapOf.get(id) === gap);
    for (const [id, item] of inOrder(server, client)) {
      const value = item.kind === 'inserted' ? inserted.values.get(id) : elements[item.element]?.value;
      if (value !== undefined) merged.push(value);
    }
    const here = elements[gap]?.value;
    if (here !== undefined && !gapOf.has(movedId(gap))) merged.push(here);
  }
  return {
    value: merged,
    clashes: [...elements.flatMap(({ clashes }) => clashes), ...inserted.clashes],
  };
}

/** Both sides' lists, each in its order; which one is first follows from what they hold: sides can be swapped. */
function inOrder(server: Places, client: Places): ReadonlyMap<string, Placed> {
  const text = (places: Places) => places.map(({ id }) => id).join('\n');
  const [first, second] = text(server) < text(client) ? [server, client] : [client, server];
  return new Map([...first, ...second].map(({ id, item }) => [id, item]));
}

type Merging = { readonly context: MergeContext; readonly mergeInner: MergeInner };

/** An element of the base, as both sides left it; undefined when it is gone. */
function mergeElement({ base, server, client }: ArrayVersions, index: number, merging: Merging): Outcome {
  const old = base[index] as Json;
  const one = server.fates[index];
  const other = client.fates[index];
  const context = { ...merging.context, path: [...merging.context.path, String(index)] };
  if (one === undefined || other === undefined) return agreed(undefined);
  if (one.kind === 'removed' && other.kind === 'removed') {
    const isWhole = isObject(old) || isArray(old);
    if (!isWhole || one.replacedBy === other.replacedBy) return agreed(undefined);
    return clashed(undefined, context, 'both sides replaced the element, or one replaced and one removed it');
  }
  if (one.kind !== 'removed' && other.kind !== 'removed') {
    return merging.mergeInner({ base: old, server: one.value, client: other.value }, context);
  }
  const left = one.kind === 'removed' ? other : one;
  if (left.kind === 'removed') return agreed(undefined);
  if (left.kind === 'moved')
    return clashed(left.value, context, 'one side moved the element, one removed it');
  if (sameJson(left.value, old)) return agreed(undefined);
  return clashed(left.value, context, 'one side edited the element, one removed it');
}

/** Something that a side placed. What both sides placed has the same id on both. */
type Place = { readonly id: string; readonly item: Placed };
type Places = readonly Place[];
type SidesPlaces = { readonly server: readonly Places[]; readonly client: readonly Places[] };

function movedId(element: number): string {
  return `moved ${element}`;
}

function placesByGap({ gaps }: ArrayChange): readonly Places[] {
  const seen = new Map<string, number>();
  return gaps.map((placed) =>
    placed.map((item) => {
      if (item.kind === 'moved') return { id: movedId(item.element), item };
      const count = (seen.get(item.token) ?? 0) + 1;
      seen.set(item.token, count);
      return { id: `${count} ${item.token}`, item };
    }),
  );
}

/** Where moved elements go. */
function movesOf({ server, client }: SidesPlaces, later: 'server' | 'client'): ReadonlyMap<string, number> {
  const moves = new Map<string, number>();
  for (const gaps of later === 'client' ? [server, client] : [client, server]) {
    gaps.forEach((places, gap) => {
      for (const { id, item } of places) if (item.kind === 'moved') moves.set(id, gap);
    });
  }
  return moves;
}

type Inserted = {
  readonly values: ReadonlyMap<string, Json>;
  /** Where it goes: of two places the one nearer to the beginning. */
  readonly gapOf: ReadonlyMap<string, number>;
  readonly clashes: readonly MergeClash[];
};

/** Equal inserts of both sides are one. Of one side's equal inserts, each counts. */
function mergeInserted({ server, client }: SidesPlaces, { context, mergeInner }: Merging): Inserted {
  const values = new Map<string, Json>();
  const gapOf = new Map<string, number>();
  const clashes: MergeClash[] = [];
  const add = ({ id, item }: Place, gap: number): void => {
    if (item.kind === 'moved') return;
    const known = values.get(id);
    gapOf.set(id, Math.min(gapOf.get(id) ?? gap, gap));
    if (known === undefined || !hasKey(item.token)) {
      values.set(id, item.value);
      return;
    }
    const inner = { ...context, path: [...context.path, 'new'] };
    const outcome = mergeInner({ base: undefined, server: known, client: item.value }, inner);
    values.set(id, outcome.value ?? known);
    clashes.push(...outcome.clashes);
  };
  for (const gaps of [server, client]) {
    gaps.forEach((places, gap) => {
      for (const place of places) add(place, gap);
    });
  }
  return { values, gapOf, clashes };
}
