/** The statements that a connection has open on the server. Clients name them by number and close them when they like. */

import { OraError } from '../ora-error.ts';
import type { Column, Query, Statement } from '../types.ts';
import type { CellWriter } from './cell-writers.ts';
import type { Bind } from './parse-binds.ts';

/** Oracle's default for OPEN_CURSORS: a client that forgets to close what it opens finds out. */
const DEFAULT_MAX_OPEN = 300;
/** Cursor numbers travel in two bytes. */
const MAX_ID = 0xffff;

export type Cursor = {
  readonly id: number;
  statement: Statement;
  /** As the client bound them last. */
  binds: readonly Bind[];
  /** What the client was told of the columns; null before that. */
  columns: readonly Column[] | null;
  /** What the client wants columns as; null: as they are. */
  defines: readonly (Bind | null)[] | null;
  /** How each column's values go out; made for `columns` and `defines`. */
  writers: readonly CellWriter[];
  /** Whether the client asked for row counts when it executed it in full; it does not say so again. */
  wantsRowCounts: boolean;
  /** Open between execution and the last row. */
  query: Query | null;
  /** The query has no more rows, which the client has not been told yet. */
  drained: boolean;
  /** Rows sent since the last execution. */
  rowsSent: number;
};

export type Cursors = {
  /** @throws OraError 1000 when too many are open. */
  open(statement: Statement): Cursor;
  /** @throws OraError 1001 */
  get(id: number): Cursor;
  find(id: number): Cursor | undefined;
  /** Forgets it and ends its query; nothing to do for one that is not open. */
  close(id: number): Promise<void>;
  closeAll(): Promise<void>;
  readonly size: number;
  /** LOBs that the client opened (by their numbers), which Oracle keeps count of. */
  readonly openLobs: Set<number>;
};

export function createCursors(options: { readonly maxOpen?: number } = {}): Cursors {
  const maxOpen = options.maxOpen ?? DEFAULT_MAX_OPEN;
  const cursors = new Map<number, Cursor>();
  let lastId = 0;
  const close = async (id: number): Promise<void> => {
    const cursor = cursors.get(id);
    if (cursor === undefined) return;
    cursors.delete(id);
    await endQuery(cursor);
  };
  return {
    open(statement) {
      if (cursors.size >= maxOpen) throw new OraError(1000, 'maximum open cursors exceeded');
      do lastId = (lastId % MAX_ID) + 1;
      while (cursors.has(lastId));
      const cursor = newCursor(lastId, statement);
      cursors.set(lastId, cursor);
      return cursor;
    },
    get(id) {
      const cursor = cursors.get(id);
      if (cursor === undefined) throw new OraError(1001, 'invalid cursor');
      return cursor;
    },
    find: (id) => cursors.get(id),
    close,
    async closeAll() {
      for (const id of [...cursors.keys()]) await close(id);
    },
    get size() {
      return cursors.size;
    },
    openLobs: new Set(),
  };
}

/** Another statement in the place of the one that it had. */
export async function replaceStatement(cursor: Cursor, statement: Statement): Promise<void> {
  await endQuery(cursor);
  Object.assign(cursor, newCursor(cursor.id, statement));
}

/** No more rows of this execution. */
export async function endQuery(cursor: Cursor): Promise<void> {
  const query = cursor.query;
  cursor.query = null;
  cursor.drained = false;
  await query?.close();
}

function newCursor(id: number, statement: Statement): Cursor {
  return {
    id,
    statement,
    binds: [],
    columns: null,
    defines: null,
    writers: [],
    wantsRowCounts: false,
    query: null,
    drained: false,
    rowsSent: 0,
  };
}
