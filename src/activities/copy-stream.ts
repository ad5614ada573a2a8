/** Reads and shapes ahead of the load, so that source, process and store work at the same time (C6). */
import type { PieceStream } from '../connectors/contract.ts';
import type { EntityPlan, Piece, PieceFormat, ShapedPiece } from '../domain/entity.ts';
import type { KeepAlive } from './keep-alive.ts';

/**
 * Large enough for COPY to run at full speed, small enough for loads well below a second. Rows of text take several
 * times their bytes as strings.
 */
export const PIECE_BYTES: Readonly<Record<PieceFormat, number>> = {
  'pg-binary': 8 * 1024 * 1024,
  rows: 3 * 1024 * 1024,
};

export type StreamEnd = 'ended' | 'yielded' | 'redo';

/** What happens to a piece: `shape` may run while the piece before it loads, loads come one after the other. */
export type PieceWork = {
  readonly shape: (piece: Piece) => Promise<ShapedPiece>;
  /** 'redo' gives the stream up. */
  readonly load: (piece: Piece, shaped: ShapedPiece) => Promise<'loaded' | 'redo'>;
};

/**
 * Loads every piece of the stream. One piece is loaded while the next one is shaped and the one behind it is read, so
 * that source, process and store are all at work.
 * @returns the end, and whether the last piece was loaded knowing that it was the last.
 */
export async function copyStream(
  stream: PieceStream,
  alive: KeepAlive,
  { shape, load }: PieceWork,
): Promise<{ readonly end: StreamEnd; readonly lastWasKnown: boolean }> {
  const pieces = stream[Symbol.asyncIterator]();
  let lastWasKnown = false;
  try {
    let preparing = prepareAhead(pieces, shape);
    for (;;) {
      const next = await preparing;
      if (next === null) return { end: 'ended', lastWasKnown };
      preparing = prepareAhead(pieces, shape);
      const { piece, shaped } = next;
      if ((await load(piece, shaped)) === 'redo') return { end: 'redo', lastWasKnown: false };
      lastWasKnown = piece.last === true;
      if (!lastWasKnown && alive.shouldYield()) return { end: 'yielded', lastWasKnown };
    }
  } finally {
    await pieces.return?.();
  }
}

type Prepared = { readonly piece: Piece; readonly shaped: ShapedPiece };

function prepareAhead(pieces: AsyncIterator<Piece>, shape: PieceWork['shape']): Promise<Prepared | null> {
  const preparing = pieces.next().then(async (next) => {
    if (next.done) return null;
    return { piece: next.value, shaped: await shape(next.value) };
  });
  // A failed read is met where it is awaited, after the load; without this it would count as unhandled until then.
  preparing.catch(() => undefined);
  return preparing;
}

/** Nothing to load: for the step that only closes a range or a stream. */
export function emptyPiece(plan: EntityPlan): ShapedPiece {
  return {
    layout: 'staging',
    format: plan.format === 'pg-binary' ? 'pg-binary' : 'text',
    data: new Uint8Array(0),
    rowsInData: 0,
    rejects: [],
    rowsFetched: 0,
  };
}
