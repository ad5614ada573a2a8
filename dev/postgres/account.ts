import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An account of this machine, as spawn() takes it. */
export type Account = { uid: number; gid: number };

/**
 * Who has to run PostgreSQL: it refuses to run as root, so root uses the account `postgres` and makes it where it is missing.
 * Null: ourselves.
 */
export async function postgresAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = await lookUp('postgres');
  if (existing) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  } catch (cause) {
    // Another process may have made it meanwhile: only what is there afterwards counts.
    const made = await lookUp('postgres');
    if (made) return made;
    throw new Error(
      'PostgreSQL does not run as root, and the account "postgres" could not be made. Run as another user, or set DATABASE_URL.',
      { cause },
    );
  }
  const made = await lookUp('postgres');
  if (!made) throw new Error('useradd made no account "postgres". Run as another user, or set DATABASE_URL.');
  return made;
}

async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}
