/** What waits for itself, over however many others. */

export type Waits = ReadonlyMap<string, ReadonlySet<string>>;

/** @param waitsFor names by name; those that are no key of it wait for nothing. @returns all that stand in a circle. */
export function inCycles(waitsFor: Waits): ReadonlySet<string> {
  const left = new Map([...waitsFor].map(([name, others]) => [name, new Set(others)]));
  trim(left);
  return new Set([...left.keys()].filter((name) => reaches(left, name)));
}

/** Whoever waits for nobody that is left is in no circle. */
function trim(left: Map<string, Set<string>>): void {
  const waiters = new Map<string, string[]>();
  for (const [name, others] of left) {
    for (const other of others) {
      if (left.has(other)) waiters.set(other, (waiters.get(other) ?? []).concat(name));
      else others.delete(other);
    }
  }
  const free = [...left].filter(([, others]) => others.size === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    left.delete(name);
    for (const waiter of waiters.get(name) ?? []) {
      const others = left.get(waiter);
      if (others?.delete(name) && others.size === 0) free.push(waiter);
    }
  }
}

function reaches(waitsFor: Waits, start: string): boolean {
  const seen = new Set<string>();
  const next = [...(waitsFor.get(start) ?? [])];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    if (at === start) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    next.push(...(waitsFor.get(at) ?? []));
  }
  return false;
}
