/** Lists by pages: `limit`, and an opaque `after` that the page before gave as `next`. The newest come first. */
import { z } from 'zod';
import { SyncError } from '../../domain/errors.ts';
import { parseInstant } from '../../domain/instants.ts';

const MAX_ROWS = 500;
const DEFAULT_ROWS = 50;

export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_ROWS)
    .default(DEFAULT_ROWS)
    .describe('So many at most. A page may have fewer although `next` says that there are more'),
  after: z.string().max(4_000).optional().describe('`next` of the page before; none for the first'),
};

/** An array in a reply, which nobody changes. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item) as unknown as z.ZodType<readonly z.output<Item>[], readonly z.input<Item>[]>;
}

/** @param item what a page consists of. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: listOf(item),
    next: z.string().nullable().describe('Goes as `after` with the next request; null: there are no more'),
  });
}

/** A place in a list: what the last item sorts by, part by part. */
type Place = readonly (string | number | null)[];

export function nextOf<Row>(
  rows: readonly Row[],
  { limit, placeOf }: { readonly limit: number; readonly placeOf: (row: Row) => Place },
): string | null {
  const last = rows.at(-1);
  if (last === undefined || rows.length < limit) return null;
  return tokenOf(placeOf(last));
}

function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** For one page: where the caller may see little of a long list, the next page goes on. */
const MOST_LOOKS = 20;

type From<Row> = { readonly limit: number; readonly after: Row | null };

/**
 * Of lists in which the caller may not see all rows: it is looked on until the page is full.
 * @param look gives rows of the list, and of them the items that may be shown.
 */
export async function visiblePage<Row, Item>(
  { limit, after }: From<Row>,
  look: (from: From<Row>) => Promise<{ readonly rows: readonly Row[]; readonly items: readonly Item[] }>,
  placeOf: (row: Row) => Place,
): Promise<{ items: Item[]; next: string | null }> {
  const items: Item[] = [];
  let last = after;
  for (let looks = 0; looks < MOST_LOOKS && items.length < limit; looks++) {
    const left = limit - items.length;
    const found = await look({ limit: left, after: last });
    items.push(...found.items);
    last = found.rows.at(-1) ?? last;
    if (found.rows.length < left) return { items, next: null };
  }
  return { items, next: last === null ? null : tokenOf(placeOf(last)) };
}

/** @returns null for the first page. @throws SyncError CURSOR_INVALID */
export function placeFrom<Parts extends z.ZodType>(
  after: string | undefined,
  parts: Parts,
): z.output<Parts> | null {
  if (after === undefined) return null;
  const { data, success } = parts.safeParse(jsonOf(after));
  if (success) return data;
  throw new SyncError('CURSOR_INVALID', {
    message: '`after` is no position of this list',
    remedy: 'Send `next` of the page before as it came, or leave it out to begin anew.',
  });
}

function jsonOf(after: string): unknown {
  try {
    return JSON.parse(Buffer.from(after, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/** Parts of places, as the store reads them. */
export const instantPart = z
  .string()
  .max(40)
  .refine((text) => parseInstant(text) !== null);
export const idPart = z.string().regex(/^\d{1,18}$/);
/** A half of a surrogate pair or NUL would not reach the store. */
export const textPart = z
  .string()
  .max(2_000)
  .refine((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));

/** @param name of the parameter. @returns a UTC instant with microseconds. @throws SyncError REQUEST_INVALID */
export function instantFrom(text: string, name: string): string {
  const parsed = parseInstant(text);
  if (parsed !== null) return parsed;
  throw new SyncError('REQUEST_INVALID', {
    message: `\`${name}\` is no instant`,
    remedy: 'Write it as 2026-01-31T08:00:00Z.',
  });
}

/** A place in lists of conflicts. @throws SyncError CURSOR_INVALID */
export function conflictPlace(after: string | undefined): { openedAtMs: number; id: string } | null {
  const place = placeFrom(after, z.tuple([z.number(), textPart]));
  return place && { openedAtMs: place[0], id: place[1] };
}
