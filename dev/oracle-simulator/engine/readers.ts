/** Connections for AS OF: each reads one query at another time's snapshot, with a session's user and settings. */

import type { Backend } from './backend.ts';
import type { Command } from './pipeline.ts';
import type { HeldSnapshot } from './scn.ts';
import { tooOld } from './scn.ts';

/** Idle ones that are kept for the next query. */
const MAX_IDLE = 4;

export type ReaderPool = {
  /** A connection in a transaction that sees `snapshot`. @throws OraError 1555 when that is gone */
  begin(snapshot: HeldSnapshot, settings: readonly Command[]): Promise<Backend>;
  /** Ends its transaction. */
  end(reader: Backend): Promise<void>;
  close(): Promise<void>;
};

export function createReaderPool(connect: () => Promise<Backend>): ReaderPool {
  const idle: Backend[] = [];
  const busy = new Set<Backend>();
  let closed = false;
  const end = async (reader: Backend): Promise<void> => {
    busy.delete(reader);
    try {
      await reader.send([{ text: 'ROLLBACK' }], { cancel: 'never' });
    } catch {
      await reader.close();
      return;
    }
    if (closed || idle.length >= MAX_IDLE) await reader.close();
    else idle.push(reader);
  };
  return {
    async begin(snapshot, settings) {
      const reader = idle.pop() ?? (await connect());
      busy.add(reader);
      try {
        await reader.send(
          [
            { text: 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY' },
            { text: `SET TRANSACTION SNAPSHOT '${snapshot.snapshot}'` },
            ...settings,
          ],
          { cancel: 'never' },
        );
      } catch {
        // Let go between being chosen and being read.
        await end(reader);
        throw tooOld();
      }
      return reader;
    },
    end,
    async close() {
      closed = true;
      await Promise.all([...idle, ...busy].map((reader) => reader.close()));
    },
  };
}
