import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardDirectory } from '../process-guard.ts';
import { buildBinary } from './build.ts';
import { cachedBinary, cacheFolder, keepBinary } from './cache.ts';
import { downloadBinary } from './download.ts';
import type { Log, Probes } from './find.ts';
import { withLock } from './lock.ts';
import { binaryOnPath } from './on-path.ts';
import { serverVersionOf } from './version.ts';

/** The probes of this machine. */
export function machineProbes(log: Log): Probes {
  const folders: string[] = [];
  const inFolder = async (make: (folder: string, log: Log) => Promise<string>) => {
    const folder = await mkdtemp(join(tmpdir(), 'syncline-temporal-build-'));
    guardDirectory(folder);
    folders.push(folder);
    return make(folder, log);
  };
  return {
    configuredAddress: () => process.env.TEMPORAL_ADDRESS,
    onPath: binaryOnPath,
    cached: cachedBinary,
    whileLocked: (work) =>
      withLock(join(cacheFolder, 'lock'), log, async () => {
        try {
          return await work();
        } finally {
          for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        }
      }),
    makers: [
      { name: 'download', make: () => inFolder(downloadBinary) },
      { name: 'build with Go', make: () => inFolder(buildBinary) },
    ],
    keep: keepBinary,
    serverVersionOf,
  };
}
