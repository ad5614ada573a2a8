/** Reads one piece ahead of the load, so that source and store work at the same time (C6). */
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

/**
 * Loads every piece of the stream. `load` answers 'redo' to give the stream up.
 * @returns the end, and whether the last piece was loaded knowing that it was the last.
 */
export async function copyStream(
  stream: PieceStream,
  alive: KeepAlive,
  load: (piece: Piece) => Promise<'loaded' | 'redo'>,
): Promise<{ readonly end: StreamEnd; readonly lastWasKnown: boolean }> {
  const pieces = stream[Symbol.asyncIterator]();
  let lastWasKnown = false;
  try {
    let reading = readAhead(pieces);
    for (;;) {
      const next = await reading;
      if (next.done) return { end: 'ended', lastWasKnown };
      reading = readAhead(pieces);
      if ((await load(next.value)) === 'redo') return { end: 'redo', lastWasKnown: false };
      lastWasKnown = next.value.last === true;
      if (!lastWasKnown && alive.shouldYield()) return { end: 'yielded', lastWasKnown };
    }
  } finally {
    await pieces.return?.();
  }
}

function readAhead(pieces: AsyncIterator<Piece>): Promise<IteratorResult<Piece>> {
  const reading = pieces.next();
  // A failed read is met where it is awaited, after the load; without this it would count as unhandled until then.
  reading.catch(() => undefined);
  return reading;
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
