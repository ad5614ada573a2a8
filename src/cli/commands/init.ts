/** `syncline init`: a first configuration, then the store's tables and Temporal's search attributes. Idempotent. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { connectClient, registerSearchAttributes } from '../../client.ts';
import { EXIT } from '../../domain/errors.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Register } from '../command.ts';
import { CONFIG_TEMPLATE, ENV_TEMPLATE } from '../config-template.ts';
import { readConfig } from '../context.ts';

export function initCommand(register: Register): Command {
  const command = new Command('init')
    .description('write a first configuration; with one: create the store’s tables and search attributes')
    .option('--no-temporal', 'leave Temporal’s search attributes alone');
  return register<{ temporal: boolean }>(command, async (options, output) => {
    if (!existsSync(options.config)) {
      const written = await writeTemplates(options.config);
      output.result({ written }, () =>
        [
          `Wrote ${written.join(' and ')}.`,
          'Set DATABASE_URL and SOURCE_URL, name your tables, then:',
          '  syncline init     creates the store’s tables',
          '  syncline check    tests connections and grants',
        ].join('\n'),
      );
      return EXIT.ok;
    }

    const config = await readConfig(options);
    const store = await openStore({ ...config.store, applicationName: 'syncline/init' });
    try {
      const { applied } = await migrate(store);
      if (options.temporal) {
        const client = await connectClient(config);
        await registerSearchAttributes(client).finally(() => client.connection.close());
      }
      output.result({ migrations: applied, searchAttributes: options.temporal }, () =>
        applied.length === 0
          ? 'The store is up to date.'
          : `Created the store’s tables (${applied.join(', ')}).`,
      );
      return EXIT.ok;
    } finally {
      await store.close();
    }
  });
}

async function writeTemplates(configPath: string): Promise<string[]> {
  await writeFile(configPath, CONFIG_TEMPLATE, { flag: 'wx' });
  const envPath = join(dirname(configPath), '.env');
  if (existsSync(envPath)) return [configPath];
  await writeFile(envPath, ENV_TEMPLATE, { flag: 'wx', mode: 0o600 });
  return [configPath, envPath];
}
