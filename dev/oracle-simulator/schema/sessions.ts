import type { Database } from './users.ts';

/** What V$SESSION and SYS_CONTEXT show of a session; names as EngineSession.describeClient has them. */
const columns: Readonly<Record<string, string>> = {
  module: 'module',
  action: 'action',
  clientIdentifier: 'client_identifier',
  clientInfo: 'client_info',
  program: 'program',
  machine: 'machine',
  osUser: 'osuser',
  terminal: 'terminal',
  process: 'process',
};

/**
 * Enters a session in V$SESSION. `db`: not the session's own connection, whose transaction would hide it from others.
 * A former session of the same backend is overwritten.
 */
export async function enterSession(
  db: Database,
  session: { backendPid: number; id: number; serial: number; user: string },
): Promise<void> {
  await db.query('DELETE FROM oracle.session WHERE backend_pid = $1', [session.backendPid]);
  await db.query('INSERT INTO oracle.session (backend_pid, sid, serial, username) VALUES ($1, $2, $3, $4)', [
    session.backendPid,
    session.id,
    session.serial,
    session.user,
  ]);
}

/** Values that are given replace those of before; an empty one clears. Names that V$SESSION has no column for are left out. */
export async function describeSession(
  db: Database,
  backendPid: number,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const known = Object.entries(values).filter(([name]) => Object.hasOwn(columns, name));
  if (known.length === 0) return;
  const assignments = known.map(([name], index) => `${columns[name]} = NULLIF($${index + 2}, '')`);
  await db.query(`UPDATE oracle.session SET ${assignments.join(', ')} WHERE backend_pid = $1`, [
    backendPid,
    ...known.map(([, value]) => value),
  ]);
}

export async function leaveSession(db: Database, backendPid: number): Promise<void> {
  await db.query('DELETE FROM oracle.session WHERE backend_pid = $1', [backendPid]);
}
