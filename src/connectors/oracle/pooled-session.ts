/** One session of a pool: how it is opened, asked and closed, each in bounded time. */
import type oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import { destroyConnection } from './driver.ts';

export type PooledSession = {
  readonly connection: oracledb.Connection;
  /** CLIENT_INFO of the session: how another one finds it in V$SESSION. */
  readonly token: string;
  readonly openedAt: number;
  usedAt: number;
};

const PING_MS = 5_000;
export const CLOSE_MS = 2_000;

/**
 * The driver's own limit ends with the network's part of a connect; a logon may hang too.
 * @throws SyncError SOURCE_UNAVAILABLE, or what `connect` throws.
 */
export async function connectInTime(
  sourceName: string,
  connectTimeoutMs: number,
  connect: () => Promise<oracledb.Connection>,
): Promise<oracledb.Connection> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(
        new SyncError('SOURCE_UNAVAILABLE', {
          message: `Source ${sourceName}: no session within ${connectTimeoutMs} ms`,
          details: { class: 'connection' },
        }),
      );
    }, connectTimeoutMs);
  });
  const connecting = connect();
  connecting.then(
    (connection) => isLate && destroyConnection(connection),
    () => undefined,
  );
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function answers({ connection }: PooledSession): Promise<boolean> {
  const timer = setTimeout(() => destroyConnection(connection), PING_MS);
  try {
    await connection.ping();
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** 'keep': says good-bye, unless that takes too long; 'drop': hangs up. */
export async function closeSession({ connection }: PooledSession, how: 'keep' | 'drop'): Promise<void> {
  if (how === 'drop') {
    destroyConnection(connection);
    return;
  }
  const timer = setTimeout(() => destroyConnection(connection), CLOSE_MS);
  try {
    await connection.close();
  } catch {
    // It is gone already.
  } finally {
    clearTimeout(timer);
  }
}
