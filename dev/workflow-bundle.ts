import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const WORKFLOWS = fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url));

/** Bundles the workflows once for several worker processes. @returns the file, in `folder`. */
export async function writeWorkflowBundle(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: new DefaultLogger('WARN') });
  const path = join(folder, 'workflow-bundle.js');
  await writeFile(path, code);
  return path;
}
