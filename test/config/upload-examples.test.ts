/** Examples of changes that people and devices make: they load, and say what their pages say. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import inspectionsConfig from '../../examples/field-inspections/syncline.config.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import { createKit, type Kit, type KitOptions } from '../runs/run-kit.ts';
import { upload } from '../uploads/upload-kit.ts';

const url = 'postgres://reader:Zu8-example@localhost/db';
const load = (name: string) =>
  loadConfig({
    path: new URL(`../../examples/${name}`, import.meta.url).pathname,
    sourceKinds,
    environment: {
      ...{ DATABASE_URL: url, SOURCE_URL: url },
      ...{ ERP_CONNECT: 'erp:1521/pdb', ERP_USER: 'erp', ERP_PASSWORD: 'Zu8-example' },
    },
  });

test('licenses are changed by SQL in the mirror too, under their rule', async () => {
  const { upload: spec } = (await load('licenses')).pipelines.licenses?.entities.licenses ?? {};
  expect(spec).toMatchObject({ captureMirrorEdits: true, fieldPolicies: { status: 'rules' } });
  expect(spec?.rules.map(({ name }) => name)).toEqual(['license-status']);
});

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  const entities = inspectionsConfig.pipelines.field?.entities as KitOptions['entities'];
  kit = await createKit({
    sql: `CREATE SCHEMA facilities;
      CREATE TABLE facilities.sites (site_id bigint PRIMARY KEY, name text, address text, modified_at timestamptz);
      INSERT INTO facilities.sites VALUES (1, 'Mill', 'River 1', now()), (2, 'Bridge', 'River 2', now())`,
    entities,
  });
  deps = kit.worker();
  await kit.run('full');
});
afterAll(() => kit.close());

test('inspections are made offline, survive runs, and grade their site', async () => {
  const id = 'a3f1c2d4-0000-4000-8000-000000000001';
  const made = (row: string, values: object) => ({ entity: 'inspections', row, operation: 'insert', values });
  const verdicts = await upload(deps, [
    made(id, { site_id: 1, done_at: '2026-01-02T10:00:00Z', grade: 2, findings: 'dry' }),
    made(id.replace('a3', 'b3'), { site_id: 1, done_at: '2026-01-01T10:00:00Z', grade: 5 }),
  ]);
  expect(verdicts).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
  await kit.run('full');
  expect(await kit.mirror('field.sites', 'site_id, name, last_grade')).toEqual(['(1,Mill,2)', '(2,Bridge,)']);
  await upload(deps, [{ entity: 'inspections', row: id, operation: 'delete' }]);
  expect(await kit.mirror('field.sites', 'site_id, last_grade')).toEqual(['(1,5)', '(2,)']);
  expect(await kit.mirror('field.inspections', 'grade')).toEqual(['(5)']);
});
