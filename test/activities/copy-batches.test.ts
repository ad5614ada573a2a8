import { expect, test } from 'vitest';
import { type Batch, Batches, type Prepared } from '../../src/activities/copy-batches.ts';
import type { Piece, Reject, ShapedPiece } from '../../src/domain/entity.ts';

const KB = 1024;

type Made = { readonly piece: Piece; readonly shaped: ShapedPiece };

let made = 0;

function pieceOf(options: {
  bytes: number;
  position?: string | null;
  last?: boolean;
  format?: ShapedPiece['format'];
  rejects?: number;
}): Made {
  const { bytes, position = String(++made), last, format = 'pg-binary', rejects = 0 } = options;
  const values = [[position], [position]];
  return {
    piece: { format: 'rows', values, rows: 2 + rejects, position, ...(last !== undefined && { last }) },
    shaped: {
      layout: 'mirror',
      format,
      data: Buffer.alloc(bytes, position ?? '?'),
      rowsInData: 2,
      rejects: Array.from({ length: rejects }, (_, i) => ({ key: `${position}/${i}` }) as Reject),
      rowsFetched: 2 + rejects,
    },
  };
}

/** @param end what the stream does behind the pieces. */
function batchesOf(pieces: readonly Made[], end?: Error): { batches: Batches; taken: () => number } {
  let taken = 0;
  async function* stream(): AsyncGenerator<Piece> {
    for (const { piece } of pieces) {
      taken++;
      yield piece;
    }
    if (end !== undefined) throw end;
  }
  const shape = async (piece: Piece): Promise<ShapedPiece> => {
    const found = pieces.find((each) => each.piece === piece);
    if (found === undefined) throw new Error('another piece');
    return found.shaped;
  };
  const keysOf = (piece: Piece): string[] => [`${piece.position}a`, `${piece.position}b`];
  return { batches: new Batches(stream(), { shape, keysOf }), taken: () => taken };
}

async function all(batches: Batches): Promise<Prepared[]> {
  const found: Prepared[] = [];
  for (;;) {
    const next = await batches.next();
    if (next === null) return found;
    found.push(next);
  }
}

test('small pieces are put together in their order, none is lost', async () => {
  const pieces = Array.from({ length: 100 }, (_, i) =>
    pieceOf({ bytes: 200 * KB, position: String(i), last: i === 99, rejects: i === 3 ? 1 : 0 }),
  );
  const found = await all(batchesOf(pieces).batches);
  expect(found.length).toBeLessThan(10);
  const data = Buffer.concat(found.map(({ shaped }) => shaped.data));
  expect(data.equals(Buffer.concat(pieces.map(({ shaped }) => shaped.data)))).toBe(true);
  expect(found.flatMap(({ batch }) => batch.keys)).toEqual(
    pieces.flatMap(({ piece }) => [`${piece.position}a`, `${piece.position}b`]),
  );
  expect(sum(found.map(({ batch }) => batch.rows))).toBe(201);
  expect(sum(found.map(({ shaped }) => shaped.rowsFetched))).toBe(201);
  expect(sum(found.map(({ shaped }) => shaped.rowsInData))).toBe(200);
  expect(found.flatMap(({ shaped }) => shaped.rejects)).toEqual(pieces[3]?.shaped.rejects);
  expect(found.at(-1)?.batch).toMatchObject({ position: '99', last: true });
  expect(found.slice(0, -1).every(({ batch }) => !batch.last && batch.position !== null)).toBe(true);
});

test('the first batches are small, and none is much larger than a load may be', async () => {
  const pieces = Array.from({ length: 100 }, () => pieceOf({ bytes: 256 * KB }));
  const sizes = (await all(batchesOf(pieces).batches)).map(({ shaped }) => shaped.data.length / KB);
  expect(sizes.slice(0, 3)).toEqual([1024, 2048, 4096]);
  expect(Math.max(...sizes)).toBe(4096);
});

test('a large piece goes alone, and nothing is read before it is asked for', async () => {
  const { batches, taken } = batchesOf([pieceOf({ bytes: 8192 * KB }), pieceOf({ bytes: 8192 * KB })]);
  expect(taken()).toBe(0);
  await batches.next();
  expect(taken()).toBe(1);
});

test('pieces of another format begin a batch of their own', async () => {
  const formats = ['pg-binary', 'pg-binary', 'text', 'text', 'pg-binary'] as const;
  const pieces = formats.map((format, i) => pieceOf({ bytes: 10, format, last: i === 4 }));
  const found = await all(batchesOf(pieces).batches);
  expect(found.map(({ shaped }) => [shaped.format, shaped.rowsInData])).toEqual([
    ['pg-binary', 4],
    ['text', 4],
    ['pg-binary', 2],
  ]);
  expect(found.map(({ batch }) => batch.last)).toEqual([false, false, true]);
});

test('rejects count as much as rows: they are held whole', async () => {
  const pieces = Array.from({ length: 40 }, () => pieceOf({ bytes: 0, rejects: 500 }));
  const found = await all(batchesOf(pieces).batches);
  expect(found.length).toBeGreaterThan(5);
});

test('what was read before an error is loaded before it is met', async () => {
  const lost = new Error('lost');
  const { batches } = batchesOf([pieceOf({ bytes: 10, position: 'x' })], lost);
  const first = await batches.next();
  expect(first?.batch satisfies Batch | undefined).toMatchObject({ position: 'x', last: false });
  await expect(batches.next()).rejects.toBe(lost);
  await expect(batches.next()).rejects.toBe(lost);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
