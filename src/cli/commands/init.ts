/** `syncline init`: a first configuration, then the store's tables and Temporal's search attributes. Idempotent. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { connectClient, registerSearchAttributes } from '../../client.ts';
import type { SyncConfig } from '../../domain/config.ts';
import { EXIT, isSyncError, SyncError } from '../../domain/errors.ts';
import { entitiesOf } from '../../service/names.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { type ReaderSetup, setUpReader } from '../../store/reader-setup.ts';
import type { Register } from '../command.ts';
import { CONFIG_TEMPLATE, ENV_TEMPLATE } from '../config-template.ts';
import { readConfig } from '../context.ts';

const NEW_NAME = 'syncline.config.ts';
const NAMES = /^syncline\.config\.m?[jt]s$/;

export function initCommand(register: Register): Command {
  const command = new Command('init')
    .description('write a first configuration; with one: create the store’s tables and search attributes')
    .option('--no-temporal', 'leave Temporal’s search attributes alone');
  return register<{ temporal: boolean }>(command, async (options, output) => {
    const path = newConfigPath(options.config);
    if (path !== null) {
      const written = await writeTemplates(path);
      output.result({ written }, () => writtenText(written));
      return EXIT.ok;
    }
    const config = await readConfig(options);
    const { applied, reader } = await prepareStore(config);
    if (options.temporal) await prepareTemporal(config);
    output.result(
      { migrations: applied, searchAttributes: options.temporal, ...(reader && { gatewayLogin: reader }) },
      () => [readyText(applied, options), ...(reader ? [readerText(reader)] : [])].join('\n'),
    );
    return EXIT.ok;
  });
}

/** Where a configuration would have to be written; null where there is one. */
function newConfigPath(given: string): string | null {
  if (!existsSync(given)) return given;
  if (!statSync(given).isDirectory()) return null;
  return readdirSync(given).some((name) => NAMES.test(name)) ? null : join(given, NEW_NAME);
}

async function writeTemplates(configPath: string): Promise<string[]> {
  const folder = dirname(configPath);
  if (!existsSync(folder)) {
    throw new SyncError('COMMAND_INVALID', {
      message: `There is no folder ${folder}`,
      remedy: 'Make it, or name another file with --config.',
    });
  }
  await writeFile(configPath, CONFIG_TEMPLATE, { flag: 'wx' });
  const written = [configPath];
  const envPath = join(folder, '.env');
  if (!existsSync(envPath)) {
    await writeFile(envPath, ENV_TEMPLATE, { flag: 'wx', mode: 0o600 });
    written.push(envPath);
  }
  const ignorePath = await ignoreEnv(folder);
  return ignorePath === null ? written : [...written, ignorePath];
}

/** Where there is version control, the passwords stay out of it. @returns the file that was changed. */
async function ignoreEnv(folder: string): Promise<string | null> {
  const path = join(folder, '.gitignore');
  const isThere = existsSync(path);
  if (!isThere && !existsSync(join(folder, '.git'))) return null;
  const text = isThere ? await readFile(path, 'utf8') : '';
  if (text.split('\n').some((line) => /^\/?\.env(\*|\s*)$/.test(line))) return null;
  await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}.env\n`);
  return path;
}

type Prepared = { readonly applied: string[]; readonly reader: ReaderSetup | null };

async function prepareStore(config: SyncConfig): Promise<Prepared> {
  const store = await openStore({ ...config.store, applicationName: 'syncline/init' });
  try {
    const { applied } = await migrate(store);
    const entities = entitiesOf(config);
    const login = entities[0]?.reader;
    return { applied, reader: login === undefined ? null : await setUpReader(store, { login, entities }) };
  } finally {
    await store.close();
  }
}

async function prepareTemporal(config: SyncConfig): Promise<void> {
  try {
    const client = await connectClient(config);
    await registerSearchAttributes(client).finally(() => client.connection.close());
  } catch (error) {
    if (!isSyncError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
    throw new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `The store is ready, but not Temporal. ${error.message}`,
      remedy:
        'Start a Temporal server (`temporal server start-dev`, or `syncline dev`) or correct temporal.address, then run `syncline init` again.',
      cause: error,
    });
  }
}

function writtenText(written: readonly string[]): string {
  return [
    `Wrote ${written.join(', ')}.`,
    'Put your databases into .env and your tables into the configuration, then:',
    '  syncline init              creates the store’s tables',
    '  syncline check             tests connections, grants, clocks and indexes',
    '  syncline plan              shows what a run would do',
    '  syncline worker            does the work, in a terminal of its own',
    '  syncline run shop --watch  starts the first run',
  ].join('\n');
}

function readerText({ login, state, sql }: ReaderSetup): string {
  return state === 'granted'
    ? `The gateway's login ${login} has what it needs; mirrors that come later are granted by the workers.`
    : `The gateway's login ${login} is missing. Somebody who may make logins runs:\n  ${sql}\nand then \`syncline init\` grants what it needs.`;
}

function readyText(applied: readonly string[], options: { temporal: boolean }): string {
  return [
    applied.length === 0 ? 'The store is up to date.' : `Created the store’s tables (${applied.join(', ')}).`,
    ...(options.temporal ? ['Temporal has our search attributes.'] : []),
    'Next: `syncline check`',
  ].join('\n');
}
