/** A session for one transaction of write-back. */
import type oracledb from 'oracledb';
import { CommitUnheard, DeferredViolation } from '../write-back/outcomes.ts';
import { isConnectionLost, isDeferredViolation } from './error-table.ts';
import { type OracleSource, type Session, takeSession } from './session.ts';

/** ACTION of sessions that write: their transactions count for the high mark, unlike those of readers. */
const WRITING = 'write';

/** Is the session lost, and with it what we know of its transaction? */
export function isLost(error: unknown): boolean {
  return error instanceof CommitUnheard || isConnectionLost(error);
}

export type WriteSessionOptions = {
  readonly signal: AbortSignal;
  /** One call to the database is broken off after this; so long a ledger row is waited for. */
  readonly callTimeoutMs: number;
};

/** What `work` leaves uncommitted is rolled back. @throws SyncError with `details.class`, or what `work` throws */
export async function inWriteSession<T>(
  source: OracleSource,
  { signal, callTimeoutMs }: WriteSessionOptions,
  work: (connection: oracledb.Connection) => Promise<T>,
): Promise<T> {
  const session = await takeSession(source, { signal, action: WRITING });
  const { connection } = session;
  const before = connection.callTimeout;
  connection.callTimeout = callTimeoutMs;
  try {
    return await work(watched(session));
  } finally {
    if (!session.isLost) connection.callTimeout = before;
    await session.release();
  }
}

/** The same connection, whose calls are stopped with the work and watched for silence. */
function watched(session: Session): oracledb.Connection {
  return new Proxy(session.connection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        session.call(() => Reflect.apply(member, target, args) as Promise<unknown>);
    },
  });
}

/** @throws DeferredViolation; CommitUnheard for every other failure: a COMMIT that was broken off may be done. */
export async function commit(connection: oracledb.Connection): Promise<void> {
  try {
    await connection.commit();
  } catch (error) {
    throw isDeferredViolation(error) ? new DeferredViolation(error) : new CommitUnheard(error);
  }
}
