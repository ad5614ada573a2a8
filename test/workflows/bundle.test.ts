import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import * as workflows from '../../src/workflows/index.ts';
import { workflowBundle } from '../support/temporal.ts';

test('workflow code bundles: it reaches no Node built-in', async () => {
  const { codePath } = await workflowBundle();
  const code = await readFile(codePath, 'utf8');
  expect(code).toContain('syncPipeline');
  expect(code).not.toMatch(/require\(["']node:/);
});

test('the bundler would tell: code that reaches one does not bundle', async () => {
  // Inside the project, as the bundler looks for the SDK from there.
  const folder = await mkdtemp(fileURLToPath(new URL('./tmp-bundle-', import.meta.url)));
  const said: string[] = [];
  try {
    await writeFile(
      `${folder}/index.ts`,
      `import { readFileSync } from 'node:fs';\nexport const bad = async () => readFileSync('/');\n`,
    );
    const logger = new DefaultLogger('ERROR', ({ message }) => void said.push(message));
    await expect(bundleWorkflowCode({ workflowsPath: `${folder}/index.ts`, logger })).rejects.toThrow();
    expect(said.join('\n')).toContain('node:fs');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the bundle exports workflows and nothing else', () => {
  expect(Object.keys(workflows).sort()).toEqual([
    'processUpload',
    'refreshRecord',
    'resolveConflict',
    'sweep',
    'syncEntity',
    'syncPipeline',
    'testSource',
  ]);
});
