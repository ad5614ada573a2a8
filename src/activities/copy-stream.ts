/** Reads and shapes ahead of the load, so that source, process and store work at the same time (C6). */
import type { PieceStream } from '../connectors/contract.ts';
import type { EntityPlan, PieceFormat, ShapedPiece } from '../domain/entity.ts';
import { type Batch, Batches, type Prepared, type Shaping } from './copy-batches.ts';
import type { KeepAlive } from './keep-alive.ts';

/**
 * Bytes are loaded as they come: enough for COPY to run at full speed, little enough for loads well below a second. Rows
 * of text are shaped in small pieces and loaded together, since as strings they take several times their bytes.
 */
export const PIECE_BYTES: Readonly<Record<PieceFormat, number>> = {
  'pg-binary': 8 * 1024 * 1024,
  rows: 128 * 1024,
};

export type StreamEnd = 'ended' | 'yielded' | 'redo';

/** What happens to pieces: they are shaped while those before them load; loads come one after the other. */
export type PieceWork = Shaping & {
  /** 'redo' gives the stream up. */
  readonly load: (batch: Batch, shaped: ShapedPiece) => Promise<'loaded' | 'redo'>;
};

/**
 * Loads every piece of the stream, one after the other or several small ones together. While some are loaded the next
 * ones are shaped and those behind them read, so that source, process and store are all at work.
 * @returns the end, and whether the last piece was loaded knowing that it was the last.
 */
export async function copyStream(
  stream: PieceStream,
  alive: KeepAlive,
  { load, ...shaping }: PieceWork,
): Promise<{ readonly end: StreamEnd; readonly lastWasKnown: boolean }> {
  const pieces = stream[Symbol.asyncIterator]();
  const batches = new Batches(pieces, shaping);
  let lastWasKnown = false;
  try {
    let preparing = prepareAhead(batches);
    for (;;) {
      const next = await preparing;
      if (next === null) return { end: 'ended', lastWasKnown };
      preparing = prepareAhead(batches);
      const { batch, shaped } = next;
      if ((await load(batch, shaped)) === 'redo') return { end: 'redo', lastWasKnown: false };
      lastWasKnown = batch.last;
      if (!lastWasKnown && alive.shouldYield()) return { end: 'yielded', lastWasKnown };
    }
  } finally {
    await pieces.return?.();
  }
}

function prepareAhead(batches: Batches): Promise<Prepared | null> {
  const preparing = batches.next();
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
