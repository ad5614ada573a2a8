import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Temporal CLI that we download or build; go.mod pins the same one. */
export const cliVersion = '1.8.2';

/** The oldest Temporal server whose dev server does all that we use. */
export const oldestServer = '1.29.0';

/** Asks a `temporal` binary for the version of the server in it, such as '1.31.2'. Throws when it does not run or does not tell. */
export async function serverVersionOf(path: string): Promise<string> {
  const { stdout } = await run(path, ['--version'], { timeout: 30_000 });
  const version = /\bServer (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`it calls itself "${stdout.trim()}"`);
  return version;
}

/** True when `version` is `oldest` or newer; both as '1.31.2'. */
export function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}
