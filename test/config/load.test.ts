import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import type { SyncConfig } from '../../src/domain/config.ts';
import { env } from '../../src/domain/env-ref.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import { redact } from '../../src/domain/redact.ts';
import { changed, EMPLOYEES, ENVIRONMENT, parsed, smallConfig } from './configs.ts';

const sourceKinds = { postgres: z.strictObject({ url: z.string(), slackMs: z.number().default(10_000) }) };

/** A user's folder, far from this repository. */
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'syncline-config-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

const load = (path: string, environment: NodeJS.ProcessEnv = ENVIRONMENT): Promise<SyncConfig> =>
  loadConfig({ path, sourceKinds, environment });

async function refusal(path: string): Promise<string> {
  const error: unknown = await load(path).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isSyncError(error, 'CONFIG_INVALID')) return error.message;
  throw error ?? new Error('the configuration was accepted');
}

const CONFIG = `
import { decimal, defineSync, env, instant } from 'syncline';
import { z } from 'zod';
import { rule } from './rule.ts';

type Stage = 'OPEN' | 'CLOSED';
const open: Stage = 'OPEN';

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: { erp: { kind: 'postgres', url: env('ERP_URL') } },
  pipelines: { hr: { source: 'erp', entities: { employees: {
    read: { table: 'hr.employees' }, key: 'ID', mirror: 'hr.employees',
    columns: { id: { from: 'ID' }, stage: { local: true, default: open, onSource: rule } },
    validate: z.object({ id: decimal({ min: 0 }), at: instant() }),
  } } } },
});
`;
const RULE = `import { accept } from 'syncline';
export const rule = ({ value }: { value: string }): string => (accept() === undefined ? '' : value);`;

describe('the file', () => {
  test('is TypeScript, imports syncline and zod without a node_modules, and files of its own', async () => {
    const path = await folder({ 'syncline.config.ts': CONFIG, 'rule.ts': RULE });
    const config = await load(join(path, 'syncline.config.ts'));
    expect(config.path).toBe(join(path, 'syncline.config.ts'));
    expect(config.store.url).toBe(ENVIRONMENT.DATABASE_URL);
    expect(config.sources.erp?.options).toEqual({ url: ENVIRONMENT.ERP_URL, slackMs: 10_000 });
    const employees = config.pipelines.hr?.entities.employees;
    expect(employees?.localColumns[0]?.onSource?.({ before: null, after: {}, value: 'x' })).toBe('x');
    expect(await employees?.validate?.['~standard'].validate({ id: '1', at: '2024-01-01' })).toHaveProperty(
      'value',
    );
    expect(await employees?.validate?.['~standard'].validate({ id: '-1', at: '2024-01-01' })).toHaveProperty(
      'issues',
    );
  });

  test('may be named by its folder, and is read anew each time', async () => {
    const path = await folder({ 'syncline.config.ts': CONFIG, 'rule.ts': RULE });
    const first = await load(path);
    await writeFile(join(path, 'syncline.config.ts'), CONFIG.replaceAll('hr.employees', 'hr.people'));
    const second = await load(path);
    expect(first.pipelines.hr?.entities.employees?.mirror.table).toBe('employees');
    expect(second.pipelines.hr?.entities.employees?.mirror.table).toBe('people');
    expect(second.pipelines.hr?.hash).not.toBe(first.pipelines.hr?.hash);
  });

  test('may be JavaScript', async () => {
    const path = await folder({
      'syncline.config.mjs': CONFIG.replace(
        "import { rule } from './rule.ts';",
        'const rule = () => 1;',
      ).replace(/type Stage.*\n.*\n/, "const open = 'OPEN';\n"),
    });
    expect(Object.keys((await load(path)).pipelines)).toEqual(['hr']);
  });

  test('has a .env beside it, which the environment overrides', async () => {
    const path = await folder({
      'syncline.config.ts': CONFIG,
      'rule.ts': RULE,
      '.env': 'DATABASE_URL=postgres://a@b/from-file\nERP_URL="postgres://a@b/from-file"\n',
    });
    const config = await load(path, { ERP_URL: 'postgres://a@b/from-environment' });
    expect(config.store.url).toBe('postgres://a@b/from-file');
    expect(config.sources.erp?.options.url).toBe('postgres://a@b/from-environment');
  });

  test.each([
    ['it is not there', {}, 'There is no configuration'],
    ['a syntax error', { 'syncline.config.ts': 'export default {' }, 'cannot be run'],
    [
      'it throws',
      { 'syncline.config.ts': "throw new Error('out of order');" },
      'cannot be run: out of order',
    ],
    [
      'an import that is not there',
      { 'syncline.config.ts': "import './nope.ts'; export default {};" },
      'nope.ts',
    ],
    ['no default export', { 'syncline.config.ts': 'export const config = {};' }, 'has no default export'],
    ['a default export that is none', { 'syncline.config.ts': 'export default 5;' }, 'has no default export'],
    ['nothing in it', { 'syncline.config.ts': 'export default {};' }, 'has 3 problems'],
  ])('%s', async (...[, files, message]) => {
    const path = await folder(files as Record<string, string>);
    const said = await refusal(path);
    expect(said).toContain(message);
    expect(said).toContain(join(path, 'syncline.config.ts'));
  });
});

test('secrets are known to redaction once they are loaded, with the words around them left alone', () => {
  parsed(smallConfig(), { ...ENVIRONMENT, ERP_URL: 'postgres://reader:Qx7%2Fhidden@erp/erp' });
  expect(redact('tried Qx7/hidden and Qx7%2Fhidden as reader')).toBe(
    'tried [redacted] and [redacted] as reader',
  );
  expect(redact(`connected with ${ENVIRONMENT.DATABASE_URL}`)).toBe(
    'connected with postgres://writer:[redacted]@store:5432/mirror',
  );
});

describe('defaults', () => {
  test('of the smallest configuration', () => {
    const { hash, entities, ...pipeline } = parsed(smallConfig()).pipelines.hr ?? expect.fail('no pipeline');
    expect(pipeline).toEqual({
      pipeline: 'hr',
      source: 'erp',
      taskQueue: 'syncline',
      parallelEntities: 2,
      schedule: {},
      revision: null,
    });
    expect(entities.employees).toEqual({
      entity: 'employees',
      pipeline: 'hr',
      source: 'erp',
      read: { kind: 'table', table: 'hr.employees' },
      key: ['ID'],
      changedAt: null,
      capture: false,
      mirror: { schema: 'hr', table: 'employees', shared: false },
      columns: null,
      localColumns: [],
      validate: null,
      deduplicate: null,
      softDelete: null,
      massDeleteGuardPercent: 20,
      maxQuarantined: null,
      chunkRows: 2_000_000,
      lanes: 2,
      maxValueBytes: 67_108_864,
      schemaChanges: 'stop',
      upload: null,
      feed: null,
    });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('of store, Temporal and sources', () => {
    const { store, temporal, sources } = parsed(smallConfig());
    expect(store).toEqual({ url: ENVIRONMENT.DATABASE_URL, poolMax: 10 });
    expect(temporal).toEqual({ address: 'localhost:7233', namespace: 'default', taskQueue: 'syncline' });
    expect(sources.erp).toMatchObject({
      timeZone: 'UTC',
      concurrency: 4,
      retry: { baseMs: 1_000, multiplier: 2, maxMs: 32_000, maxFailures: null, jitter: 0.2 },
    });
    expect(parsed(smallConfig(), { ...ENVIRONMENT, TEMPORAL_ADDRESS: 'temporal:1' }).temporal.address).toBe(
      'temporal:1',
    );
  });
});

describe('everything that can be said', () => {
  const everything = {
    'store.poolMax': 20,
    'store.tls': { mode: 'verify-full', ca: env('PG_CA'), key: env('PG_KEY') },
    temporal: {
      address: env('T', { default: 'there:7233' }),
      namespace: 'prod',
      taskQueue: 'sync',
      uiUrl: 'https://temporal.example.com/ui/',
      apiKey: env('T_KEY'),
      tls: true,
    },
    'sources.erp.timeZone': 'Europe/Berlin',
    'sources.erp.limits': { concurrency: 2 },
    'sources.erp.retry': { baseMs: 500, multiplier: 3, maxMs: 9_000, maxFailures: 7, jitter: 0 },
    'pipelines.hr.schedule': {
      incremental: { every: '1 minute' },
      full: { cron: ' 0 0 * * * ', timeZone: 'Europe/Berlin' },
    },
    'pipelines.hr.taskQueue': 'hr',
    'pipelines.hr.parallelEntities': 3,
    'pipelines.hr.revision': '2024-05',
    [`${EMPLOYEES}.read`]: { sql: ' SELECT * FROM x; ', where: 'active' },
    [`${EMPLOYEES}.changedAt`]: { columns: ['A', 'B'], setBy: 'application', overlap: '10 minutes' },
    [`${EMPLOYEES}.mirror`]: { table: 'hr.employees', shared: true },
    [`${EMPLOYEES}.columns`]: {
      name: { compute: () => 'x', type: 'varchar(40)' },
      salary: { from: 'SALARY', type: 'numeric(12,2)', rounding: true },
      same: {},
      note: { local: true },
      score: { local: true, default: 0 },
      rate: { local: true, default: 0.5 },
      done: { local: true, default: false },
      due: { local: true, type: 'timestamptz', default: '2024-01-01' },
    },
    [`${EMPLOYEES}.deduplicate`]: {
      by: 'name',
      at: 'same',
      within: '5 minutes',
      scope: 'mirror',
      retention: '1 day',
    },
    [`${EMPLOYEES}.softDelete`]: { column: 'GONE', values: [true, 1, null, 'x'] },
    [`${EMPLOYEES}.massDeleteGuard`]: '12.5 %',
    [`${EMPLOYEES}.maxQuarantined`]: 100,
    [`${EMPLOYEES}.chunkRows`]: 1_000,
    [`${EMPLOYEES}.lanes`]: 4,
    [`${EMPLOYEES}.maxValueBytes`]: '1 MB',
    [`${EMPLOYEES}.schemaChanges`]: 'apply',
  };
  const config = parsed(changed(everything), {
    ...ENVIRONMENT,
    PG_CA: 'PEM',
    PG_KEY: 'private-key-text',
    T_KEY: 'temporal-key-text',
  });
  const spec = config.pipelines.hr?.entities.employees ?? expect.fail('no entity');

  test('about the surroundings', () => {
    expect(config.store).toEqual({
      url: ENVIRONMENT.DATABASE_URL,
      poolMax: 20,
      tls: { mode: 'verify-full', ca: 'PEM', key: 'private-key-text' },
    });
    expect(config.temporal).toEqual({
      address: 'there:7233',
      namespace: 'prod',
      taskQueue: 'sync',
      uiUrl: 'https://temporal.example.com/ui',
      apiKey: 'temporal-key-text',
      tls: true,
    });
    expect(redact('temporal-key-text private-key-text')).toBe('[redacted] [redacted]');
    expect(config.sources.erp).toMatchObject({
      timeZone: 'Europe/Berlin',
      concurrency: 2,
      retry: { baseMs: 500, multiplier: 3, maxMs: 9_000, maxFailures: 7, jitter: 0 },
    });
    expect(config.pipelines.hr).toMatchObject({
      taskQueue: 'hr',
      parallelEntities: 3,
      revision: '2024-05',
      schedule: {
        incremental: { every: 60_000, timeZone: 'UTC' },
        full: { cron: '0 0 * * *', timeZone: 'Europe/Berlin' },
      },
    });
  });

  test('about an entity', () => {
    expect(spec).toMatchObject({
      read: { kind: 'sql', sql: 'SELECT * FROM x', where: 'active' },
      changedAt: { columns: ['A', 'B'], setBy: 'application', overlapMs: 600_000 },
      mirror: { schema: 'hr', table: 'employees', shared: true },
      deduplicate: { by: ['name'], at: 'same', withinMs: 300_000, scope: 'mirror', retentionMs: 86_400_000 },
      softDelete: { column: 'GONE', values: ['true', '1', null, 'x'] },
      massDeleteGuardPercent: 12.5,
      maxQuarantined: 100,
      chunkRows: 1_000,
      lanes: 4,
      maxValueBytes: 1_048_576,
      schemaChanges: 'apply',
    });
  });

  test('about columns: the key is added, types are spelled in one way, local types follow from defaults', () => {
    const columns = (spec.columns ?? []).map(({ role, name, type }) => [role, name, type ?? null]);
    expect(columns).toEqual([
      ['from', 'id', null],
      ['compute', 'name', 'character varying(40)'],
      ['from', 'salary', 'numeric(12,2)'],
      ['from', 'same', null],
      ['local', 'note', 'text'],
      ['local', 'score', 'bigint'],
      ['local', 'rate', 'numeric'],
      ['local', 'done', 'boolean'],
      ['local', 'due', 'timestamp with time zone'],
    ]);
    expect(spec.localColumns.map((column) => column.default)).toEqual([
      null,
      '0',
      '0.5',
      'false',
      '2024-01-01',
    ]);
    expect(spec.columns?.[3]).toMatchObject({ from: 'same' });
  });

  test('local columns alone leave every column of the source mirrored', () => {
    const { columns, localColumns } =
      parsed(changed({ [`${EMPLOYEES}.columns`]: { note: { local: true } } })).pipelines.hr?.entities
        .employees ?? expect.fail();
    expect(columns).toBeNull();
    expect(localColumns.map(({ name }) => name)).toEqual(['note']);
  });

  test('a guard as a number, a size in bytes, a soft delete by name', () => {
    const short = parsed(
      changed({
        [`${EMPLOYEES}.massDeleteGuard`]: 0,
        [`${EMPLOYEES}.maxValueBytes`]: 500,
        [`${EMPLOYEES}.softDelete`]: 'DELETED_AT',
      }),
    );
    expect(short.pipelines.hr?.entities.employees).toMatchObject({
      massDeleteGuardPercent: 0,
      maxValueBytes: 500,
      softDelete: { column: 'DELETED_AT' },
    });
  });
});

describe('C21: the hash of a pipeline', () => {
  const hash = (changes: Readonly<Record<string, unknown>>, environment = ENVIRONMENT): string | undefined =>
    parsed(changed(changes), environment).pipelines.hr?.hash;

  test('does not depend on when and where it runs, nor on secrets', () => {
    const base = hash({});
    expect(
      hash({
        'pipelines.hr.schedule': { full: { every: '1 h' } },
        'pipelines.hr.taskQueue': 'x',
        'store.poolMax': 5,
      }),
    ).toBe(base);
    expect(hash({}, { ...ENVIRONMENT, ERP_URL: 'postgres://other/db' })).toBe(base);
  });

  test('depends on entities, the zone of the source and the revision', () => {
    const hashes = [
      hash({}),
      hash({ 'sources.erp.timeZone': 'Europe/Berlin' }),
      hash({ 'pipelines.hr.revision': '2' }),
      hash({ [`${EMPLOYEES}.lanes`]: 3 }),
      hash({ [`${EMPLOYEES}.columns`]: { note: { local: true } } }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
