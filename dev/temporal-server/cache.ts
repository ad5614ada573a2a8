import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cliVersion } from './version.ts';

/** File name of the binary on this platform. */
export const binaryName = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** The folder of the cached binary, and of the lock for making it. */
export const cacheFolder = join(homedir(), '.cache', 'syncline', 'temporal', cliVersion);

const cachedPath = join(cacheFolder, binaryName);

export async function cachedBinary(): Promise<string | null> {
  return stat(cachedPath).then(
    () => cachedPath,
    () => null,
  );
}

/** Puts a binary into the cache under its final name only when it is whole: others look there without a lock. */
export async function keepBinary(path: string): Promise<string> {
  await mkdir(dirname(cachedPath), { recursive: true });
  const beside = `${cachedPath}.${process.pid}`;
  await copyFile(path, beside);
  await chmod(beside, 0o755);
  await rename(beside, cachedPath);
  return cachedPath;
}
