/**
 * Watches every session of a pool for silence (C6): while a statement runs, bytes must move in the socket, or else a
 * connection of its own, outside the pool, asks the server whether the session still works. A session that does not
 * is destroyed, so that whoever waits for it meets a lost connection, within about 10 s. node-postgres' own
 * query_timeout was left out: it counts total time, and would end a healthy COPY.
 */
import type { Socket } from 'node:net';
import pg from 'pg';
import { askServer, connectionError, PROBE_MS, SESSION_GONE, SILENCE_MS } from './liveness.ts';

export type GuardOptions = {
  /** How the second connection is made. */
  readonly client: pg.ClientConfig;
  readonly silenceMs?: number;
  /** A statement that stays silent longer is given up, alive or not. */
  readonly statementMaxMs: number;
};

/** What node-postgres keeps but its types do not say. */
type Session = pg.PoolClient & {
  readonly processID: number | null;
  readonly readyForQuery: boolean;
  readonly connection: { readonly stream: Socket };
};
type Watched = { bytes: number; movedAt: number };

const aliveListeners = new WeakMap<pg.ClientBase, () => void>();

/** `listener` is called for each probe that finds the session at work: a reason to heartbeat. */
export function onSessionAlive(client: pg.PoolClient, listener: () => void): void {
  aliveListeners.set(client, listener);
}

/** Ends the session's socket: whatever waits for it meets `error`. */
export function destroySession(client: pg.ClientBase, error?: Error): void {
  (client as Session).connection.stream.destroy(error);
}

export function guardSilence(pool: pg.Pool, options: GuardOptions): void {
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const sessions = new Map<Session, Watched>();
  let isWatching = false;
  const lookLater = (): void => {
    isWatching = sessions.size > 0;
    if (isWatching) setTimeout(() => void look(), silenceMs / 5).unref();
  };
  const look = async (): Promise<void> => {
    const silent = [...sessions].filter(([session, watched]) => isSilent(session, watched, silenceMs));
    if (silent.length > 0) {
      const answers = await askOnce(
        options.client,
        silent.map(([session]) => session.processID ?? 0),
      );
      for (const [session, watched] of silent) {
        if (!isSilent(session, watched, silenceMs)) continue;
        judge(
          session,
          watched,
          typeof answers === 'string' ? answers : (answers.get(session.processID ?? 0) ?? SESSION_GONE),
        );
      }
    }
    lookLater();
  };
  const judge = (session: Session, watched: Watched, state: string): void => {
    const silentMs = performance.now() - watched.movedAt;
    if (state === 'working' && silentMs < options.statementMaxMs) {
      aliveListeners.get(session)?.();
      return;
    }
    sessions.delete(session);
    destroySession(
      session,
      connectionError(state === 'working' ? `silent for ${options.statementMaxMs} ms` : state),
    );
  };

  pool.on('connect', (client) => {
    sessions.set(client as Session, { bytes: 0, movedAt: performance.now() });
    if (!isWatching) lookLater();
  });
  pool.on('remove', (client) => sessions.delete(client as Session));
}

/** Also notes what moved since the last look. */
function isSilent(session: Session, watched: Watched, silenceMs: number): boolean {
  const { stream } = session.connection;
  const bytes = stream.bytesRead + stream.bytesWritten - stream.writableLength;
  // A paused socket, or bytes that nobody has taken yet: the silence is ours.
  const waits = !session.readyForQuery && !stream.isPaused() && stream.readableLength === 0;
  if (bytes !== watched.bytes || !waits) {
    watched.bytes = bytes;
    watched.movedAt = performance.now();
  }
  return performance.now() - watched.movedAt >= silenceMs;
}

async function askOnce(config: pg.ClientConfig, pids: readonly number[]): ReturnType<typeof askServer> {
  const client = new pg.Client({
    ...config,
    connectionTimeoutMillis: PROBE_MS,
    application_name: 'syncline/probe',
  });
  client.on('error', () => undefined);
  const startedAt = performance.now();
  try {
    await client.connect();
  } catch (error) {
    return `the server is out of reach (${(error as { code?: string }).code ?? 'no connection'})`;
  }
  try {
    return await askServer(client, pids, PROBE_MS - (performance.now() - startedAt));
  } finally {
    destroySession(client);
  }
}
