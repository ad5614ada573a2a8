/**
 * What a call of a statement sees of its connection. `calls/handle-call.ts` exports
 * `parseCall: ParseCall` for the functions 94, 4, 78, 5 and 96, and
 * `parsePiggyback: ParseCall` for 105 and 120 (close cursors) and for 96 in its shape as a piggyback (free LOBs).
 */

import type { Cursors } from '../calls/cursors.ts';
import type { Moment } from '../faults.ts';
import type { OraError } from '../ora-error.ts';
import type { EngineSession } from '../types.ts';
import type { ClientCapabilities } from './capabilities.ts';
import type { BatchError } from './end-of-call.ts';
import type { TtcReader } from './reader.ts';
import type { TtcWriter } from './writer.ts';

/** All fields that are left out are 0, none, null. */
export type CallOutcome = {
  readonly error?: OraError | null;
  readonly cursorId?: number;
  readonly rowCount?: number;
  readonly batchErrors?: readonly BatchError[];
  /** Iterations before the one at which an array DML stopped. */
  readonly goodIterations?: number;
  readonly rowid?: string | null;
};

export type CallContext = {
  readonly reader: TtcReader;
  /** The reply; sent when the call's work settles. Cut with `writer.truncate(replyStart)` before an error in its place. */
  readonly writer: TtcWriter;
  /** Length of the writer before the call wrote anything. */
  readonly replyStart: number;
  readonly session: EngineSession;
  readonly client: ClientCapabilities;
  /** Belongs to the connection; `createCursors()` of calls/cursors.ts makes it. */
  readonly cursors: Cursors;
  /** Sequence byte of the request. */
  readonly callNumber: number;
  /**
   * Whatever fault is armed for this moment happens here: the promise rejects with the OraError to answer, waits, or
   * rejects because the connection is gone (let that pass through).
   */
  strike(moment: Pick<Moment, 'at'> & Partial<Pick<Moment, 'sql' | 'rowsSent'>>): Promise<void>;
  /** Commits with the faults of 'commit' and 'committed': for COMMIT as a statement and 'commit on success' too. */
  commit(): Promise<void>;
  /** Rolls back with the faults of 'rollback'. */
  rollback(): Promise<void>;
  /** Writes the ERROR message (number 0: success) that ends the reply. */
  endOfCall(outcome?: CallOutcome): void;
  /** Writes the STATUS message that ends the reply of functions without a cursor (LOB calls). */
  endWithStatus(): void;
};

/**
 * Reads the whole request (behind its function header), does nothing else, and returns the work.
 * Throws NeedMore when bytes are missing: it is then called again from the start. Work that rejects with an OraError
 * without having ended its reply is answered with that error and cursor 0.
 */
export type ParseCall = (functionCode: number, context: CallContext) => () => Promise<void>;

/** What calls/ is to the connection. */
export type StatementCalls = {
  readonly parseCall: ParseCall;
  readonly parsePiggyback: ParseCall;
  readonly createCursors: () => Cursors;
};
