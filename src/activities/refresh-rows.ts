/** Rows of the source brought into the mirror by key, before a change is decided and after it was written (C1). */
import type { Piece, ShapedPiece } from '../domain/entity.ts';
import { compileShape, pieceKeys } from '../domain/shape.ts';
import type { LoadJob } from '../store/load-job.ts';
import { load } from '../store/load-piece.ts';
import type { LoadSession } from '../store/load-session.ts';
import { inUploadTransaction } from '../store/load-session.ts';
import { takeTicket } from '../store/ticket.ts';
import { wellFormed } from '../store/tombstones.ts';
import { PIECE_BYTES } from './copy-stream.ts';
import { withSource } from './source-access.ts';
import { type LookUpWork, lookUpJob, refOf } from './upload-work.ts';

/**
 * `then` runs in the transaction of the last load: what it writes and what was read stand there together. Keys that
 * the source does not have become tombstones.
 */
export async function refreshRows(
  work: LookUpWork,
  asked: readonly string[],
  then: (session: LoadSession, found: ReadonlySet<string>) => Promise<void> = async () => undefined,
): Promise<void> {
  const fresh = await readFresh(work, asked);
  const { signal } = work.context;
  await inUploadTransaction(work.deps.store, { name: work.id, signal }, async (session) => {
    await loadFresh(session, fresh);
    await then(session, fresh.found);
  });
}

/** What the source has under these keys by now. */
export type Fresh = {
  readonly job: LoadJob;
  readonly shaped: ShapedPiece;
  readonly found: ReadonlySet<string>;
};

export async function readFresh(work: LookUpWork, asked: readonly string[]): Promise<Fresh> {
  const { plan } = work.entity;
  const db = work.deps.store.pool;
  const ticket = await takeTicket(db);
  const keys = await wellFormed(db, plan, asked);
  const piece = await lookUp(work, keys);
  const found = pieceKeys(plan, piece);
  const shaped = await compileShape(plan, 'staging')(piece);
  const gone = keys.filter((key) => !new Set(found).has(key));
  return { job: lookUpJob(work, { ticket, found, gone }), shaped, found: new Set(found) };
}

export async function loadFresh(session: LoadSession, { job, shaped }: Fresh): Promise<void> {
  await load(session, job, shaped);
}

/** As one piece: an upload's wave is far smaller than what is loaded at once. */
async function lookUp(work: LookUpWork, keys: readonly string[]): Promise<Piece> {
  const { deps, context, entity } = work;
  const { signal } = context;
  const { plan } = entity;
  if (keys.length === 0) return emptyPieceOfRows();
  return withSource(deps, { ref: refOf(work), signal, moved: context.heartbeat }, async (source) => {
    const values: (readonly (string | null)[])[] = [];
    const options = { format: 'rows', pieceBytes: PIECE_BYTES.rows, signal } as const;
    for await (const piece of source.lookUpKeys(plan, keys, options)) {
      if (piece.format === 'rows') values.push(...piece.values);
    }
    return { format: 'rows', rows: values.length, position: null, values };
  });
}

function emptyPieceOfRows(): Piece {
  return { format: 'rows', rows: 0, position: null, values: [] };
}
