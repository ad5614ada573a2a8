import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Takes a server or directory back from the guard: it has been ended or removed in order. */
export type Release = () => void;

let guard: Writable | undefined;

/**
 * Sees to it that `server` ends (by `signal`, then SIGKILL) when this process is gone without having ended it, however it went:
 * exit hooks do not run after SIGKILL or a crash, a second process notices.
 */
export function guardServer(server: ChildProcess, signal: NodeJS.Signals): Release {
  const pid = server.pid;
  if (pid === undefined) return () => {};
  tell({ server: pid, signal });
  const release = () => tell({ server: pid, signal: null });
  server.once('exit', release);
  return release;
}

/** Sees to it that `path`, a folder with all in it or a file, is removed when this process is gone without having removed it. */
export function guardDirectory(path: string): Release {
  tell({ directory: path });
  return () => tell({ directory: path, keep: true });
}

function tell(message: object): void {
  guard ??= startGuard();
  guard.write(`${JSON.stringify(message)}\n`);
}

function startGuard(): Writable {
  const script = fileURLToPath(new URL('./process-guard.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], {
    // A session of its own: Ctrl-C reaches the whole process group, and the guard must outlive it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  child.unref();
  child.stdin.on('error', () => {});
  // A pipe keeps the event loop alive unless told otherwise.
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child.stdin;
}
