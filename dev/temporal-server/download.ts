import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './find.ts';
import { cliVersion } from './version.ts';

/**
 * Has the SDK download the CLI into `folder` and returns its path. Fails fast without internet. The SDK downloads only what it
 * starts, so a server runs for a moment.
 */
export async function downloadBinary(folder: string, log: Log): Promise<string> {
  log(`temporal: downloading the Temporal CLI ${cliVersion} (about 100 MB, once)`);
  const { TestWorkflowEnvironment } = await import('@temporalio/testing').catch((cause) => {
    throw new Error('the package @temporalio/testing, which downloads it, is not installed', { cause });
  });
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: folder, version: `v${cliVersion}` } },
  });
  await environment.teardown();
  const [name] = await readdir(folder);
  if (name === undefined) throw new Error('the SDK downloaded nothing');
  return join(folder, name);
}
