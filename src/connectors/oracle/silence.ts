/**
 * Silence is not death: while a call is under way and no byte moves, a second connection asks the database whether the
 * session still works. One that does not is cut off, so that whoever waits for it meets a lost connection.
 */
import type oracledb from 'oracledb';
import { bytesMoved } from './driver.ts';
import { classifyOracleError } from './error-table.ts';

/**
 * 'working': its call is being executed; 'idle': the database waits for us; 'gone': there is no such session;
 * 'unknown': the database answers, but does not show sessions.
 */
export type SessionState = 'working' | 'idle' | 'gone' | 'unknown';

export type Watch = {
  readonly silenceMs: number;
  readonly ask: () => Promise<SessionState>;
  readonly onAlive: () => void;
  /** Called once, when the session is found dead; the call is not watched any more. */
  readonly onDead: (reason: string) => void;
};

/** @returns stops watching. Call it when the call has ended. */
export function watchSilence(connection: oracledb.Connection, watch: Watch): () => void {
  let bytes = bytesMoved(connection);
  let isOver = false;
  let wasIdle = false;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const moved = bytesMoved(connection);
    if (moved !== null && moved !== bytes) {
      bytes = moved;
      wasIdle = false;
      watch.onAlive();
    } else {
      const state = await watch.ask().catch(reasonOf);
      if (isOver) return;
      const verdict = judge(state, wasIdle);
      if (verdict !== null) {
        isOver = true;
        return watch.onDead(verdict);
      }
      wasIdle = state === 'idle';
      if (!wasIdle) watch.onAlive();
    }
    lookLater();
  };
  const lookLater = (): void => {
    if (isOver) return;
    timer = setTimeout(() => void look(), watch.silenceMs);
    timer.unref();
  };
  lookLater();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

type Unreachable = { readonly unreachable: string };

function reasonOf(error: unknown): SessionState | Unreachable {
  // The login, or a limit of sessions, refuses the second connection: that says nothing of the first.
  if (['auth', 'busy', 'privilege', 'query'].includes(classifyOracleError(error))) return 'unknown';
  const code = (error as { code?: unknown }).code;
  return { unreachable: typeof code === 'string' ? code : 'no connection' };
}

/** What has been sent may still be on its way to us: only a second look finds that it got lost. null: alive. */
function judge(state: SessionState | Unreachable, wasIdle: boolean): string | null {
  if (typeof state === 'object') return `silent, and the server is out of reach (${state.unreachable})`;
  if (state === 'gone') return 'silent, and the server has no such session any more';
  return state === 'idle' && wasIdle ? 'silent, though the server has answered' : null;
}
