import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { guardServer } from '../process-guard.ts';
import { binaryName } from './cache.ts';
import type { Log } from './find.ts';
import { cliVersion } from './version.ts';

const run = promisify(execFile);
const progressMs = 20_000;
const cliPackage = 'github.com/temporalio/cli/cmd/temporal';

/**
 * Builds the CLI with Go inside `folder` and returns its path. go.mod and go.sum of this folder pin every module by checksum.
 * `go install …@version` is no way: it refuses a module with a replace directive.
 */
export async function buildBinary(folder: string, log: Log): Promise<string> {
  await run('go', ['version']).catch((cause) => {
    throw new Error('`go` is not there', { cause });
  });
  log(`temporal: building the Temporal CLI ${cliVersion} with Go (about 3 minutes, once)`);
  const module = join(folder, 'module');
  await mkdir(module);
  for (const file of ['go.mod', 'go.sum']) {
    await copyFile(fileURLToPath(new URL(file, import.meta.url)), join(module, file));
  }
  const target = join(folder, binaryName);
  const startedAt = Date.now();
  const timer = setInterval(() => {
    log(`temporal: still building (${Math.round((Date.now() - startedAt) / 1000)} s)`);
  }, progressMs);
  try {
    await build({ folder, module, target });
  } finally {
    clearInterval(timer);
  }
  return target;
}

/** The module cache and the build cache (3.5 GB) go into `folder`, writable so that it can be removed. */
async function build(paths: { folder: string; module: string; target: string }): Promise<void> {
  const flags = ['-trimpath', '-ldflags=-s -w', '-modcacherw', '-o', paths.target];
  const child = spawn('go', ['build', ...flags, cliPackage], {
    cwd: paths.module,
    env: {
      ...process.env,
      GOMODCACHE: join(paths.folder, 'modules'),
      GOCACHE: join(paths.folder, 'cache'),
      GOTMPDIR: paths.folder,
      GOFLAGS: '',
      GOWORK: 'off',
      CGO_ENABLED: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  guardServer(child, 'SIGTERM');
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`\`go build\` failed:\n${output.trim().split('\n').slice(-10).join('\n')}`);
}
