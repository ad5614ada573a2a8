import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { guardDirectory } from '../../dev/process-guard.ts';

/** Bundles src/workflows into a temporary file. */
export async function makeBundle(): Promise<{ value: { codePath: string }; remove(): Promise<void> }> {
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath });
  const folder = await mkdtemp(join(tmpdir(), 'syncline-bundle-'));
  const release = guardDirectory(folder);
  const codePath = join(folder, 'workflow-bundle.js');
  await writeFile(codePath, code);
  return {
    value: { codePath },
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
      release();
    },
  };
}
