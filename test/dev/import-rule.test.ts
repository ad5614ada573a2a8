import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const biome = join(
  createRequire(import.meta.url).resolve('@biomejs/biome/package.json'),
  '..',
  'bin',
  'biome',
);

type Diagnostic = { category: string; location: { path: string; start: { line: number } } };

/** Per folder: imports that have to be let through, and imports that have to be refused. */
const folders: Record<string, { allowed: string[]; refused: string[] }> = {
  'src/domain/x.ts': {
    allowed: ['./keys.ts', 'zod', '@standard-schema/spec'],
    refused: ['../store/open.ts', '../pg/pool.ts', 'node:fs', 'node:fs/promises', 'pg', './../store/open.ts'],
  },
  'src/domain/merge/x.ts': {
    allowed: ['./json.ts', '../keys.ts', '../upload/rules.ts', 'zod'],
    refused: ['../../store/open.ts', '../../pg/pool.ts', 'node:crypto', 'pg', './../../store/open.ts'],
  },
  'src/config/x.ts': {
    allowed: ['./load.ts', '../domain/config.ts', '../index.ts', 'node:fs/promises', 'jiti'],
    refused: ['../store/open.ts', '../connectors/registry.ts', 'pg'],
  },
  'src/pg/x.ts': {
    allowed: ['./pool.ts', '../domain/errors.ts', 'pg'],
    refused: ['../store/open.ts', '../connectors/contract.ts', '@temporalio/common'],
  },
  'src/notify/x.ts': {
    allowed: [
      './channel.ts',
      '../domain/errors.ts',
      '../domain/approval/notification.ts',
      'nodemailer',
      'node:https',
    ],
    refused: [
      '../store/open.ts',
      '../config/load.ts',
      '../activities/deps.ts',
      'pg',
      'pino',
      '@temporalio/activity',
    ],
  },
  'src/connectors/x.ts': {
    allowed: ['./postgres/open.ts', '../domain/errors.ts'],
    refused: ['../store/open.ts', '../activities/contract.ts', 'pg'],
  },
  'src/connectors/postgres/x.ts': {
    allowed: [
      './read.ts',
      '../contract.ts',
      '../write-back/batch.ts',
      '../../domain/errors.ts',
      '../../pg/pool.ts',
      'pg',
    ],
    refused: [
      '../oracle/read.ts',
      '../registry.ts',
      '../../store/open.ts',
      'oracledb',
      './../oracle/read.ts',
    ],
  },
  'src/connectors/check/x.ts': {
    allowed: ['./patience.ts', '../contract.ts', '../write-contract.ts', '../../domain/errors.ts'],
    refused: ['../postgres/open.ts', '../registry.ts', '../../store/open.ts', 'pg'],
  },
  'src/connectors/write-back/x.ts': {
    allowed: ['./units.ts', '../write-contract.ts', '../../domain/errors.ts', 'node:timers/promises'],
    refused: ['../postgres/write-back.ts', '../../pg/pool.ts', '../../store/open.ts', 'pg', 'oracledb'],
  },
  'src/store/x.ts': {
    allowed: ['./open.ts', '../domain/errors.ts', '../pg/pool.ts', 'pg'],
    refused: ['../connectors/postgres/read.ts', '../activities/deps.ts', '@temporalio/common'],
  },
  'src/activities/x.ts': {
    allowed: [
      './contract.ts',
      '../store/open.ts',
      '../connectors/contract.ts',
      '../notify/notifier.ts',
      '@temporalio/activity',
    ],
    refused: ['../workflows/index.ts', '../client.ts', '../connectors/postgres/read.ts', 'pg'],
  },
  'src/service/x.ts': {
    allowed: ['./names.ts', '../client.ts', '../source-client.ts', '../store/open.ts', '../domain/errors.ts'],
    refused: ['../gateway/app.ts', '../cli/output.ts', '../connectors/registry.ts', 'fastify', 'pg'],
  },
  'src/workflows/x.ts': {
    allowed: ['./messages.ts', '../domain/errors.ts', '../activities/contract.ts', '@temporalio/workflow'],
    refused: ['../activities/deps.ts', '../store/open.ts', 'node:crypto', '@temporalio/client', 'pg'],
  },
  'src/client.ts': {
    allowed: ['./workflows/messages.ts', './domain/errors.ts', '@temporalio/client'],
    refused: ['./store/open.ts', './activities/deps.ts', './cli/program.ts'],
  },
  'src/worker.ts': {
    allowed: [
      './activities/create-activities.ts',
      './config/load.ts',
      './notify/notifier.ts',
      './sweep-schedule.ts',
      '@temporalio/client',
      '@temporalio/worker',
    ],
    refused: ['./client.ts', './cli/program.ts', '../dev/postgres.ts'],
  },
  'src/cli/x.ts': {
    allowed: ['./output.ts', '../client.ts', '../store/open.ts', '../connectors/registry.ts', 'commander'],
    refused: ['../connectors/postgres/read.ts', '../activities/deps.ts', '@temporalio/worker', 'pg'],
  },
  'src/cli/commands/x.ts': {
    allowed: ['../output.ts', '../../client.ts', '../../connectors/registry.ts', '../../domain/errors.ts'],
    refused: [
      '../../connectors/postgres/read.ts',
      '../../activities/deps.ts',
      '../../../test/support/servers.ts',
    ],
  },
};

/** The ways to import; a file takes them in turn, one import a line. */
const forms = [
  (name: string, n: number) => `import { a${n} } from '${name}';`,
  (name: string, n: number) => `import type { A${n} } from '${name}';`,
  (name: string, n: number) => `export { b${n} } from '${name}';`,
  (name: string, n: number) => `export const c${n} = await import('${name}');`,
];

/** A tree of files that import what they may and what they may not, under the project's own configuration. */
let tree: string;
let diagnostics: Diagnostic[];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'syncline-import-rule-'));
  await cp(fileURLToPath(new URL('../../biome.json', import.meta.url)), join(tree, 'biome.json'));
  for (const [path, { allowed, refused }] of Object.entries(folders)) {
    const lines = [...refused, ...allowed].flatMap((name) => forms.map((form, index) => form(name, index)));
    await write(path, lines.join('\n'));
  }
  await write('src/store/environment.ts', 'export default process.env.HOME;\n');
  await write('src/config/environment.ts', 'export default process.env.HOME;\n');
  const { stdout } = await run(
    process.execPath,
    [biome, 'lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', 'src'],
    { cwd: tree, maxBuffer: 64 * 1024 * 1024 },
  ).catch((failed: { stdout: string }) => failed);
  diagnostics = JSON.parse(stdout).diagnostics;
});

afterAll(() => rm(tree, { recursive: true, force: true }));

async function write(path: string, code: string): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), code);
}

/** Lines of the file, from 1, that break the rule. */
function linesBreaking(rule: string, path: string): number[] {
  const hits = diagnostics.filter((one) => one.category === rule && one.location.path === path);
  return hits.map((one) => one.location.start.line).sort((a, b) => a - b);
}

test.each(Object.entries(folders))(
  '%s imports what its folder may, and nothing else in any form',
  (path, { refused }) => {
    const refusedLines = refused.flatMap((_, name) => forms.map((_, form) => name * forms.length + form + 1));
    expect(linesBreaking('lint/style/noRestrictedImports', path)).toEqual(refusedLines);
  },
);

test('the environment is read by src/config only, and modules export by name', () => {
  const breaking = (rule: string, folder: string) => linesBreaking(rule, `src/${folder}/environment.ts`);
  expect(breaking('lint/style/noProcessEnv', 'store')).toEqual([1]);
  expect(breaking('lint/style/noProcessEnv', 'config')).toEqual([]);
  expect(breaking('lint/style/noDefaultExport', 'store')).toEqual([1]);
  expect(breaking('lint/style/noDefaultExport', 'config')).toEqual([1]);
});
