import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

test('changes of workflow code are asked for in one place, and each stands on the page', async () => {
  const folder = new URL('../../src/workflows/', import.meta.url);
  const page = await readFile(new URL('../../docs/temporal.md', import.meta.url), 'utf8');
  const asking: string[] = [];
  for (const name of await readdir(folder)) {
    const code = await readFile(new URL(name, folder), 'utf8');
    if (/\b(patched|deprecatePatch)\b/.test(code)) asking.push(name);
  }
  expect(asking).toEqual(['changes.ts']);
  const changes = await readFile(new URL('changes.ts', folder), 'utf8');
  const listed = /const CHANGES = \{([\s\S]*?)\} as const/.exec(changes)?.[1] ?? '';
  const names = [...listed.matchAll(/^ {2}'([\w-]+)':/gm)].map(([, name]) => name as string);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});

test('the bundle exports workflows and nothing else', () => {
  expect(Object.keys(workflows).sort()).toEqual([
    'cleanUp',
    'processUpload',
    'refreshRecord',
    'resolveConflict',
    'sweep',
    'syncEntity',
    'syncPipeline',
    'testSource',
  ]);
});
