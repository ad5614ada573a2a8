/** What is applied together: single mutations, and groups that are applied all or not at all. */
import type { Mutation, Verdict } from '../write-contract.ts';

/** A mutation and its place in the batch. */
export type Placed = { readonly at: number; readonly mutation: Mutation };
export type Unit = readonly Placed[];

/** What came of mutations that were applied together. */
export type WaveResult = {
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Those that left no trace and are to be applied on their own, in their order. */
  readonly left: readonly Placed[];
};

/** Mutations of one group that stand side by side make a unit. */
export function unitsOf(mutations: readonly Mutation[]): Unit[] {
  const units: Placed[][] = [];
  for (const [at, mutation] of mutations.entries()) {
    const before = units.at(-1);
    const sameGroup = mutation.group !== undefined && before?.[0]?.mutation.group === mutation.group;
    if (before !== undefined && sameGroup) before.push({ at, mutation });
    else units.push([{ at, mutation }]);
  }
  return units;
}

/** One text per row; an insert whose key is not known yet has a row of its own. */
export function rowOf({ entity, key, ledgerKey }: Mutation): string {
  return JSON.stringify(key === null ? [entity, null, ledgerKey] : [entity, key]);
}
