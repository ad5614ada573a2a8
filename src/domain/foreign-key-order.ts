/** The order in which tables may be inserted into: parents before children, as foreign keys say. */

/** Names of tables, in one spelling. */
export type ForeignKey = { readonly child: string; readonly parent: string };

/** Names of the entities, parents first. `tables`: the table of each, spelled as in `keys`. */
export function orderByKeys(
  tables: readonly { readonly entity: string; readonly table: string }[],
  keys: readonly ForeignKey[],
): string[] {
  const ordered = parentsFirst([...new Set(tables.map(({ table }) => table))], keys);
  return ordered.flatMap((name) => tables.filter(({ table }) => table === name).map(({ entity }) => entity));
}

/**
 * Items so that every parent stands before its children. What stands in a cycle, or hangs on one, keeps the given
 * order among itself; a table that refers to itself is no cycle.
 */
export function parentsFirst(items: readonly string[], keys: readonly ForeignKey[]): string[] {
  const waitsFor = new Map(items.map((item) => [item, new Set<string>()]));
  for (const { child, parent } of keys) {
    if (child !== parent && waitsFor.has(parent)) waitsFor.get(child)?.add(parent);
  }
  const ordered: string[] = [];
  let left = [...items];
  while (left.length > 0) {
    // The first in the given order that waits for nobody; in a cycle the first of all.
    const next = left.find(
      (item) => ![...(waitsFor.get(item) ?? [])].some((parent) => left.includes(parent)),
    );
    const taken = next ?? inCycle(left, waitsFor);
    ordered.push(taken);
    left = left.filter((item) => item !== taken);
  }
  return ordered;
}

/** The first item that waits, in the end, for itself: what only hangs on a cycle comes behind it. */
function inCycle(left: readonly string[], waitsFor: ReadonlyMap<string, ReadonlySet<string>>): string {
  const reaches = (from: string, seen: Set<string>): Set<string> => {
    for (const parent of waitsFor.get(from) ?? []) {
      if (!left.includes(parent) || seen.has(parent)) continue;
      seen.add(parent);
      reaches(parent, seen);
    }
    return seen;
  };
  return left.find((item) => reaches(item, new Set()).has(item)) ?? (left[0] as string);
}
