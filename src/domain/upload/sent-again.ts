/**
 * C11: devices that name no changes. What they send says the same whenever a field goes to and fro, and whenever an
 * answer was lost: only the order tells one from the other. What a device repeats begins where its last answer was lost,
 * so it is an end of what it had sent of the row.
 */
const HASH = 'hash/';

export type Told = {
  /** Ids of what the upload has of a row, in its order: the device's own, or `hash/` and a hash of what it says. */
  readonly sent: readonly string[];
  /** Ids of what the device sent of the row before, as they were kept: the last ones, as many as `sent` or all. */
  readonly past: readonly string[];
  /** Of an id, to tell what follows it. */
  readonly hash: (id: string) => string;
};

/** @returns ids for `sent`: those of `past` where it is repeated, else new ones. */
export function mutationIds({ sent, past, hash }: Told): string[] {
  // The same twice in a row is one change: it would change nothing the second time.
  const places: number[] = [];
  const distinct: string[] = [];
  for (const id of sent) {
    if (!id.startsWith(HASH) || id !== distinct.at(-1)) distinct.push(id);
    places.push(distinct.length - 1);
  }
  const ids: string[] = [...past.slice(past.length - repeated(distinct, past))];
  for (const id of distinct.slice(ids.length)) {
    const before = ids.at(-1) ?? past.at(-1);
    // The same change after another one is another mutation.
    ids.push(before === undefined || !id.startsWith(HASH) ? id : `${id}/${hash(before)}`);
  }
  return places.map((place) => ids[place] as string);
}

/** How many of the first ones stand at the end of the past. */
function repeated(sent: readonly string[], past: readonly string[]): number {
  const said = past.map(contentOf);
  for (let length = Math.min(sent.length, past.length); length > 0; length--) {
    const end = said.slice(said.length - length);
    if (end.every((content, i) => content === sent[i])) return length;
  }
  return 0;
}

function contentOf(id: string): string {
  return id.startsWith(HASH) ? id.split('/', 2).join('/') : id;
}
