import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const emitted = join(dist, '.emitted');

/**
 * Makes `dist` of `src`: compiled files, migrations, the workflow bundle, and below dist/dev the part of the local stack that
 * `syncline dev` starts in a user's own project.
 */
async function build(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await compile();
  await placeEmitted();
  await copyFiles('src/store/migrations', 'store/migrations', ['.sql']);
  await copyFiles('dev', 'dev', ['.mjs']);
  await copyFiles('dev/temporal-server', 'dev/temporal-server', ['go.mod', 'go.sum']);
  const { code } = await bundleWorkflowCode({ workflowsPath: join(dist, 'workflows', 'index.js') });
  await writeFile(join(dist, 'workflow-bundle.js'), code);
  await makeCommandsExecutable();
}

async function compile(): Promise<void> {
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error('the sources do not compile');
}

/**
 * tsc keeps `src` and `dev` beside each other; in the package src is dist itself, and dev is in it. Imports that cross from one
 * to the other are rewritten; all others stay as they are.
 */
async function placeEmitted(): Promise<void> {
  for (const name of await readdir(emitted, { recursive: true })) {
    const from = join(emitted, name);
    if (!(await stat(from)).isFile()) continue;
    const to = placeOf(from);
    await mkdir(dirname(to), { recursive: true });
    if (/\.js$|\.d\.ts$/.test(name)) await writeFile(to, rewriteImports(await readFile(from, 'utf8'), from));
    else await rename(from, to);
  }
  await rm(emitted, { recursive: true });
}

function placeOf(path: string): string {
  const name = relative(emitted, path);
  return name.startsWith('src') ? join(dist, relative('src', name)) : join(dist, name);
}

function rewriteImports(code: string, from: string): string {
  return code.replaceAll(
    /(?<=\bfrom |\bimport\(|\bimport )(['"])(\.[^'"]+)\1/g,
    (whole, quote: string, specifier: string) => {
      const target = resolve(dirname(from), specifier);
      if (!target.startsWith(emitted)) return whole;
      const moved = relative(dirname(placeOf(from)), placeOf(target)).replaceAll('\\', '/');
      return `${quote}${moved.startsWith('.') ? moved : `./${moved}`}${quote}`;
    },
  );
}

async function copyFiles(from: string, to: string, endings: readonly string[]): Promise<void> {
  const names = (await readdir(join(root, from))).filter((name) =>
    endings.some((ending) => name.endsWith(ending)),
  );
  if (names.length === 0) throw new Error(`${from} has no file that ends in ${endings.join(' or ')}`);
  for (const name of names) await cp(join(root, from, name), join(dist, to, name));
}

async function makeCommandsExecutable(): Promise<void> {
  const manifest: { bin: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  for (const path of Object.values(manifest.bin).map((bin) => join(root, bin))) {
    if (!(await readFile(path, 'utf8')).startsWith('#!')) throw new Error(`${path} has no shebang line`);
    await chmod(path, 0o755);
  }
}

await build();
