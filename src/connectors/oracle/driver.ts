/** What the driver does not offer by its documented interface: its socket, and one Oracle Client for the process. */
import type { Socket } from 'node:net';
import oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import type { OracleOptions } from './config.ts';

/** Thin mode's own parts of a connection, as 26.0.0 names them. */
type Inside = {
  readonly _impl?: {
    readonly nscon?: {
      readonly ntAdapter?: { readonly stream?: Socket | null } | null;
      forceDisconnect?(error?: Error): void;
    };
  };
};

/** Bytes that went through the session's socket; null where it cannot be seen (thick mode, or closed). */
export function bytesMoved(connection: oracledb.Connection): number | null {
  const stream = (connection as Inside)._impl?.nscon?.ntAdapter?.stream;
  return stream ? stream.bytesRead + stream.bytesWritten : null;
}

/**
 * Ends the session's socket without a word to the server: whatever waits for it meets a lost connection. `close` would
 * wait for the call that is under way. Thick mode has no such way; its calls end by `callTimeoutMs`.
 */
export function destroyConnection(connection: oracledb.Connection): void {
  const nscon = (connection as Inside)._impl?.nscon;
  if (nscon?.forceDisconnect !== undefined) nscon.forceDisconnect();
  else connection.close({ drop: true }).catch(() => undefined);
}

/** Thick mode is for the whole process, and only before its first connection. */
export function prepareDriver(options: OracleOptions): void {
  if (options.mode === 'thin') return;
  if (!oracledb.thin) return;
  try {
    oracledb.initOracleClient({
      ...(options.clientDir !== undefined && { libDir: options.clientDir }),
      ...(options.configDir !== undefined && { configDir: options.configDir }),
    });
  } catch (error) {
    throw new SyncError('CONFIG_INVALID', {
      message: `mode is 'thick', but no Oracle Client could be loaded: ${(error as Error).message.split('\n')[0]}`,
      remedy:
        'Install an Oracle Client and name its directory in `clientDir`, or leave `mode` out. One process has one mode.',
    });
  }
}
