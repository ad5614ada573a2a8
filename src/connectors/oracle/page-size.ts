/** How many rows to ask for at a time. Pure. */

/**
 * Large enough for the network. Several are held as rows of strings: twice as much costs the process 70 MB more and the
 * garbage collector a fifth of its time.
 */
const PAGE_BYTES = 128 * 1024;
/** A page of a slow query comes after about so long: its rows need not wait for each other. */
const PAGE_MS = 500;
const MAX_ROWS = 5_000;
/** Sizes are an average: a page is never many times the one before. */
const GROWTH = 4;

export const FIRST_ROWS = 64;
/** Large values may follow: the first page must not be hundreds of them. */
export const FIRST_ROWS_WITH_LOBS = 8;

export type Page = {
  readonly asked: number;
  readonly rows: number;
  readonly size: number;
  readonly ms: number;
};

export function nextPageRows({ asked, rows, size, ms }: Page): number {
  if (rows === 0) return asked;
  const bySize = Math.floor((PAGE_BYTES * rows) / Math.max(1, size));
  const byTime = Math.floor((PAGE_MS * rows) / Math.max(1, ms));
  return Math.max(1, Math.min(bySize, byTime, asked * GROWTH, MAX_ROWS));
}
