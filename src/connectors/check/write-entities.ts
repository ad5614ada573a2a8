/** Entities whose changes go to a source's own tables, as its target knows them. */
import type { EntitySpec } from '../../domain/entity.ts';
import type { CheckedEntity } from '../write-contract.ts';

export function writeEntities(specs: readonly EntitySpec[]): CheckedEntity[] {
  return specs.flatMap(({ entity, key, upload }) => {
    if (upload === null || upload.writeBack.to !== 'source') return [];
    const { table, originColumn, keySequence, call } = upload.writeBack;
    return [
      {
        ...{ entity, table, key, operations: upload.operations },
        ...(originColumn !== undefined && { originColumn }),
        ...(keySequence !== undefined && { keySequence }),
        ...(call !== undefined && { call }),
      },
    ];
  });
}
