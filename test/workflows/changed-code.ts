/** Bundles of workflow code as somebody changes it, for tests of deploys. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const source = (folder: string): string => fileURLToPath(new URL(`../../src/${folder}`, import.meta.url));

export type Edit = {
  /** Below `src/workflows`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly old: string;
  readonly now: string;
};

export async function bundleChanged(edits: readonly Edit[]): Promise<WorkflowBundleWithSourceMap> {
  // Inside the project, as the bundler looks for the SDK from there.
  const root = await mkdtemp(fileURLToPath(new URL('./tmp-bundle-', import.meta.url)));
  try {
    for (const folder of ['workflows', 'domain', 'activities']) {
      await cp(source(folder), `${root}/src/${folder}`, { recursive: true });
    }
    for (const { file, old, now } of edits) await edit(`${root}/src/workflows/${file}`, old, now);
    const logger = new DefaultLogger('ERROR');
    return await bundleWorkflowCode({ workflowsPath: `${root}/src/workflows/index.ts`, logger });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function edit(path: string, old: string, now: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (text.split(old).length !== 2) throw new Error(`${path} does not have this once: ${old}`);
  await writeFile(
    path,
    text.replace(old, () => now),
  );
}
