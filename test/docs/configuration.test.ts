/** docs/configuration.md has every option of the schemas, and the configurations on the pages can be loaded. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import { oracleOptions } from '../../src/connectors/oracle/config.ts';
import { postgresOptions } from '../../src/connectors/postgres/config.ts';
import { configSchema } from '../../src/domain/config-schema.ts';

const CODE_BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** Names of all options in a schema, at any depth. */
function optionsOf(schema: z.ZodType): string[] {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') for (const name of Object.keys(value)) names.add(name);
      walk(value);
    }
  };
  walk(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
  return [...names];
}

test.each([
  ['every configuration', configSchema],
  ['sources of kind postgres', postgresOptions],
  ['sources of kind oracle', oracleOptions],
] as const)('options of %s stand on the page, set as code', (_, schema) => {
  const page = read('docs/configuration.md');
  const blocks = [...page.matchAll(CODE_BLOCK)].map((block) => block[2]);
  const inline = page.replace(CODE_BLOCK, '').match(/`[^`\n]+`/g) ?? [];
  const code = [...blocks, ...inline].join('\n');
  const options = optionsOf(schema);
  expect(options.length).toBeGreaterThan(8);
  expect(options.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

test.each(['README.md', 'docs/configuration.md'])('the configuration in %s can be loaded', async (page) => {
  const examples = [...read(page).matchAll(CODE_BLOCK)]
    .filter(([, language]) => language === 'ts')
    .map((block) => block[2] as string)
    .filter((code) => code.includes('defineSync('));
  expect(examples).toHaveLength(1);
  const folder = await mkdtemp(join(tmpdir(), 'syncline-docs-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'syncline.config.ts'), examples[0] as string);
  const url = 'postgres://reader:some-words@localhost:5432/example';
  const environment = { DATABASE_URL: url, SOURCE_URL: url, ERP_URL: url };
  const config = await loadConfig({ path: folder, sourceKinds, environment });
  expect(Object.keys(config.pipelines)).toHaveLength(1);
});
