/** The name that was probably meant: closest by edits, a swap of neighbours counting as one; null when none is near. */
export function closest(written: string, known: readonly string[]): string | null {
  const allowed = Math.max(1, Math.floor(written.length / 3));
  let best: { name: string; edits: number } | null = null;
  for (const name of known) {
    const edits = distance(written.toLowerCase(), name.toLowerCase());
    if (edits <= allowed && (best === null || edits < best.edits)) best = { name, edits };
  }
  return best?.name ?? null;
}

function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(swapped ? Math.min(edits, (beforeLast[j - 2] as number) + 1) : edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
