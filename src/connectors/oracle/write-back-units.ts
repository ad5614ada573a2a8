/** What is applied together: single mutations, and groups that are applied all or not at all. */
import type oracledb from 'oracledb';
import type { Mutation } from '../write-contract.ts';
import type { WriteTable } from './write-back-table.ts';

/** A mutation and its place in the batch. */
export type Placed = { readonly at: number; readonly mutation: Mutation };
export type Unit = readonly Placed[];

export type RoundWork = {
  readonly connection: oracledb.Connection;
  readonly tables: ReadonlyMap<string, WriteTable>;
  readonly lockWaitSeconds: number;
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
