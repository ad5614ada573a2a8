/** What one statement does for many rows. */

/** The members of each, as arrays for `unnest`. */
export function columnsOf<T, Name extends keyof T>(all: readonly T[], names: readonly Name[]): T[Name][][] {
  return names.map((name) => all.map((each) => each[name]));
}

export function groupsOf<T>(all: readonly T[], nameOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const name = nameOf(each);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** In their order, such that none has two of the same row: one statement meets a row once. */
export function stretches<T>(all: readonly T[], rowOf: (each: T) => string): T[][] {
  const done: T[][] = [];
  let seen = new Set<string>();
  for (const each of all) {
    const row = rowOf(each);
    if (done.length === 0 || seen.has(row)) {
      done.push([]);
      seen = new Set();
    }
    seen.add(row);
    done.at(-1)?.push(each);
  }
  return done;
}

/** One statement carries so many characters at most, but a single row of any size. */
const MAX_CHARS = 8_000_000;

/** In their order. @param charsOf what one of them adds to a statement. */
export function portions<T>(all: readonly T[], charsOf: (each: T) => number): T[][] {
  const done: T[][] = [];
  let chars = 0;
  for (const each of all) {
    const own = charsOf(each);
    if (done.length === 0 || chars + own > MAX_CHARS) {
      done.push([]);
      chars = 0;
    }
    chars += own;
    done.at(-1)?.push(each);
  }
  return done;
}
