/** Lists in which somebody may not see all rows. */
import { expect, test } from 'vitest';
import { visiblePage } from '../../src/gateway/operator/paging.ts';

type Row = { readonly n: number };

/** Of rows 1, 2, … `last`, those that `isSeen` says. */
function list(last: number, isSeen: (n: number) => boolean) {
  let looked = 0;
  const page = (limit: number, after: Row | null) =>
    visiblePage(
      { limit, after },
      async (from) => {
        const first = (from.after?.n ?? 0) + 1;
        const numbers = Array.from({ length: from.limit }, (_, i) => first + i).filter((n) => n <= last);
        looked += numbers.length;
        return { rows: numbers.map((n) => ({ n })), items: numbers.filter(isSeen) };
      },
      ({ n }) => [n],
    );
  return { page, looked: () => looked };
}

const placeOf = (next: string | null): Row | null =>
  next === null ? null : { n: (JSON.parse(Buffer.from(next, 'base64url').toString()) as [number])[0] };

test('pages are full of what may be seen, and hold it once', async () => {
  const { page } = list(100, (n) => n % 3 === 0);
  const sizes: number[] = [];
  const all: number[] = [];
  for (let after: Row | null = null; ; ) {
    const { items, next } = await page(10, after);
    sizes.push(items.length);
    all.push(...items);
    after = placeOf(next);
    if (after === null) break;
  }
  expect(sizes).toEqual([10, 10, 10, 3]);
  expect(all).toEqual(Array.from({ length: 33 }, (_, i) => (i + 1) * 3));
});

test('a caller who may see nothing of a long list costs no more than some pages', async () => {
  const { page, looked } = list(1_000_000, (n) => n > 500);
  const { items, next } = await page(10, null);
  expect(items).toEqual([]);
  expect(looked()).toBe(200);
  expect(placeOf(next)).toEqual({ n: 200 });
});
