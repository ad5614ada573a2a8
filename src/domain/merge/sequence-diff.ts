/** Differences of two sequences: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy one. */

/** Elements [start, end) of the first sequence became [from, to) of the second. */
export type Hunk = {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
};

/** Time and memory grow with the square of the edits. Beyond this the sequences count as different throughout. */
const MAX_EDITS = 2_000;

type Match = { readonly first: number; readonly second: number; readonly length: number };

/** In order, and never touching each other. The same sequences give the same hunks, always. */
export function diffSequences(first: readonly string[], second: readonly string[]): readonly Hunk[] {
  const shorter = Math.min(first.length, second.length);
  let head = 0;
  while (head < shorter && first[head] === second[head]) head++;
  let tail = 0;
  while (tail < shorter - head && first.at(-1 - tail) === second.at(-1 - tail)) tail++;
  const middle = matches(
    first.slice(head, first.length - tail),
    second.slice(head, second.length - tail),
  ).map((match) => ({ ...match, first: match.first + head, second: match.second + head }));
  return hunksBetween([
    { first: 0, second: 0, length: head },
    ...middle,
    { first: first.length - tail, second: second.length - tail, length: tail },
  ]);
}

function hunksBetween(matched: readonly Match[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let start = 0;
  let from = 0;
  for (const { first, second, length } of matched) {
    if (first > start || second > from) hunks.push({ start, end: first, from, to: second });
    start = first + length;
    from = second + length;
  }
  return hunks;
}

/** Runs of equal elements in a longest common subsequence, in order. */
function matches(first: readonly string[], second: readonly string[]): readonly Match[] {
  const steps = first.length === 0 || second.length === 0 ? null : searchPath(first, second);
  return steps === null ? [] : walkBack(first, second, steps);
}

/** Furthest reaching points on the diagonals -d … d, for each number of edits d; null when there are too many edits. */
function searchPath(first: readonly string[], second: readonly string[]): readonly Int32Array[] | null {
  const limit = Math.min(first.length + second.length, MAX_EDITS);
  const steps: Int32Array[] = [];
  for (let d = 0; d <= limit; d++) {
    const before = steps.at(-1);
    const reached = new Int32Array(2 * d + 1);
    steps.push(reached);
    for (let k = -d; k <= d; k += 2) {
      let x = before === undefined ? 0 : entry(before, k, d).x;
      while (x < first.length && x - k < second.length && first[x] === second[x - k]) x++;
      reached[k + d] = x;
      if (x >= first.length && x - k >= second.length) return steps;
    }
  }
  return null;
}

/** Where diagonal k is entered with d edits, and from which diagonal. `before`: the points of d - 1 edits. */
function entry(before: Int32Array, k: number, d: number): { x: number; from: number } {
  const below = k < d ? (before[k + d] as number) : -1;
  const left = k > -d ? (before[k + d - 2] as number) : -1;
  return k === -d || (k !== d && left < below) ? { x: below, from: k + 1 } : { x: left + 1, from: k - 1 };
}

function walkBack(
  first: readonly string[],
  second: readonly string[],
  steps: readonly Int32Array[],
): readonly Match[] {
  const found: Match[] = [];
  let k = first.length - second.length;
  let end = first.length;
  for (let d = steps.length - 1; d >= 0; d--) {
    const came = d === 0 ? { x: 0, from: 0 } : entry(steps[d - 1] as Int32Array, k, d);
    if (end > came.x) found.push({ first: came.x, second: came.x - k, length: end - came.x });
    end = d === 0 ? 0 : ((steps[d - 1] as Int32Array)[came.from + d - 1] as number);
    k = came.from;
  }
  return found.reverse();
}
