import { expect, test } from 'vitest';
import { z } from 'zod';
import { pipelineHash, readHash, stableJson } from '../../src/domain/config-hash.ts';
import type { EntitySpec } from '../../src/domain/entity.ts';
import { entitySpec } from './specs.ts';

const hash = (changes: Partial<EntitySpec> = {}, revision: string | null = null): string =>
  pipelineHash({
    pipeline: 'hr',
    source: 'erp',
    sourceKind: 'postgres',
    timeZone: 'UTC',
    entities: { employees: entitySpec(changes) },
    revision,
  });

test('keys are sorted, undefined is left out, functions are marked', () => {
  expect(stableJson({ b: [1, null, 'x'], a: undefined, c: { z: () => 1, y: z.string() } })).toBe(
    '{"b":[1,null,"x"],"c":{"y":"validator","z":"function"}}',
  );
  expect(stableJson({ a: 1, b: 2 })).toBe(stableJson({ b: 2, a: 1 }));
});

test('C21: what is declared counts, what a function does is for the revision to tell', () => {
  const compute = (body: () => string): Partial<EntitySpec> => ({
    columns: [{ role: 'compute', name: 'x', type: 'text', compute: body }],
  });
  expect(hash(compute(() => 'a'))).toBe(hash(compute(() => 'b')));
  expect(hash({ validate: z.object({ a: z.string() }) })).toBe(hash({ validate: z.object({}) }));
  const different = [
    hash(),
    hash(compute(() => 'a')),
    hash({ validate: z.object({}) }),
    hash({ lanes: 3 }),
    hash({ key: ['OTHER'] }),
    hash({ read: { kind: 'table', table: 'hr.employees', where: 'active' } }),
    hash({ mirror: { schema: 'hr', table: 'employees', shared: true } }),
    hash({}, '2'),
  ];
  expect(new Set(different).size).toBe(different.length);
  expect(hash()).toMatch(/^[0-9a-f]{64}$/);
});

test('C5: the read hash covers read, where and key, nothing else', () => {
  const base = readHash(entitySpec());
  expect(readHash(entitySpec({ lanes: 9, columns: [], maxQuarantined: 4 }))).toBe(base);
  expect(readHash(entitySpec({ key: ['id'] }))).toBe(base);
  const others = [
    entitySpec({ key: ['ID', 'PART'] }),
    entitySpec({ read: { kind: 'table', table: 'hr.people' } }),
    entitySpec({ read: { kind: 'table', table: 'hr.employees', where: 'active' } }),
    entitySpec({ read: { kind: 'sql', sql: 'SELECT 1' } }),
  ];
  expect(new Set([base, ...others.map(readHash)]).size).toBe(others.length + 1);
});
