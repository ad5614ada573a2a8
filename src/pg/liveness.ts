/**
 * Silence is not death (C6): a sort may run for minutes before its first row. When nothing has moved for a while, a
 * second connection asks whether our session is still working. Alive: go on. Dead, waiting for a client that hears
 * nothing, or out of reach: the session is destroyed and the work fails as a lost connection.
 */
import type pg from 'pg';

export const SILENCE_MS = 5_000;
/** A probe that takes longer finds the server out of reach. */
export const PROBE_MS = 2_500;

export type SilenceWatch = {
  /** Where the second connection comes from. */
  readonly probePool: pg.Pool;
  readonly backendPid: number;
  readonly silenceMs?: number;
  /** The limit of one statement, alive or not. */
  readonly statementMaxMs: number;
  /** Called when a probe found the session at work: a reason to heartbeat. */
  readonly onAlive?: () => void;
  /** Ends the session and everything that waits for it. */
  readonly destroy: (error: Error) => void;
};

/** Runs `work`, which calls `progress` whenever bytes move. @throws what destroyed the session, as a connection error. */
export async function watchSilence<T>(
  watch: SilenceWatch,
  work: (progress: () => void) => Promise<T>,
): Promise<T> {
  const silenceMs = watch.silenceMs ?? SILENCE_MS;
  const startedAt = performance.now();
  let movedAt = startedAt;
  let ended = false;
  let fail: (error: Error) => void = () => undefined;
  const dead = new Promise<never>((_, reject) => {
    fail = reject;
  });
  dead.catch(() => undefined);

  const kill = (reason: string): void => {
    const error = connectionError(reason);
    watch.destroy(error);
    fail(error);
  };
  const look = async (): Promise<void> => {
    if (ended) return;
    const now = performance.now();
    if (now - startedAt > watch.statementMaxMs) return kill(`no end after ${watch.statementMaxMs} ms`);
    if (now - movedAt >= silenceMs) {
      const state = await probe(watch);
      if (ended) return;
      if (state !== 'working' && performance.now() - movedAt >= silenceMs) return kill(state);
      if (state === 'working') watch.onAlive?.();
    }
    timer = setTimeout(() => void look(), silenceMs / 5);
  };
  let timer = setTimeout(() => void look(), silenceMs / 5);

  try {
    return await Promise.race([
      work(() => {
        movedAt = performance.now();
      }),
      dead,
    ]);
  } finally {
    ended = true;
    clearTimeout(timer);
  }
}

type Probe = 'working' | string;

async function probe(watch: SilenceWatch): Promise<Probe> {
  const answers = await askServer(watch.probePool, [watch.backendPid]);
  return typeof answers === 'string' ? answers : (answers.get(watch.backendPid) ?? SESSION_GONE);
}

export const SESSION_GONE = 'the session is gone';

/**
 * Asks over another session what the sessions of these backends do: 'working', or why they are as good as dead; one
 * text for all when the server does not answer in time. Never throws.
 */
export async function askServer(
  db: Pick<pg.Pool, 'query'> | Pick<pg.Client, 'query'>,
  pids: readonly number[],
  withinMs: number = PROBE_MS,
): Promise<ReadonlyMap<number, Probe> | string> {
  const question = (db as pg.Pool).query<{ pid: unknown; state: string | null; waits: string | null }>(
    `SELECT pid, state, wait_event_type AS waits FROM pg_stat_activity WHERE pid = ANY ($1)`,
    [pids],
  );
  question.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, withinMs, 'late');
  });
  try {
    const answer = await Promise.race([question, late]);
    if (answer === 'late') return 'the server does not answer a second connection';
    return new Map(answer.rows.map((row) => [Number(row.pid), judgeSession(row.state, row.waits)]));
  } catch (error) {
    return `the server is out of reach (${(error as { code?: string }).code ?? 'no connection'})`;
  } finally {
    clearTimeout(timer);
  }
}

function judgeSession(state: string | null, waits: string | null): Probe {
  if (state !== 'active') return `the session is ${state ?? 'hidden'} and sends nothing`;
  return waits === 'Client' ? 'the session’s bytes do not arrive' : 'working';
}

export function connectionError(reason: string): Error {
  return Object.assign(new Error(`Connection terminated: ${reason}`), { code: 'ECONNRESET' });
}
