import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { binaryName } from './cache.ts';

/** The first `temporal` on PATH that may be run. */
export async function binaryOnPath(): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, binaryName);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: the next one.
    }
  }
  return null;
}
