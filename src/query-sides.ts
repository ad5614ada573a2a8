/**
 * Adds both sides of a conflict to the answer of its query, outside of the workflow's sandbox: answers of queries are in
 * no history, so values may be in them. A codec is what the SDK lets see an answer before it leaves; it touches nothing
 * but what the workflow marked (domain/approval/conflict-view.ts).
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { ConflictSides, ConflictView } from './domain/approval/conflict-view.ts';
import { SIDES_WANTED, sidesOf } from './domain/approval/conflict-view.ts';
import type { SyncConfig } from './domain/config.ts';
import { isSyncError, SyncError } from './domain/errors.ts';
import type { Logger } from './logging.ts';
import { readSides } from './store/conflict-sides.ts';
import { readConflict } from './store/conflicts.ts';
import type { Store } from './store/open.ts';

/** Whoever asks waits for ten seconds by default, and the workflow's task as well. */
const PATIENCE_MS = 4_000;

export type SidesOfConflict = (conflictId: string) => Promise<ConflictSides>;

export function querySidesCodec(read: SidesOfConflict, logger: Pick<Logger, 'warn'>): PayloadCodec {
  const encodeOne = async (payload: Payload): Promise<Payload> => {
    const mark = payload.metadata?.[SIDES_WANTED];
    if (mark === undefined || mark === null || !payload.data) return payload;
    const { [SIDES_WANTED]: _, ...metadata } = payload.metadata ?? {};
    const conflictId = Buffer.from(mark).toString('utf8');
    const view = JSON.parse(Buffer.from(payload.data).toString('utf8')) as ConflictView;
    const added = await inTime(read(conflictId)).then(
      (sides) => ({ sides, sidesProblem: null }),
      (error: unknown) => {
        logger.warn({ err: error, conflictId }, 'a conflict was asked for, and its sides could not be read');
        return { sides: null, sidesProblem: `they could not be read (${codeOf(error)})` };
      },
    );
    return { ...payload, metadata, data: Buffer.from(JSON.stringify({ ...view, ...added })) };
  };
  return {
    encode: (payloads) => Promise.all(payloads.map(encodeOne)),
    decode: async (payloads) => payloads,
  };
}

/** A slow store must not hold up the workflow's task: the answer goes without. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The store did not answer within ${PATIENCE_MS / 1_000} s`;
    timer = setTimeout(() => reject(new SyncError('STORE_UNAVAILABLE', { message })), PATIENCE_MS);
  });
  // What comes too late is nobody's any more.
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Codes only: a database's message may repeat values, and Temporal's own pages are not where they belong. */
function codeOf(error: unknown): string {
  return isSyncError(error) ? error.code : 'STORE_UNAVAILABLE';
}

/** As the store has it now. @throws SyncError CONFLICT_NOT_FOUND, CONFIG_UNKNOWN */
export function sidesOfConflict({ pool }: Store, { pipelines }: SyncConfig): SidesOfConflict {
  return async (conflictId) => {
    const row = await readConflict(pool, conflictId);
    const spec = Object.values(pipelines).flatMap(({ entities }) => entities[row.entity] ?? [])[0];
    // Which of its fields are guarded, only its own configuration says.
    if (spec === undefined) {
      throw new SyncError('CONFIG_UNKNOWN', { message: `The configuration has no entity ${row.entity}` });
    }
    return sidesOf(await readSides(pool, spec, row), spec.feed);
  };
}
