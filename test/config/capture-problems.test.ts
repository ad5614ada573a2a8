/** Where `capture` may stand. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import type { EntityInput } from '../../src/domain/entity-schema.ts';
import { env } from '../../src/domain/env-ref.ts';

const ERP = { kind: 'oracle', connectString: 'db:1521/x', user: 'sync', password: env('ERP_PASSWORD') };
const CRM = { kind: 'postgres', url: 'postgres://crm' };

function parse(read: EntityInput['read'], source = 'erp'): { capture: boolean } | undefined {
  const written = {
    store: { url: 'postgres://store' },
    sources: { erp: ERP, crm: CRM },
    pipelines: { p: { source, entities: { e: { read, key: 'ID', capture: true, mirror: 'a.b' } } } },
  } as never;
  const config = parseConfig({
    path: 'syncline.config.ts',
    written,
    environment: { ERP_PASSWORD: 'x' },
    sourceKinds,
  });
  return config.pipelines.p?.entities.e;
}

test('at the tables of a source that keeps logs of changes', () => {
  expect(parse({ table: 'HR.EMPLOYEES', where: 'ACTIVE = 1' })).toMatchObject({ capture: true });
});

test('not at a query, nor at another kind of source', () => {
  expect(() => parse({ sql: 'SELECT 1 AS ID FROM DUAL' })).toThrow(
    'capture is for tables, and this entity reads by `sql`. Give each table behind it an entity',
  );
  expect(() => parse({ table: 'public.items' }, 'crm')).toThrow(
    'capture is not for sources of kind postgres',
  );
});
