/** Entities and source columns for tests: the shortest form, with defaults for the rest. */
import type { EntitySpec, SourceColumn } from '../../src/domain/entity.ts';

export function entitySpec(changes: Partial<EntitySpec> = {}): EntitySpec {
  return {
    entity: 'employees',
    pipeline: 'hr',
    source: 'erp',
    read: { kind: 'table', table: 'hr.employees' },
    key: ['ID'],
    changedAt: null,
    mirror: { schema: 'hr', table: 'employees', shared: false },
    columns: null,
    localColumns: [],
    validate: null,
    deduplicate: null,
    softDelete: null,
    massDeleteGuardPercent: 20,
    maxQuarantined: null,
    chunkRows: 50_000,
    lanes: 2,
    maxValueBytes: 64 * 1_024 * 1_024,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
    ...changes,
  };
}

/** A column whose bytes are those of its mirror type, unless said otherwise. */
export function sourceColumn(name: string, type: string, changes: Partial<SourceColumn> = {}): SourceColumn {
  return { name, sourceType: type, mirrorType: type, nullable: true, binaryAsIs: true, ...changes };
}
